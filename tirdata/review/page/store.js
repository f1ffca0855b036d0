// The sequence that is open: what the server says of it, the person's edits laid over it until they
// are answered, and what a tracker finds while it looks.

import { eventsOf, getSequence, Refused, post } from "./api.js";
import { applied, nextNumber } from "./edits.js";

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 3_000;
const HIDDEN_MS = 20_000; // then a tab gives its connection back: a browser has six a server

/** Events: `leaving` (another one is about to open), `opened`, `change` (something is to be drawn anew), `link`, `fault` {message}. */
export class Store extends EventTarget {
  constructor(outbox) {
    super();
    this.outbox = outbox;
    this.name = null;
    this.base = null; // the server's state; its tracks as a Map in `known`
    this.known = new Map();
    this.tracks = new Map(); // with edits on their way
    this.live = new Map(); // track → Map(frame → [x, y, w, h, score])
    this.running = null;
    this.linked = false; // whether events come
    this._stale = false;
    this._loading = null;
    this._wait = FIRST_WAIT_MS;
    this._timer = 0;
    outbox.addEventListener("done", ({ detail }) => this._done(detail));
    outbox.addEventListener("taken", ({ detail }) => this._newer(detail));
    outbox.addEventListener("conflict", ({ detail }) => this._newer(detail));
    outbox.addEventListener("orphans", () => this.base && this.lay());
    outbox.addEventListener("refused", ({ detail }) => this._over(detail.name));
    document.addEventListener("visibilitychange", () => this._visibility());
  }

  get count() {
    return this.base?.frames ?? 0;
  }

  /** Open a sequence; false when another one was asked for meanwhile. */
  async open(name) {
    this._asked = name;
    const state = await getSequence(name); // until then all goes on with the one before
    if (this._asked !== name) return false;
    this._tell("leaving", {});
    this._unlink();
    this.name = name;
    this.live.clear();
    this.running = state.running;
    this._adopt(state);
    this._tell("opened", {});
    this._link();
    return true;
  }

  /** Say something; it is on the page at once and on its way. */
  say(edits, label) {
    const item = { verb: "edits", edits, label };
    if (edits.some((each) => each.do === "draw" && each.track === null))
      item.guess = nextNumber(this.tracks);
    this._put(item);
    return item.guess;
  }

  /** Take back the last thing said, or bring it back. */
  step(verb) {
    this._put({ verb, label: verb, before: { [verb]: this.base[verb] } });
  }

  /** What to do with XML files that were edited by hand. */
  settleXml(take) {
    this._put({ verb: "xml", body: { take }, label: take ? "take the files" : "write the files" });
  }

  /** Begin or stop propagating. */
  async ask(verb) {
    await post(this.name, verb, {}); // what comes of it is told by events
  }

  /** What to send again is meant for this version. */
  get version() {
    return this.base.version;
  }

  _put(item) {
    this.outbox.put(this.name, this.base.version, item);
    this.lay();
  }

  _adopt(state) {
    this.base = state;
    this.known = new Map(state.tracks.map((each) => [each.id, each]));
    this._stale = false;
    this.lay();
  }

  /** Lay the edits on their way over what the server said. */
  lay() {
    const waiting = this.outbox.of(this.name).filter((each) => each.edits);
    const edits = waiting.flatMap((each) => each.edits);
    this.tracks = edits.length ? applied(this.known, edits, this.count) : this.known;
    this._tell("change", {});
  }

  _done({ name, answer }) {
    if (name !== this.name || !this.base) return;
    const { tracks, removed, added: _, ...head } = answer;
    const missed = answer.entries > this.base.entries + 2;
    Object.assign(this.base, head);
    const known = new Map(this.known);
    for (const each of tracks) known.set(each.id, each);
    for (const each of removed) known.delete(each);
    this.known = new Map([...known].sort((one, other) => one[0] - other[0]));
    if (missed || this._told === answer.version) this._told = null;
    if (missed) this._stale = true;
    this.lay();
    this._settle();
  }

  _newer({ name, state }) {
    if (name !== this.name) return;
    this._adopt(state);
  }

  /** It was refused: whatever was shown of it is taken off the page. */
  _over(name) {
    if (name !== this.name) return;
    this._stale = true;
    this.lay();
    this._settle();
  }

  /** Load the state anew when that is due, once no edit is on its way that was meant for this one. */
  async _settle() {
    if (!this._stale || this._loading || !this.base) return;
    const name = this.name;
    try {
      this._loading = getSequence(name);
      const state = await this._loading;
      if (name !== this.name) return;
      const free = this.outbox.of(name).length === 0;
      if (state.entries < this.base.entries) return;
      if (free || state.version === this.base.version) {
        this._adopt(state);
      }
    } catch (error) {
      if (error instanceof Refused) this._tell("fault", { message: error.message });
    } finally {
      this._loading = null;
      if (this._stale && this.outbox.of(this.name).length === 0)
        setTimeout(() => this._settle(), FIRST_WAIT_MS);
    }
  }

  async _machine(data) {
    const name = this.name;
    try {
      const state = await getSequence(name, data.tracks);
      if (name !== this.name) return;
      if (state.version !== this.base.version || state.entries < this.base.entries) {
        this._stale = true;
        this._settle();
        return;
      }
      const known = new Map(this.known);
      for (const each of state.tracks) known.set(each.id, each);
      this.known = new Map([...known].sort((one, other) => one[0] - other[0]));
      for (const each of data.tracks) this.live.delete(each);
      Object.assign(this.base, { entries: state.entries, problems: state.problems });
      this.lay();
    } catch {
      this._stale = true; // the line is down; `hello` will tell
    }
  }

  _link() {
    const source = eventsOf(this.name);
    this._source = source;
    const on = (type, act) =>
      source.addEventListener(type, (event) => {
        if (this._source === source) act(JSON.parse(event.data));
      });
    on("hello", (data) => {
      this.linked = true;
      this._wait = FIRST_WAIT_MS;
      this.running = data.running;
      if (!data.running) this.live.clear();
      if (data.entries !== this.base.entries) this._stale = true;
      this._tell("link", {});
      this.lay();
      this._settle();
    });
    on("changed", (data) => this._changed(data));
    on("started", (data) => {
      this.running = { ...data, done: 0 };
      this.live.set(data.track, new Map());
      this._tell("change", {});
    });
    on("progress", (data) => this._progress(data));
    on("stopped", (data) => {
      this.running = null;
      if (data.why !== "done") this.live.delete(data.track);
      if (data.why === "failed") {
        this._stale = true;
        this._tell("fault", { message: `track ${data.track}: ${data.message}` });
        this._settle();
      }
      this._tell("change", {});
    });
    on("xml", (data) => {
      this.base.xml = data;
      this._tell("change", {});
    });
    source.onerror = () => {
      if (this._source !== source) return;
      this._unlink();
      this._timer = setTimeout(() => this._link(), this._wait);
      this._wait = Math.min(2 * this._wait, LONGEST_WAIT_MS);
    };
  }

  _unlink() {
    clearTimeout(this._timer);
    this._source?.close();
    this._source = null;
    this.linked = false;
    this._tell("link", {});
  }

  _visibility() {
    clearTimeout(this._hidden);
    if (document.hidden) this._hidden = setTimeout(() => this._unlink(), HIDDEN_MS);
    else if (this.name && this.base && !this._source) {
      clearTimeout(this._timer);
      this._link();
    }
  }

  _changed(data) {
    if (data.by === "machine") {
      this._machine(data);
      return;
    }
    if (data.version === this.base.version) {
      this.base.entries = Math.max(this.base.entries, data.entries);
      return;
    }
    this._told = data.version; // mine on its way back, perhaps, or another tab's
    const wait = this.outbox.of(this.name).length ? FIRST_WAIT_MS : 0;
    setTimeout(() => {
      if (this._told !== data.version || this.base.version === data.version) return;
      this._stale = true;
      this._settle();
    }, wait);
  }

  _progress(data) {
    this.running = data;
    const live = this.live.get(data.track) ?? new Map();
    for (const [frame, ...box] of data.boxes) live.set(frame, box);
    this.live.set(data.track, live);
    this._tell("change", {});
  }

  _tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
