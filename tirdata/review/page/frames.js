// Pictures by index and hash: fetched ahead, decoded off the main thread, and not too many kept.

import { frameOf, refusal } from "./api.js";

const MOST_BYTES = 256 * 2 ** 20;
const AT_ONCE = 3; // of the six connections that a browser has; one is for events
const AHEAD = 16;
const BEHIND = 4;
const AGAIN_MS = 800;

/** One picture: `bitmap`, or `error` in words. */
export class Frames {
  constructor() {
    this._kept = new Map(); // key → picture, the least used first
    this._loads = new Map(); // key → {abort, promise}
    this._bytes = 0;
    this._failed = new Set(); // keys that are not fetched ahead again
    this._wanted = [];
    this._epoch = 0;
  }

  /** Begin with another sequence, or with other pictures of the same. */
  open(name, hashes) {
    if (name === this._name && hashes.every((each, i) => each === this._hashes[i])) return;
    this._epoch += 1;
    for (const { abort } of this._loads.values()) abort.abort();
    for (const each of this._kept.values()) each.bitmap?.close();
    this._kept.clear();
    this._loads.clear();
    this._failed.clear();
    this._bytes = 0;
    this._wanted = [];
    Object.assign(this, { _name: name, _hashes: hashes });
  }

  /** The picture of a frame if it is at hand. */
  at(index) {
    return this._kept.get(this._key(index));
  }

  /** The picture of a frame, and those that will be asked for next. */
  async want(index, direction = 1) {
    this._plan(index, direction);
    const known = this.at(index);
    if (known) {
      const key = this._key(index);
      this._kept.delete(key);
      this._kept.set(key, known);
      this._pump();
      return known;
    }
    this._load(index);
    this._pump();
    return this._loads.get(this._key(index))?.promise;
  }

  _key(index) {
    return `${index}/${this._hashes?.[index]}`;
  }

  _plan(index, direction) {
    const last = this._hashes.length - 1;
    const ahead = Array.from({ length: AHEAD }, (_, i) => index + direction * (i + 1));
    const behind = Array.from({ length: BEHIND }, (_, i) => index - direction * (i + 1));
    this._wanted = [index, ...ahead, ...behind].filter((each) => each >= 0 && each <= last);
    const keys = new Set(this._wanted.map((each) => this._key(each)));
    for (const [key, load] of this._loads)
      if (!keys.has(key) && !load.asked) {
        load.abort.abort();
        this._loads.delete(key);
      }
  }

  _pump() {
    for (const index of this._wanted.slice(1)) {
      if (this._loads.size >= AT_ONCE) return;
      const key = this._key(index);
      if (!this._kept.has(key) && !this._loads.has(key) && !this._failed.has(key))
        this._load(index, false);
    }
  }

  _load(index, asked = true) {
    const key = this._key(index);
    const known = this._loads.get(key);
    if (known) {
      known.asked ||= asked;
      return;
    }
    const abort = new AbortController();
    const load = { abort, asked, promise: null };
    this._loads.set(key, load);
    load.promise = this._fetch(index, key, load, this._epoch);
  }

  async _fetch(index, key, load, epoch) {
    const picture = { index, hash: this._hashes[index], bitmap: null, error: null };
    try {
      const answer = await frameOf(this._name, index, picture.hash, load.abort.signal);
      if (answer.ok) picture.bitmap = await createImageBitmap(await answer.blob());
      else picture.error = (await refusal(answer)).message;
    } catch (error) {
      if (load.abort.signal.aborted) return undefined;
      if (error instanceof TypeError) return this._again(index, key, load, epoch);
      picture.error = `frame ${index} cannot be decoded`;
    }
    if (epoch !== this._epoch) {
      picture.bitmap?.close();
      return undefined;
    }
    this._loads.delete(key);
    if (picture.bitmap) this._keep(key, picture);
    else this._failed.add(key);
    this._pump();
    return picture;
  }

  /** The line is down: try again for as long as somebody wants to see it. */
  async _again(index, key, load, epoch) {
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    const wanted = epoch === this._epoch && this._wanted.includes(index);
    if (!wanted || load.abort.signal.aborted) {
      if (epoch === this._epoch) this._loads.delete(key);
      return undefined;
    }
    return this._fetch(index, key, load, epoch);
  }

  _keep(key, picture) {
    this._kept.set(key, picture);
    this._bytes += sizeOf(picture);
    const needed = new Set(this._wanted.map((each) => this._key(each)));
    for (const [old, each] of this._kept) {
      if (this._bytes <= MOST_BYTES) break;
      if (needed.has(old) || each.held) continue;
      this._kept.delete(old);
      this._bytes -= sizeOf(each);
      each.bitmap.close();
    }
  }
}

const sizeOf = ({ bitmap }) => 4 * bitmap.width * bitmap.height;
