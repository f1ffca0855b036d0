// Where to go next: frames in doubt, boxes of a person, the frame where a box would help most.

import { getSuggestions } from "./api.js";
import { keyFrames } from "./edits.js";
import { UNSURE_BELOW } from "./review.js";

/** Frames in doubt: unsure ones, and the first of each run in which an object is lost. */
export function doubts(tracks) {
  const found = new Map(); // frame → track
  for (const track of tracks) {
    track.confidence.forEach((sure, frame) => {
      const unsure = sure !== null && sure < UNSURE_BELOW && track.boxes[frame];
      if (unsure && !(frame in track.human)) found.set(frame, track.id);
    });
    for (const [first] of track.lost) found.set(first, track.id);
  }
  return found;
}

export class Going {
  constructor({ store, player, review }) {
    Object.assign(this, { store, player, review });
    this.marks = []; // frames that were suggested
  }

  doubtful(step) {
    this._goto(doubts([...this.store.tracks.values()]), step, "No frame is in doubt");
  }

  /** Boxes of a person and ends: of the chosen track, or of all. */
  key(step) {
    const { track } = this.review;
    const found = new Map();
    for (const each of track ? [track] : this.store.tracks.values())
      for (const frame of [...keyFrames(each), ...each.ends]) found.set(frame, each.id);
    this._goto(found, step, "No box of a person yet");
  }

  /** The frame where a box would help most; the next one each time. */
  async suggest() {
    try {
      const { suggestions } = await getSuggestions(this.store.name);
      this.marks = suggestions;
      if (!suggestions.length) {
        this.review.tell("Nothing is in doubt: no box would help");
        return;
      }
      const here = suggestions.findIndex((each) => each.frame === this.player.wanted);
      const best = suggestions[(here + 1) % suggestions.length];
      this._go(best.frame, best.track);
      const why = best.why === "lost" ? "it is lost here" : "the tracker is unsure here";
      this.review.tell(`A box here would help about ${Math.ceil(best.gain)} frames: ${why}`);
    } catch (error) {
      this.review.tell(error.message);
    }
  }

  /** The next of some frames, around the end. */
  _goto(found, step, none) {
    const { count } = this.store;
    const here = this.player.wanted;
    const away = (frame) => (step * (frame - here) - 1 + 2 * count) % count;
    const [to] = [...found.keys()].sort((a, b) => away(a) - away(b));
    if (to === undefined) this.review.tell(none);
    else this._go(to, found.get(to));
  }

  _go(frame, track) {
    this.player.stop();
    this.player.seek(frame);
    this.review.select(track);
  }
}
