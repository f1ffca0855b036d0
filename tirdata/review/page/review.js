// What a person can say of the frame that is shown.

import { getCandidates } from "./api.js";
import { keyFrames, nextNumber } from "./edits.js";
import { inside, moved, rounded } from "./geometry.js";
import { within } from "./runs.js";

export const UNSURE_BELOW = 0.5; // as the server has it
const NUDGE_MS = 700; // arrow keys within this time are one edit
const OFFERED = 5;

export class Review {
  constructor({ store, player, view, settings, notices, chooseClass, paint }) {
    Object.assign(this, { store, player, view, settings, notices, chooseClass, paint });
    this.selected = null; // a track's number
    this.mode = "look"; // or "draw", "adjust"
    this.target = null; // whose box is drawn; null = a new track's
    this.draft = null; // {id, box, frame, hash}: not said yet
    this.proposals = [];
    this.spanFrom = null; // {track, frame, value} of an occluded span that is being marked
    this._spans = new Map(); // sequence → the span that was left open there
  }

  /** Another sequence takes the place of this one: say what is in hand, and keep what is open. */
  leaving() {
    const { name } = this.store;
    if (!this.store.base) return;
    this.flush();
    if (!this.spanFrom) this._spans.delete(name);
    else {
      this._spans.set(name, this.spanFrom);
      this.tell(`The span from frame ${this.spanFrom.frame} waits in ${this.store.base.title || name}`);
    }
  }

  opened() {
    Object.assign(this, { selected: null, draft: null, proposals: [] });
    this.spanFrom = this._spans.get(this.store.name) ?? null;
    this.setMode("look");
    if (this.spanFrom && this.store.tracks.has(this.spanFrom.track)) {
      this.selected = this.spanFrom.track;
      return;
    }
    this.spanFrom = null;
    if (this.store.tracks.size === 1) this.selected = [...this.store.tracks.keys()][0];
  }

  get frame() {
    return this.player.shown?.index ?? this.player.wanted;
  }

  get size() {
    return { width: this.store.base.width, height: this.store.base.height };
  }

  /** Whether there is a picture to say something of. */
  get ready() {
    return Boolean(this.store.base && this.player.shown?.bitmap);
  }

  get track() {
    return this.store.tracks.get(this.selected) ?? null;
  }

  /** The box of a track as it is shown: {box, human, live, old, confidence, occluded} or null. */
  shownBox(track, frame = this.frame) {
    const human = track.human[frame];
    const live = human ? undefined : this.store.live.get(track.id)?.get(frame);
    const box = human ?? live?.slice(0, 4) ?? track.boxes[frame];
    if (!box) return null;
    return {
      box,
      human: Boolean(human),
      live: Boolean(live),
      old: !human && !live && within(track.pending, frame),
      confidence: live ? live[4] : track.confidence[frame],
      occluded: within(track.occluded, frame),
    };
  }

  /** Why a track has no box in a frame, in a word. */
  absence(track, frame = this.frame) {
    for (const why of ["gone", "lost"]) if (within(track[why], frame)) return why;
    return within(track.pending, frame) ? "waiting" : "not looked at";
  }

  select(id) {
    if (id !== this.selected) this.flush();
    this.selected = id;
    if (id === null && this.mode === "adjust") this.setMode("look");
    this.paint();
  }

  nextTrack(step) {
    const ids = [...this.store.tracks.keys()];
    if (!ids.length) return;
    const at = ids.indexOf(this.selected);
    this.select(ids[at < 0 ? (step > 0 ? 0 : ids.length - 1) : (at + step + ids.length) % ids.length]);
  }

  setMode(mode, target = null) {
    if (this.mode === "adjust" && mode !== "adjust") this.flush();
    this.mode = mode;
    this.target = target;
    if (mode === "draw") this.player.stop();
    this.paint();
  }

  // Drawing

  begin(track) {
    if (!this.ready) return;
    this.setMode("draw", track);
  }

  /** Draw the selected track's box here, or a new track's where none is selected. */
  redraw() {
    this.begin(this.track ? this.selected : null);
  }

  /** The number whose colour a box that is being drawn has. */
  get drawnId() {
    return this.target ?? nextNumber(this.store.tracks);
  }

  /** A box was drawn, by hand or by Enter; it needs a class where it begins a track. */
  async drawn(box, track = this.target) {
    const { index: frame, hash } = this.player.shown;
    const exact = rounded(inside(box, this.size), this.view.scale);
    this.draft = { id: track ?? this.drawnId, box: exact, frame, hash };
    this.setMode("look");
    const edit = { do: "draw", track, frame, hash, box: exact };
    if (track === null) {
      edit.class = this._usualClass() ?? (await this.chooseClass(""));
      if (edit.class === null) {
        this.draft = null;
        this.paint();
        return;
      }
      this.settings.lastClass = edit.class;
    }
    this.draft = null;
    const made = this.store.say([edit], `draw ${edit.class ?? this._words(track)} in frame ${frame}`);
    this.select(made ?? track);
    if (made !== undefined) this.notices.say(`${edit.class} ${made} begins in frame ${frame}`);
  }

  /** A box in the middle of what is seen, for those who draw by keyboard. */
  drawHere() {
    const middle = this.view.toFrame(this.view.width / 2, this.view.height / 2);
    const side = Math.max(4, Math.min(this.view.width, this.view.height) / this.view.scale / 8);
    const known = this.target !== null && this._nearest(this.store.tracks.get(this.target));
    const box = known || [middle.x - side / 2, middle.y - side / 2, side, side];
    this.drawn(box).then(() => this.selected !== null && this.setMode("adjust"));
  }

  /** The box that a track has nearest to this frame. */
  _nearest(track) {
    const frames = keyFrames(track);
    if (!frames.length) return null;
    const away = (frame) => Math.abs(frame - this.frame);
    return track.human[frames.reduce((a, b) => (away(b) < away(a) ? b : a))];
  }

  _usualClass() {
    const here = new Set([...this.store.tracks.values()].map((each) => each.class));
    if (here.size === 1) return [...here][0];
    const { lastClass, classes } = this.settings;
    return classes.includes(lastClass) ? lastClass : null;
  }

  /** A corrected box of a track. */
  correct(id, box) {
    const { index: frame, hash } = this.player.shown;
    const exact = rounded(inside(box, this.size), this.view.scale);
    const edit = { do: "draw", track: id, frame, hash, box: exact };
    this.store.say([edit], `correct ${this._words(id)} in frame ${frame}`);
  }

  /** Move the selected box, or its right and lower edge, by pixels; said when it comes to rest. */
  nudge(dx, dy, resize = false) {
    const track = this.track;
    if (!track || !this.ready) return;
    if (this.draft && this.draft.frame !== this.frame) this.flush();
    const from = this.draft?.box ?? this.shownBox(track)?.box;
    if (!from) {
      this.tell("There is no box here; draw one");
      return;
    }
    const [x, y, w, h] = from;
    const box = resize
      ? inside([x, y, Math.max(1, w + dx), Math.max(1, h + dy)], this.size)
      : moved(from, dx, dy, this.size);
    const { index: frame, hash } = this.player.shown;
    this.draft = { id: track.id, box, frame, hash };
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this.flush(), NUDGE_MS);
    this.paint();
  }

  /** Say what the arrow keys did. */
  flush() {
    clearTimeout(this._timer);
    const { draft } = this;
    if (draft?.frame === undefined || this.mode !== "adjust") return;
    this.draft = null;
    const edit = { do: "draw", track: draft.id, frame: draft.frame, hash: draft.hash };
    edit.box = rounded(draft.box, 2);
    this.store.say([edit], `correct ${this._words(draft.id)} in frame ${draft.frame}`);
  }

  // Saying

  /** The selected track's box becomes the person's, or that of the track most in doubt here. */
  accept() {
    if (!this.ready) return false;
    this.flush();
    const offered = [...this.store.tracks.values()]
      .map((track) => ({ track, shown: this.shownBox(track) }))
      .filter(({ shown }) => shown && !shown.human);
    const mine = offered.find(({ track }) => track.id === this.selected);
    const sure = ({ shown }) => shown.confidence ?? UNSURE_BELOW;
    const chosen = mine ?? (this.track ? null : offered.sort((a, b) => sure(a) - sure(b))[0]);
    if (!chosen) {
      this.tell(this.track ? "Nothing of a machine's to accept here" : "Nothing to accept here");
      return false;
    }
    const { track, shown } = chosen;
    const { index: frame, hash } = this.player.shown;
    const edit = shown.live
      ? { do: "draw", track: track.id, frame, hash, box: shown.box }
      : { do: "accept", track: track.id, frames: [{ frame, hash, box: shown.box }] };
    this.store.say([edit], `accept ${this._words(track.id)} in frame ${frame}`);
    this.select(track.id);
    return true;
  }

  occluded() {
    const track = this._chosen();
    if (!track) return;
    const { frame } = this;
    const value = !within(track.occluded, frame);
    const words = `${value ? "occluded" : "visible"}: ${this._words(track.id)} in frame ${frame}`;
    this.store.say([{ do: "occluded", track: track.id, first: frame, last: frame, value }], words);
  }

  /** The first time marks where it begins, the second time says it of all between. */
  occludedSpan() {
    const track = this._chosen();
    if (!track) return;
    const from = this.spanFrom;
    if (!from || from.track !== track.id) {
      const value = !within(track.occluded, this.frame);
      this.spanFrom = { track: track.id, frame: this.frame, value };
      this.paint();
      return;
    }
    this.spanFrom = null;
    const [first, last] = [from.frame, this.frame].sort((a, b) => a - b);
    const words = `${from.value ? "occluded" : "visible"}: ${this._words(track.id)}, ${first} to ${last}`;
    this.store.say([{ do: "occluded", track: track.id, first, last, value: from.value }], words);
  }

  end() {
    const track = this._chosen();
    if (!track) return;
    const { frame } = this;
    this.store.say([{ do: "end", track: track.id, frame }], `end ${this._words(track.id)} in frame ${frame}`);
    this.notices.say(`${this._words(track.id)} is gone from frame ${frame} on, until your next box`);
  }

  deleteBox() {
    const track = this._chosen();
    if (!track) return;
    const { frame } = this;
    if (!(frame in track.human) && !track.ends.includes(frame)) {
      this.tell("You said nothing of this frame. Is it not there? End the track here (X)");
      return;
    }
    const words = `delete the box of ${this._words(track.id)} in frame ${frame}`;
    this.store.say([{ do: "delete_box", track: track.id, frame }], words);
  }

  deleteTrack() {
    const track = this._chosen();
    if (!track) return;
    const words = this._words(track.id);
    this.store.say([{ do: "delete_track", track: track.id }], `delete ${words}`);
    this.select(null);
    this.notices.say(`${words} is deleted`, { actions: [["Undo", () => this.undo()]] });
  }

  async rename() {
    const track = this._chosen();
    if (!track) return;
    const name = await this.chooseClass(track.class);
    if (name === null || name === track.class) return;
    this.settings.lastClass = name;
    const words = `${this._words(track.id)} is a ${name}`;
    this.store.say([{ do: "class", track: track.id, class: name }], words);
  }

  reviewed() {
    const value = !this.store.base.reviewed;
    this.store.say([{ do: "reviewed", value }], value ? "reviewed" : "not reviewed");
    this.store.base.reviewed = value;
    this.paint();
    return value;
  }

  undo() {
    this.flush();
    this.store.step("undo");
  }

  redo() {
    this.store.step("redo");
  }

  _chosen() {
    this.flush();
    if (!this.ready) return null;
    if (this.track) return this.track;
    if (this.store.tracks.size === 1) {
      this.select([...this.store.tracks.keys()][0]);
      return this.track;
    }
    this.tell(this.store.tracks.size ? "Which track? Choose one first (T)" : "There is no track yet");
    return null;
  }

  _words(id) {
    const track = this.store.tracks.get(id);
    return track ? `${track.class} ${id}` : `track ${id}`;
  }

  tell(text) {
    this.notices.say(text, { key: "tell" });
  }

  // Proposals

  async propose() {
    if (this.proposals.length) {
      this.proposals = [];
      this.paint();
      return;
    }
    const { frame } = this;
    try {
      const found = await getCandidates(this.store.name, frame);
      if (frame !== this.frame || found.hash !== this.player.shown?.hash) return;
      this.proposals = found.candidates.slice(0, OFFERED);
      if (!this.proposals.length) this.tell("Nothing stands out in this frame");
    } catch (error) {
      this.tell(error.message);
    }
    this.paint();
  }

  /** Number keys: a proposed box, or a track where none is proposed. */
  number(n) {
    if (!this.proposals.length) {
      const id = [...this.store.tracks.keys()][n - 1];
      if (id !== undefined) this.select(id);
      return;
    }
    const [chosen] = this.proposals.splice(n - 1, 1);
    if (chosen) this.drawn(chosen.box, null);
  }
}
