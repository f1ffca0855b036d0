// What an edit does to the tracks: shown before the server has answered, and looked for afterwards
// when an answer got lost. The server's word replaces it each time.

import { including, within, without } from "./runs.js";

const CLOSE = 0.011; // pixels; boxes are told with two decimals

function copied(track) {
  return {
    ...track,
    human: { ...track.human },
    boxes: [...track.boxes],
    confidence: [...track.confidence],
    ends: [...track.ends],
  };
}

function newTrack(id, name, count) {
  return {
    id,
    class: name,
    human: {},
    boxes: Array(count).fill(null),
    confidence: Array(count).fill(null),
    occluded: [],
    gone: [],
    lost: [],
    unseen: [[0, count - 1]],
    ends: [],
    pending: [],
  };
}

/** The number that the next new track gets. */
export const nextNumber = (tracks) => Math.max(-1, ...tracks.keys()) + 1;

/** Frames of a person's boxes, sorted. */
export const humanFrames = (track) =>
  Object.keys(track.human)
    .map(Number)
    .sort((a, b) => a - b);

const keys = new WeakMap(); // track → its frames

/** As `humanFrames`, worked out once: for tracks as they are shown, which never change. */
export function keyFrames(track) {
  if (!keys.has(track)) keys.set(track, humanFrames(track));
  return keys.get(track);
}

function setBox(track, frame, box) {
  track.boxes[frame] = box;
  track.human[frame] = box;
  track.confidence[frame] = 1;
  for (const key of ["gone", "lost", "unseen"]) track[key] = without(track[key], frame, frame);
  track.ends = track.ends.filter((each) => each !== frame);
}

const MAKES = {
  draw(track, edit) {
    setBox(track, edit.frame, edit.box);
    if (edit.class) track.class = edit.class;
    if (edit.occluded === undefined || edit.occluded === null) return;
    const change = edit.occluded ? including : without;
    track.occluded = change(track.occluded, edit.frame, edit.frame);
  },
  accept(track, edit) {
    for (const { frame, box } of edit.frames) setBox(track, frame, box);
  },
  occluded(track, edit) {
    track.occluded = (edit.value ? including : without)(track.occluded, edit.first, edit.last);
  },
  end(track, edit) {
    const next = humanFrames(track).find((each) => each > edit.frame) ?? track.boxes.length;
    for (let frame = edit.frame; frame < next; frame += 1) {
      track.boxes[frame] = null;
      track.confidence[frame] = null;
    }
    delete track.human[edit.frame];
    for (const key of ["lost", "unseen"]) track[key] = without(track[key], edit.frame, next - 1);
    track.gone = including(track.gone, edit.frame, next - 1);
    track.ends = [...new Set([...track.ends, edit.frame])].sort((a, b) => a - b);
  },
  delete_box(track, edit) {
    delete track.human[edit.frame];
    track.ends = track.ends.filter((each) => each !== edit.frame);
    track.confidence[edit.frame] = null;
    if (humanFrames(track).length === 0) track.boxes[edit.frame] = null;
  },
  class(track, edit) {
    track.class = edit.class;
  },
};

/** The tracks after some edits; `tracks` (number → track) stays as it is. */
export function applied(tracks, edits, count) {
  const after = new Map(tracks);
  const fresh = new Set();
  for (const edit of edits) {
    if (edit.do === "reviewed") continue;
    if (edit.do === "delete_track") {
      after.delete(edit.track);
      continue;
    }
    const id = edit.track ?? nextNumber(after);
    let track = after.get(id);
    if (!track && edit.do !== "draw") continue;
    if (!track) track = newTrack(id, edit.class, count);
    else if (!fresh.has(id)) track = copied(track);
    fresh.add(id);
    after.set(id, track);
    MAKES[edit.do](track, edit);
  }
  return after;
}

const same = (one, other) =>
  Boolean(one && other) && one.every((side, i) => Math.abs(side - other[i]) < CLOSE);

const HOLDS = {
  draw: (track, edit) => same(track.human[edit.frame], edit.box),
  accept: (track, edit) => edit.frames.every((each) => same(track.human[each.frame], each.box)),
  occluded: (track, edit) =>
    [edit.first, edit.last].every((frame) => within(track.occluded, frame) === edit.value),
  end: (track, edit) => track.ends.includes(edit.frame),
  delete_box: (track, edit) =>
    !(edit.frame in track.human) && !track.ends.includes(edit.frame),
  class: (track, edit) => track.class === edit.class,
};

/** Whether a state of the server already says all that these edits ask for. */
export function holds(state, edits) {
  return edits.every((edit) => {
    if (edit.do === "reviewed") return state.reviewed === edit.value;
    const track = state.tracks.find((each) => each.id === edit.track);
    if (edit.do === "delete_track") return !track;
    if (edit.do === "draw" && edit.track === null)
      return state.tracks.some((each) => HOLDS.draw(each, edit) && each.class === edit.class);
    return Boolean(track) && HOLDS[edit.do](track, edit);
  });
}

/** Whether items of edits can still be meant for a state: their tracks and pictures are there. */
export function possible(state, items) {
  const known = new Set(state.tracks.map((each) => each.id));
  const begun = new Set(); // by these very items
  return items.every(({ edits, guess }) => {
    if (!edits) return true;
    const can = edits.every((edit) => {
      const pictures = edit.do === "accept" ? edit.frames : "hash" in edit ? [edit] : [];
      if (pictures.some((each) => state.hashes[each.frame] !== each.hash)) return false;
      const free = edit.do === "reviewed" || (edit.do === "draw" && edit.track === null);
      return free || begun.has(edit.track) || known.has(edit.track);
    });
    if (guess !== undefined) begun.add(guess);
    return can;
  });
}

/** The same edits on tracks of other numbers. */
export const renumbered = (edits, from, to) =>
  edits.map((edit) => (edit.track === from ? { ...edit, track: to } : edit));
