// Messages over the frame: what went wrong stays until it is put away, the rest goes by itself.

const SHORT_MS = 5_000;
const MOST = 4;

export class Notices {
  constructor(element) {
    this._element = element;
    this._by = new Map(); // key → element
  }

  /** Say something; `actions` are [words, act] and put it away. A `key` is there once at most. */
  say(text, { actions = [], stays = false, bad = false, key = text } = {}) {
    this.close(key);
    const box = document.createElement("div");
    box.className = bad ? "notice bad" : "notice";
    box.setAttribute("role", bad ? "alert" : "status");
    const words = document.createElement("p");
    words.textContent = text;
    box.append(words);
    const close = () => this.close(key);
    for (const [label, act] of actions) box.append(button(label, () => (close(), act())));
    if (!actions.length || !stays) {
      const away = button("✕", close);
      away.setAttribute("aria-label", "Put away");
      away.className = "icon";
      box.append(away);
    }
    this._element.append(box);
    this._by.set(key, box);
    if (!stays) setTimeout(() => this._by.get(key) === box && close(), SHORT_MS);
    box.dataset.stays = stays ? "yes" : "";
    const passing = [...this._by].filter(([, each]) => !each.dataset.stays);
    if (passing.length > MOST) this.close(passing[0][0]);
  }

  close(key) {
    this._by.get(key)?.remove();
    this._by.delete(key);
  }

  has(key) {
    return this._by.has(key);
  }
}

function button(label, act) {
  const made = document.createElement("button");
  made.textContent = label;
  made.className = "small";
  made.addEventListener("click", act);
  return made;
}
