// Mouse, pen and fingers on the canvas: draw, correct, choose, move about.

import { dragged, spanned } from "./geometry.js";

const REACH = 9; // CSS pixels around a handle
const LEAST = 3; // CSS pixels that a drag has to go to draw a box
const CURSORS = {
  nw: "nwse-resize", se: "nwse-resize", ne: "nesw-resize", sw: "nesw-resize",
  n: "ns-resize", s: "ns-resize", e: "ew-resize", w: "ew-resize", move: "move",
};

export class Pointer {
  constructor(view, review) {
    Object.assign(this, { view, review });
    this.cross = null; // where lines are shown while a box is to be drawn
    this._fingers = new Map();
    this._drag = null;
    this._pan = false; // while the key for it is held
    const { canvas } = view;
    canvas.addEventListener("pointerdown", (event) => this._down(event));
    canvas.addEventListener("pointermove", (event) => this._move(event));
    canvas.addEventListener("pointerup", (event) => this._up(event));
    canvas.addEventListener("pointercancel", () => this.cancel());
    canvas.addEventListener("pointerleave", () => this._leave());
    canvas.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
    canvas.addEventListener("dblclick", (event) => this._double(event));
  }

  /** Give up what is being dragged. */
  cancel() {
    this._fingers.clear();
    if (this._drag && this._drag.kind !== "pan") this.review.draft = null;
    this._drag = null;
    this.review.paint();
  }

  _down(event) {
    if (event.button > 1 || !this.review.store.base) return;
    const { x, y } = this._place(event);
    this.view.canvas.setPointerCapture(event.pointerId);
    this._fingers.set(event.pointerId, { x, y });
    if (this._fingers.size === 2) {
      this.cancelDrag();
      return;
    }
    this._drag = this._begin(event, x, y);
    this.review.paint();
  }

  cancelDrag() {
    const fingers = new Map(this._fingers);
    this.cancel();
    this._fingers = fingers;
  }

  /** Where on the canvas, with parts of pixels where the device has them. */
  _place({ clientX, clientY }) {
    const { left, top } = this.view.canvas.getBoundingClientRect();
    return { x: clientX - left, y: clientY - top };
  }

  _begin(event, x, y) {
    const { review, view } = this;
    const at = { x, y, lastX: x, lastY: y };
    if (event.button === 1 || event.altKey || !review.ready) return { kind: "pan", ...at };
    review.player.stop();
    if (review.mode === "draw") return { kind: "draw", from: view.toFrame(x, y), ...at };
    const hit = this._hit(x, y);
    if (!hit) return { kind: "pan", ...at };
    review.select(hit.id);
    return { kind: "edit", ...hit, ...at };
  }

  /** The handle of the selected box, or the smallest box, under a point. */
  _hit(x, y) {
    const { review, view } = this;
    const chosen = review.track && this._box(review.track);
    if (chosen) {
      const near = Object.entries(view.handles(chosen))
        .map(([handle, at]) => ({ handle, far: Math.hypot(at.x - x, at.y - y) }))
        .filter(({ far }) => far <= REACH)
        .sort((a, b) => a.far - b.far)[0];
      if (near) return { id: review.selected, handle: near.handle, box: chosen };
    }
    const point = view.toFrame(x, y);
    const slack = 3 / view.scale;
    const under = [...review.store.tracks.values()]
      .map((track) => ({ id: track.id, handle: "move", box: this._box(track) }))
      .filter(({ box }) => box && contains(box, point, slack))
      .sort((a, b) => a.box[2] * a.box[3] - b.box[2] * b.box[3]);
    return under.find(({ id }) => id === review.selected) ?? under[0] ?? null;
  }

  _box(track) {
    const { draft, settings } = this.review;
    if (settings.hidden) return null;
    if (draft?.id === track.id) return draft.box;
    return this.review.shownBox(track)?.box ?? null;
  }

  _move(event) {
    const { x, y } = this._place(event);
    const finger = this._fingers.get(event.pointerId);
    if (finger && this._fingers.size === 2) {
      this._pinch(event.pointerId, x, y);
      return;
    }
    if (!this._drag) {
      this._hover(x, y);
      return;
    }
    if (finger) Object.assign(finger, { x, y });
    const drag = this._drag;
    if (drag.kind === "pan") this.view.pan(x - drag.lastX, y - drag.lastY);
    else this._redraw(drag, x, y);
    Object.assign(drag, { lastX: x, lastY: y, far: drag.far || this._isFar(drag, x, y) });
    if (drag.kind !== "pan") this._crossAt(x, y);
    this.review.paint();
  }

  _isFar(drag, x, y) {
    return Math.hypot(x - drag.x, y - drag.y) >= LEAST;
  }

  _redraw(drag, x, y) {
    const { review, view } = this;
    if (!drag.far && !this._isFar(drag, x, y)) return;
    const point = view.toFrame(x, y);
    if (drag.kind === "draw") {
      review.draft = { id: review.drawnId, box: this._inside(spanned(drag.from, point)) };
      return;
    }
    const dx = (x - drag.x) / view.scale;
    const dy = (y - drag.y) / view.scale;
    review.draft = { id: drag.id, box: dragged(drag.box, drag.handle, dx, dy, review.size) };
  }

  _inside([x, y, w, h]) {
    const { width, height } = this.review.size;
    const [left, top] = [Math.max(0, x), Math.max(0, y)];
    return [left, top, Math.min(width, x + w) - left, Math.min(height, y + h) - top];
  }

  _up(event) {
    this._fingers.delete(event.pointerId);
    const drag = this._drag;
    this._drag = null;
    if (!drag || drag.kind === "pan") {
      if (drag && !drag.far && this.review.mode === "look") this.review.select(null);
      return;
    }
    const { review } = this;
    const box = review.draft?.box;
    review.draft = null;
    if (drag.far && box && box[2] > 0 && box[3] > 0) {
      if (drag.kind === "draw") review.drawn(box);
      else review.correct(drag.id, box);
    }
    review.paint();
  }

  _pinch(id, x, y) {
    const [a, b] = [...this._fingers.values()];
    const before = { far: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
    Object.assign(this._fingers.get(id), { x, y });
    const far = Math.hypot(a.x - b.x, a.y - b.y);
    const [midX, midY] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
    this.view.pan(midX - before.x, midY - before.y);
    if (before.far > 0) this.view.zoom(far / before.far, midX, midY);
    this.review.paint();
  }

  _hover(x, y) {
    const { review, view } = this;
    this._crossAt(x, y);
    let cursor = "default";
    if (review.mode === "draw") cursor = "crosshair";
    else if (review.ready) cursor = CURSORS[this._hit(x, y)?.handle] ?? "default";
    view.canvas.style.cursor = cursor;
  }

  _crossAt(x, y) {
    const before = this.cross;
    this.cross = this.review.mode === "draw" ? { x, y } : null;
    if (before || this.cross) this.review.paint();
  }

  _leave() {
    this.cross = null;
    this.review.paint();
  }

  _wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    const { x, y } = this._place(event);
    this.view.zoom(1.0016 ** (-event.deltaY * lines), x, y);
    this.review.paint();
  }

  _double(event) {
    const { x, y } = this._place(event);
    const hit = this.review.ready && this._hit(x, y);
    if (hit) this.view.centre(hit.box);
    else this.view.fit();
    this.review.paint();
  }
}

const contains = ([x, y, w, h], point, slack) =>
  point.x >= x - slack && point.x <= x + w + slack && point.y >= y - slack && point.y <= y + h + slack;
