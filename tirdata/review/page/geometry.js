// Boxes [x, y, w, h] in pixels of the frame, and their eight handles.

export const LEAST_SIDE = 1;

/** Handles by name: how much each side follows a drag, as [x, y, w, h] a pixel of it. */
export const HANDLES = {
  nw: { x: 0, y: 0, moves: [1, 1, -1, -1] },
  n: { x: 0.5, y: 0, moves: [0, 1, 0, -1] },
  ne: { x: 1, y: 0, moves: [0, 1, 1, -1] },
  e: { x: 1, y: 0.5, moves: [0, 0, 1, 0] },
  se: { x: 1, y: 1, moves: [0, 0, 1, 1] },
  s: { x: 0.5, y: 1, moves: [0, 0, 0, 1] },
  sw: { x: 0, y: 1, moves: [1, 0, -1, 1] },
  w: { x: 0, y: 0.5, moves: [1, 0, -1, 0] },
};

const between = (value, least, most) => Math.min(Math.max(value, least), most);

/** Rounded to what the eye can place at this zoom: whole pixels, or hundredths. */
export function rounded(box, scale) {
  const parts = scale >= 1.5 ? 100 : 1;
  return box.map((side) => Math.round(side * parts) / parts);
}

/** The box of a drag from one point to another. */
export const spanned = (a, b) => [
  Math.min(a.x, b.x),
  Math.min(a.y, b.y),
  Math.abs(a.x - b.x),
  Math.abs(a.y - b.y),
];

/** A box after a drag of a handle (or of "move") by dx, dy; it may turn over, and stays inside. */
export function dragged(box, handle, dx, dy, size) {
  if (handle === "move") return moved(box, dx, dy, size);
  const [mx, my, mw, mh] = HANDLES[handle].moves;
  const [x, y, w, h] = [box[0] + mx * dx, box[1] + my * dy, box[2] + mw * dx, box[3] + mh * dy];
  return inside(spanned({ x, y }, { x: x + w, y: y + h }), size);
}

/** A box elsewhere, as it is, as far as the frame reaches. */
export function moved([x, y, w, h], dx, dy, size) {
  return [between(x + dx, 0, size.width - w), between(y + dy, 0, size.height - h), w, h];
}

/** The part of a box inside the frame, a pixel at least. */
export function inside([x, y, w, h], size) {
  const left = between(x, 0, size.width - LEAST_SIDE);
  const top = between(y, 0, size.height - LEAST_SIDE);
  return [
    left,
    top,
    between(x + w - left, LEAST_SIDE, size.width - left),
    between(y + h - top, LEAST_SIDE, size.height - top),
  ];
}
