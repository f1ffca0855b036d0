// What is typed, chosen and slid rather than pressed.

const get = (id) => document.getElementById(id);

/** Take up what a person enters anywhere on the page. */
export function listenToFields(app) {
  const { player, queue, settings } = app;
  const ask = () => {
    Object.assign(settings, { state: get("state").value, order: get("order").value });
    queue.ask({ state: settings.state, order: settings.order, find: get("find").value });
  };
  for (const id of ["find", "state", "order"]) get(id).addEventListener("input", ask);
  get("frame").addEventListener("change", ({ target }) => {
    player.stop();
    player.seek(Number(target.value) || 0);
  });
  for (const id of ["contrast", "gamma"])
    get(id).addEventListener("input", ({ target }) => setTone(app, { [id]: Number(target.value) }));
  get("single-keys").checked = settings.singleKeys;
  get("single-keys").addEventListener("change", ({ target }) => {
    settings.singleKeys = target.checked;
  });
  get("timeline").addEventListener("keydown", (event) => {
    if (event.key !== "PageUp" && event.key !== "PageDown") return; // a slider's own keys
    player.step(event.key === "PageUp" ? 10 : -10);
    event.preventDefault();
    event.stopPropagation();
  });
  setTone(app, {});
}

/** Show pictures brighter or steeper; what they are stays as it is. */
export function setTone({ settings, paint }, change) {
  const tone = { ...settings.tone, ...change };
  settings.tone = tone;
  for (const id of ["contrast", "gamma"]) {
    get(id).value = tone[id];
    get(id).nextElementSibling.textContent = tone[id].toFixed(2).replace(/0$/, "");
  }
  paint();
}
