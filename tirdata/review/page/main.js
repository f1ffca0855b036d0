// Puts the page together: what is open, what is drawn when, which key does what.

import { actionOf, dressButtons, fillMap, pressed } from "./actions.js";
import { getDataset } from "./api.js";
import { ClassChooser, dressDialogs } from "./dialogs.js";
import { listenToFields, setTone } from "./fields.js";
import { Frames } from "./frames.js";
import { Going } from "./going.js";
import { Messages } from "./messages.js";
import { Notices } from "./notices.js";
import { Outbox } from "./outbox.js";
import { Panel, wordsOf } from "./panel.js";
import { Player } from "./player.js";
import { Pointer } from "./pointer.js";
import { Queue } from "./queue.js";
import { Review, UNSURE_BELOW } from "./review.js";
import { loadSettings, PLAIN_TONE } from "./settings.js";
import { Store } from "./store.js";
import { Timeline } from "./timeline.js";
import { View } from "./view.js";

const SAY_MS = 600; // after the last change, for those who listen
const AGAIN_MS = 1_500;
const get = (id) => document.getElementById(id);

class App {
  constructor() {
    this.settings = loadSettings();
    document.documentElement.dataset.theme = this.settings.theme;
    this.outbox = new Outbox();
    this.store = new Store(this.outbox);
    this.notices = new Notices(get("notices"));
    this.view = new View(get("canvas"));
    this.view.onMove = () => this.paint();
    this.player = new Player(new Frames(), () => this._shown(), () => this.paint());
    this.player.speed = this.settings.speed;
    this.paint = this.paint.bind(this);
    this._chooser = new ClassChooser(get("classes"), this.settings);
    this.review = new Review({
      ...this,
      chooseClass: (now) =>
        this._chooser.ask(now, [...this.store.tracks.values()].map((each) => each.class)),
    });
    this.going = new Going(this);
    this.messages = new Messages(this);
    this.pointer = new Pointer(this.view, this.review);
    this.timeline = new Timeline(get("timeline"), {
      seek: (frame) => (this.player.stop(), this.player.seek(frame)),
      select: (id) => this.review.select(id),
    });
    this.timeline.paint = this.paint;
    this.queue = new Queue(get("queue"), (name) => this.open(name));
    this.panel = new Panel(this);
    dressButtons(this);
    dressDialogs();
    this._listen();
  }

  async start() {
    await this.outbox.start();
    this.messages.offers();
    this.dataset = await this._dataset();
    this.settings.classes = this.dataset.classes;
    this.queue.size = this.dataset.sequences;
    get("dataset").textContent = this.dataset.name;
    document.querySelector('[data-action="candidates"]').hidden = !this.dataset.candidates;
    const { state, order } = this.settings;
    Object.assign(get("state"), { value: state });
    Object.assign(get("order"), { value: order });
    this.queue.start({ state, order, find: "" });
    if (!(await this._openAddress())) {
      const first = await this.queue.first().catch(() => null);
      if (first) await this.open(first);
    }
    window.addEventListener("hashchange", () => this._openAddress());
    this.paint();
  }

  /** The sequence and frame that the address names; false when it names none. */
  async _openAddress() {
    const [name, frame] = location.hash.slice(1).split("@");
    if (!name) return false;
    await this.open(decodeURIComponent(name), Number(frame) || 0);
    return true;
  }

  /** The dataset, as soon as the server answers. */
  async _dataset() {
    for (;;) {
      try {
        return await getDataset();
      } catch (error) {
        this.notices.say(error.message, { bad: true, stays: true, key: "start" });
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      } finally {
        this.notices.close("start");
      }
    }
  }

  /** Open a sequence by name. */
  async open(name, frame = 0, back = false) {
    this.review.flush();
    try {
      if (!(await this.store.open(name))) return;
      this.queue.opened(name, back);
      this.player.open(this.store.base, frame);
      document.body.classList.remove("queue-open");
    } catch (error) {
      const again = [["Try again", () => this.open(name, frame)]];
      this.notices.say(`${name}: ${error.message}`, { bad: true, stays: true, actions: again, key: "open" });
    }
  }

  _opened() {
    const { base } = this.store;
    this.view.size = { width: base.width, height: base.height };
    this.view.fit();
    this.timeline.open(base.frames);
    this.review.opened();
    this.going.marks = [];
    document.title = `${base.title || base.sequence} · tirdata review`;
    this.messages.xml();
    this.paint();
  }

  /** Another picture is shown, and from now on its boxes. */
  _shown() {
    const { review, player, settings, view } = this;
    if (review.proposals.length) review.proposals = [];
    if (review.draft?.frame !== undefined && review.draft.frame !== player.shown.index) review.flush();
    const box = settings.follow && review.track && review.shownBox(review.track)?.box;
    if (box && !review.draft) view.centre(box, true);
    history.replaceState(null, "", `#${this.store.name}@${player.shown.index}`);
    this.paint();
  }

  /** Draw anew what changed, once a frame of the screen. */
  paint() {
    if (this._due) return;
    this._due = true;
    requestAnimationFrame(() => {
      this._due = false;
      this._paint();
    });
  }

  _paint() {
    const { store, review, player, view } = this;
    this.panel.paint();
    if (!store.base) return;
    const shown = player.shown;
    view.draw({
      picture: shown,
      tone: this.settings.tone,
      boxes: shown?.bitmap && !this.settings.hidden ? this._boxes() : [],
      proposals: review.proposals,
      draft: review.draft,
      cross: this.pointer.cross,
    });
    const blank = get("blank");
    blank.hidden = !shown?.error;
    blank.textContent = shown?.error ?? "";
    this.timeline.draw({
      tracks: store.tracks,
      frame: review.frame,
      wanted: player.wanted,
      selected: review.selected,
      running: store.running,
      live: store.live,
      marks: this.going.marks,
    });
    if (!player.playing) this._sayLater();
  }

  _boxes() {
    const { store, review } = this;
    const boxes = [];
    for (const track of store.tracks.values()) {
      const shown = review.shownBox(track);
      if (!shown || review.draft?.id === track.id) continue;
      const { confidence, human, occluded } = shown;
      const sure = human || confidence === null ? "" : ` · ${Math.round(100 * confidence)} %`;
      const unsure = !human && confidence !== null && confidence < UNSURE_BELOW;
      const label = `${track.class} ${track.id}${sure}${unsure ? " ?" : ""}${occluded ? " · occluded" : ""}`;
      boxes.push({ ...shown, id: track.id, label, selected: track.id === review.selected });
    }
    return boxes.sort((a, b) => a.selected - b.selected);
  }

  /** Tell those who listen what is on the frame, when it has come to rest. */
  _sayLater() {
    clearTimeout(this._saying);
    this._saying = setTimeout(() => {
      const { review, store } = this;
      const tracks = [...store.tracks.values()];
      const words = tracks.map((each) => `${each.class} ${each.id} ${wordsOf(review, each)}`);
      const said = `Frame ${review.frame}. ${words.join("; ") || "no track"}`;
      if (get("said").textContent !== said) get("said").textContent = said;
    }, SAY_MS);
  }

  _listen() {
    const { store, outbox } = this;
    store.addEventListener("leaving", () => this.review.leaving());
    store.addEventListener("opened", () => this._opened());
    store.addEventListener("change", () => {
      if (store.base && this.player.count && this.player.frames._name === store.name) this.player.refresh(store.base);
      if (this.review.selected !== null && !this.review.track) this.review.select(null);
      this.messages.xml();
      this.paint();
    });
    store.addEventListener("link", this.paint);
    store.addEventListener("fault", ({ detail }) => this.messages.bad(detail.message));
    outbox.addEventListener("change", this.paint);
    outbox.addEventListener("done", ({ detail }) => this._done(detail));
    outbox.addEventListener("refused", ({ detail }) =>
      this.messages.bad(`Not written (${detail.item.label}): ${detail.message}`),
    );
    for (const type of ["conflict", "orphans"])
      outbox.addEventListener(type, () => this.messages.offers());
    this.queue.onCounts = () => this._counts();
    document.addEventListener("keydown", (event) => this._key(event));
    window.addEventListener("beforeunload", (event) => {
      this.review.flush();
      if (outbox.count && !outbox.keptHere) event.preventDefault();
    });
    listenToFields(this);
  }

  _key(event) {
    if (event.defaultPrevented || event.isComposing || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const { target } = event;
    if (event.key === "Escape") {
      this._escape(target);
      return;
    }
    if (target.matches("input, select, textarea") && target.type !== "checkbox") return;
    const key = pressed(event);
    if (target.matches("button, a") && (key === "Space" || key === "Enter")) return;
    if (!this.settings.singleKeys && key.length === 1 && key !== "?") return;
    if (this._special(key)) event.preventDefault();
    else if (actionOf(key)) {
      event.preventDefault();
      this.run(actionOf(key), event.repeat);
    }
  }

  /** Keys that mean something else while a box is drawn or adjusted; number keys. */
  _special(key) {
    const { review } = this;
    const arrow = /^(Ctrl\+)?(Shift\+)?Arrow(Left|Right|Up|Down)$/.exec(key);
    if (review.mode === "adjust" && arrow) {
      const [dx, dy] = { Left: [-1, 0], Right: [1, 0], Up: [0, -1], Down: [0, 1] }[arrow[3]];
      const by = arrow[2] ? 10 : 1;
      review.nudge(by * dx, by * dy, Boolean(arrow[1]));
      return true;
    }
    if (review.mode === "draw" && key === "Enter") {
      review.drawHere();
      return true;
    }
    if (/^[1-5]$/.test(key)) {
      review.number(Number(key));
      return true;
    }
    return false;
  }

  _escape(target) {
    const { review } = this;
    if (target.matches("input, select")) get("canvas").focus();
    else if (review.spanFrom) review.spanFrom = null;
    else if (review.mode !== "look") {
      if (review.mode === "draw") this.pointer.cancel();
      review.setMode("look");
    } else if (review.proposals.length) review.proposals = [];
    else if (document.body.classList.contains("queue-open")) document.body.classList.remove("queue-open");
    else review.select(null);
    this.paint();
  }

  /** Do something of the list, unless nothing is open that it could be done to. */
  run(action, repeat = false) {
    const steps = action.group === "Go" || action.group === "Look";
    if (repeat && !steps) return;
    const always = ["queue", "help", "theme", "retry"].includes(action.id);
    if (!this.store.base && !always) return;
    action.run(this);
    if (action.id === "faster" || action.id === "slower") this.settings.speed = this.player.speed;
    this.paint();
  }

  acceptNext() {
    if (this.review.accept()) this.going.doubtful(1);
  }

  adjust() {
    if (this.review.mode === "adjust") this.review.setMode("look");
    else if (this.review.track || this.store.tracks.size === 1) {
      this.review.selected ??= [...this.store.tracks.keys()][0];
      this.review.setMode("adjust");
    } else this.review.tell("Choose a track first (T)");
  }

  target() {
    const track = this.review.track ?? [...this.store.tracks.values()][0];
    const box = track && this.review.shownBox(track)?.box;
    if (!box) this.review.tell("There is no box here to zoom to");
    else this.view.centre(box);
  }

  fit() {
    this.view.fit();
  }

  zoom(times) {
    this.view.zoom(times);
  }

  toggle(name) {
    this.settings[name] = !this.settings[name];
    if (name === "follow" && this.settings.follow && this.review.track) this.target();
  }

  toggleTone(name) {
    setTone(this, { [name]: !this.settings.tone[name] });
  }

  plainTone() {
    setTone(this, PLAIN_TONE);
  }

  theme() {
    const theme = this.settings.theme === "dark" ? "light" : "dark";
    this.settings.theme = theme;
    document.documentElement.dataset.theme = theme;
    this.queue.refresh().catch(() => {});
  }

  async go(step) {
    try {
      const name = await this.queue.beside(step);
      if (name) await this.open(name, 0, step < 0);
      else this.review.tell(step > 0 ? "This is the last one of the queue" : "This is the first one");
    } catch (error) {
      this.messages.bad(error.message);
    }
  }

  async reviewedNext() {
    if (!this.store.base.reviewed) this.review.reviewed();
    await this.go(1);
  }

  toQueue() {
    document.body.classList.add("queue-open");
    get("find").focus();
    get("find").select();
  }

  propagate() {
    this.store.ask("propagate").catch((error) => this.messages.bad(error.message));
  }

  cancel() {
    this.store.ask("cancel").catch((error) => this.messages.bad(error.message));
  }

  help() {
    fillMap(get("keys"));
    get("help").showModal();
  }

  _done({ name, item, answer }) {
    const { review } = this;
    const [added] = answer.added;
    if (item.guess !== undefined && added !== undefined && review.selected === item.guess) review.selected = added;
    if (["undo", "redo"].includes(item.verb) && name === this.store.name) {
      const what = item.before[item.verb];
      review.tell(`${item.verb === "undo" ? "Undone" : "Done again"}: ${what ?? "the last edit"}`);
    }
    this.queue.refresh().catch(() => {});
  }

  _counts() {
    const { reviewed, known, size } = this.queue;
    get("dataset-bar").max = Math.max(1, size);
    get("dataset-bar").value = reviewed;
    const looked = known < size ? ` · looked through ${known.toLocaleString("en")}` : "";
    const all = `${reviewed.toLocaleString("en")} of ${size.toLocaleString("en")} reviewed${looked}`;
    get("dataset-text").textContent = all;
  }
}

const app = new App();
app.start();
