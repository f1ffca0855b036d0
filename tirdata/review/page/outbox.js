// Edits on their way: one request each, in order, kept until the server has them on its disk.
// They are in localStorage as well, so that a reload or a closed tab does not lose one.

import { post, Refused } from "./api.js";
import { holds, possible, renumbered } from "./edits.js";

const PREFIX = "tirdata-review-outbox:";
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 5_000;
const ORPHANS_MS = 3_000;
const RETRIED = new Set([429, 500, 502, 503, 504, 507, 401, 403]);

const newId = () => Math.random().toString(36).slice(2) + Date.now().toString(36);

/**
 * Events: `change`; `orphans`; `done` {name, item, answer}; `taken` {name, item, state} (an answer that was
 * lost had said yes); `conflict` {name, state, offer}; `refused` {name, item, message}.
 */
export class Outbox extends EventTarget {
  constructor() {
    super();
    this.lines = new Map(); // name → {version, items}
    this.offers = []; // {id, name, items, message, can}: met by a newer state, for the person to decide
    this.fault = null; // why the last try failed
    this.keptHere = true; // whether localStorage took it
    this.sending = false;
    this.retryAt = 0;
    this._wait = FIRST_WAIT_MS;
    this._timer = 0;
  }

  /** Take over what this tab, or one that was closed, could not send. */
  async start() {
    this.id = sessionStorage.getItem(PREFIX) ?? newId();
    if (!(await hold(PREFIX + this.id))) {
      this.id = newId(); // a tab that was made as a copy of another one
      await hold(PREFIX + this.id);
    }
    sessionStorage.setItem(PREFIX, this.id);
    this._take(PREFIX + this.id);
    await this._takeOrphans();
    setInterval(() => this._takeOrphans(), ORPHANS_MS);
    this._changed();
    this._send();
  }

  /** What a tab that is gone left behind; the one before a reload may be slow to go. */
  async _takeOrphans() {
    const keys = Object.keys(localStorage).filter((each) => each.startsWith(PREFIX));
    for (const key of keys.filter((each) => each !== PREFIX + this.id)) {
      if (!(await isFree(key))) continue;
      this._take(key);
      localStorage.removeItem(key);
      this._changed();
      this._tell("orphans", {});
      if (!this.retryAt) this._send();
    }
  }

  _take(key) {
    const kept = read(key);
    for (const [name, line] of kept.lines) this._adopt(name, line);
    this.offers.push(...kept.offers);
  }

  get count() {
    let sum = 0;
    for (const line of this.lines.values()) sum += line.items.length;
    return sum;
  }

  /** What is not answered yet of a sequence. */
  of(name) {
    return this.lines.get(name)?.items ?? [];
  }

  /** Put an item {verb, edits?, body?, label} after the others; `version` is what it is meant for. */
  put(name, version, item) {
    const line = this.lines.get(name) ?? { version, items: [] };
    line.items.push({ id: newId(), tries: 0, ...item });
    this.lines.set(name, line);
    this._changed();
    if (!this.retryAt) this._send();
  }

  /** Send again, for the state of now, what a newer state had met; new tracks number from `next`. */
  again(offer, version, next) {
    this.drop(offer);
    let free = next;
    const numbers = []; // [then, now] of tracks that these edits begin
    for (const item of offer.items.filter((each) => each.edits)) {
      let { edits } = item;
      for (const [then, now] of numbers) edits = renumbered(edits, then, now);
      const again = { verb: item.verb, edits, label: item.label };
      if (item.guess !== undefined) {
        again.guess = free;
        numbers.unshift([item.guess, free]);
        free += 1;
      }
      this.put(offer.name, version, again);
    }
  }

  /** Give up what a newer state had met. */
  drop(offer) {
    this.offers = this.offers.filter((each) => each !== offer);
    this._changed();
  }

  /** Try now what failed. */
  retry() {
    clearTimeout(this._timer);
    this.retryAt = 0;
    this._send();
  }

  _adopt(name, line) {
    const known = this.lines.get(name);
    if (known) known.items.push(...line.items);
    else this.lines.set(name, line);
  }

  async _send() {
    if (this.sending) return;
    this.sending = true;
    try {
      while (this.lines.size) {
        const [name, line] = this.lines.entries().next().value;
        if (line.items.length) await this._sendOne(name, line, line.items[0]);
        if (!line.items.length) this.lines.delete(name);
        this._wait = FIRST_WAIT_MS;
        this.fault = null;
        this._changed();
      }
    } catch (error) {
      this._later(error);
    } finally {
      this.sending = false;
      this._changed();
    }
  }

  async _sendOne(name, line, item) {
    const first = item.tries === 0;
    item.tries += 1;
    this._changed();
    const body = { version: line.version, ...item.body };
    if (item.edits) body.edits = item.edits;
    try {
      const answer = await post(name, item.verb, body);
      line.items.shift();
      line.version = answer.version;
      if (item.guess !== undefined && answer.added.length && answer.added[0] !== item.guess) {
        for (const each of line.items)
          if (each.edits) each.edits = renumbered(each.edits, item.guess, answer.added[0]);
      }
      this._tell("done", { name, item, answer });
    } catch (error) {
      if (!(error instanceof Refused) || RETRIED.has(error.status)) throw error;
      if (error.kind === "conflict" && error.state) this._conflict(name, line, error, first);
      else {
        line.items.shift();
        this._tell("refused", { name, item, message: error.message });
      }
    }
  }

  _conflict(name, line, error, first) {
    const [item] = line.items;
    const { state } = error;
    line.version = state.version;
    const undone = !first && item.before && item.verb in item.before;
    const there = item.edits
      ? holds(state, item.edits)
      : undone && state[item.verb === "undo" ? "redo" : "undo"] === item.before[item.verb];
    if (there) {
      line.items.shift();
      this._tell("taken", { name, item, state });
      return;
    }
    const items = line.items.splice(0);
    const can = possible(state, items);
    const offer = { id: newId(), name, items, message: error.message, can };
    this.offers.push(offer);
    this._tell("conflict", { name, state, offer });
  }

  _later(error) {
    this.fault = error.message;
    this.retryAt = Date.now() + this._wait;
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.retry(), this._wait);
    this._wait = Math.min(2 * this._wait, LONGEST_WAIT_MS);
  }

  _changed() {
    const lines = [...this.lines].filter(([, line]) => line.items.length);
    const key = PREFIX + this.id;
    try {
      const kept = { lines, offers: this.offers };
      if (lines.length || this.offers.length) localStorage.setItem(key, JSON.stringify(kept));
      else localStorage.removeItem(key);
      this.keptHere = true;
    } catch {
      this.keptHere = false; // full or forbidden: leaving the page asks first
    }
    this._tell("change", {});
  }

  _tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function read(key) {
  try {
    const { lines, offers } = JSON.parse(localStorage.getItem(key));
    return { lines, offers };
  } catch {
    return { lines: [], offers: [] };
  }
}

/** Hold a lock for as long as this page lives; false: another page has it. */
function hold(name) {
  if (!navigator.locks) return Promise.resolve(true); // not 127.0.0.1 and not https
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock === null ? undefined : new Promise(() => {});
    });
  });
}

async function isFree(name) {
  if (!navigator.locks) return false;
  const { held } = await navigator.locks.query();
  return !held.some((each) => each.name === name);
}
