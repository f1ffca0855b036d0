// One row a track over all frames: confidence, a person's boxes, what is lost, gone, occluded or
// waiting. Click or drag goes there; the wheel with Ctrl looks closer.

import { isLight, onPage, token } from "./colours.js";
import { keyFrames } from "./edits.js";

const TALL = 42;
const LOW = 28; // where there are more than a few tracks
const FEW = 3;
const DIAMOND = 14; // with the space around it, CSS pixels
const EDGE = 7; // left and right of the frames, CSS pixels
const RULER = 20;
const LEAST_FRAMES = 20;
const STEPS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000];

export class Timeline {
  /** `on`: seek(frame), select(track). */
  constructor(canvas, on) {
    this.canvas = canvas;
    this.from = 0;
    this.to = 1; // one beyond the last frame shown
    this.row = TALL; // of a track, CSS pixels
    this._curves = new WeakMap(); // track → {key, least}; a track that changes is another object
    this._numbers = new WeakMap(); // track → a number of its own
    this._on = on;
    this._context = canvas.getContext("2d");
    this._layer = document.createElement("canvas").getContext("2d"); // the rows, as drawn last
    this._drawn = []; // what each row of the layer shows
    new ResizeObserver(() => this.paint?.()).observe(canvas.parentElement);
    canvas.addEventListener("pointerdown", (event) => this._down(event));
    canvas.addEventListener("pointermove", (event) => {
      if (this._dragging) this._on.seek(this._frame(event));
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, () => (this._dragging = false));
    canvas.addEventListener("wheel", (event) => this._wheel(event), { passive: false });
  }

  /** All frames of a sequence. */
  open(count) {
    this._count = count;
    this.from = 0;
    this.to = Math.max(count, 1);
  }

  _down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this._dragging = true;
    const row = Math.floor((event.offsetY - RULER) / this.row);
    if (row >= 0 && this._ids?.[row] !== undefined) this._on.select(this._ids[row]);
    this._on.seek(this._frame(event));
  }

  _frame({ offsetX }) {
    const share = (offsetX - EDGE) / (this.canvas.clientWidth - 2 * EDGE);
    const at = this.from + share * (this.to - this.from);
    return Math.min(Math.max(Math.floor(at), 0), this._count - 1);
  }

  _wheel(event) {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    const shown = this.to - this.from;
    const by = event.deltaY || event.deltaX;
    if (event.shiftKey) this._show(this.from + Math.sign(by) * shown * 0.1, shown);
    else {
      const share = event.offsetX / this.canvas.clientWidth;
      const wanted = Math.min(Math.max(shown * 1.0015 ** by, LEAST_FRAMES), this._count);
      this._show(this.from + share * (shown - wanted), wanted);
    }
    this.paint?.();
  }

  _show(from, shown) {
    const most = Math.min(shown, this._count);
    this.from = Math.min(Math.max(from, 0), this._count - most);
    this.to = this.from + most;
  }

  /** Paint {tracks, frame, wanted, selected, running, live, marks}. */
  draw(scene) {
    const { canvas } = this;
    this._ids = [...scene.tracks.keys()];
    this.row = this._ids.length > FEW ? LOW : TALL;
    const width = canvas.parentElement.clientWidth;
    const height = RULER + Math.max(1, this._ids.length) * this.row;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.height !== Math.round(height * ratio) || canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.height = `${height}px`;
      Object.assign(this._layer.canvas, { width: canvas.width, height: canvas.height });
      this._drawn = [];
    }
    if (this.to - this.from < this._count && !this._dragging) this._follow(scene.frame);
    const context = this._context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    this._width = width;
    this._rows(scene, ratio);
    if (canvas.width) context.drawImage(this._layer.canvas, 0, 0, canvas.width / ratio, height);
    this._ruler(scene);
    this._playhead(scene, height);
  }

  /** Draw anew the rows that changed; a step from frame to frame changes none. */
  _rows(scene, ratio) {
    const [shown, layer] = [this._context, this._layer];
    this._context = layer;
    layer.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (this._drawn.length > this._ids.length) {
      layer.clearRect(0, 0, layer.canvas.width, layer.canvas.height);
      this._drawn = [];
    }
    this._ids.forEach((id, row) => {
      const track = scene.tracks.get(id);
      const key = this._keyOf(track, scene);
      if (this._drawn[row] === key) return;
      this._drawn[row] = key;
      const top = RULER + row * this.row;
      layer.save();
      layer.beginPath();
      layer.rect(0, top, this._width, this.row);
      layer.clip();
      layer.clearRect(0, top, this._width, this.row);
      this._track(track, row, scene);
      layer.restore();
    });
    this._context = shown;
  }

  /** Changes with whatever a row shows. */
  _keyOf(track, { selected, running, live }) {
    if (!this._numbers.has(track)) this._numbers.set(track, (this._last = (this._last ?? 0) + 1));
    const run = running?.track === track.id ? `${running.first} ${running.last} ${live.get(track.id)?.size}` : "";
    const place = `${this.from} ${this.to} ${this._width} ${this.row}`;
    return `${this._numbers.get(track)} ${track.id === selected} ${isLight()} ${place} ${run}`;
  }

  _follow(frame) {
    const shown = this.to - this.from;
    if (frame < this.from || frame >= this.to) this._show(frame - shown / 2, shown);
  }

  _x(frame) {
    return EDGE + ((frame - this.from) / (this.to - this.from)) * (this._width - 2 * EDGE);
  }

  _ruler({ marks }) {
    const context = this._context;
    const wanted = ((this.to - this.from) / this._width) * 70;
    const step = STEPS.find((each) => each >= wanted) ?? STEPS.at(-1);
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "alphabetic";
    context.fillStyle = token("--faint");
    for (let frame = Math.ceil(this.from / step) * step; frame < this.to; frame += step) {
      const x = Math.round(this._x(frame + 0.5));
      context.fillRect(x, RULER - 4, 1, 4);
      if (x + 40 < this._width) context.fillText(String(frame), x + 3, RULER - 6);
    }
    context.fillStyle = token("--accent");
    for (const { frame } of marks) {
      const x = this._x(frame + 0.5);
      context.beginPath();
      context.moveTo(x - 4, RULER - 9);
      context.lineTo(x + 4, RULER - 9);
      context.lineTo(x, RULER - 1);
      context.fill();
    }
  }

  _track(track, row, { selected, running, live }) {
    const context = this._context;
    const top = RULER + row * this.row;
    const colour = onPage(track.id);
    if (track.id === selected) {
      context.fillStyle = token("--raised");
      context.fillRect(0, top, this._width, this.row);
    }
    const bottom = top + this.row - 8;
    this._spans(track.unseen, bottom - 1, 1, token("--line"));
    this._spans(track.gone, bottom - 1, 1, token("--faint"));
    this._confidence(track, top + 3, bottom, colour);
    for (const run of track.lost) this._hatch(run, top + 6, bottom, token("--bad"));
    this._spans(track.occluded, bottom + 2, 3, token("--warn"));
    for (const run of track.pending) this._hatch(run, top + 3, bottom, token("--line"));
    if (running?.track === track.id) this._running(running, live.get(track.id), top + 3, bottom);
    context.fillStyle = token("--text");
    for (const frame of track.ends) this._end(this._x(frame), top + 3, bottom);
    const keys = keyFrames(track);
    const dense = keys.length > (this._width / DIAMOND) * ((this.to - this.from) / this._count);
    for (const frame of keys)
      if (frame >= this.from && frame < this.to)
        this._key(this._x(frame + 0.5), top + 3, bottom, { colour, dense });
  }

  /** The least confidence of the frames under each pixel: x → 0…1. */
  _least(track) {
    const key = `${this.from} ${this.to} ${this._width}`;
    const kept = this._curves.get(track);
    if (kept?.key === key) return kept.least;
    const least = new Map();
    const last = Math.min(Math.ceil(this.to), track.boxes.length);
    for (let frame = Math.floor(this.from); frame < last; frame += 1) {
      if (track.boxes[frame] === null) continue;
      const sure = track.confidence[frame] ?? 0.5;
      const a = Math.floor(this._x(frame));
      const b = Math.max(a + 1, Math.floor(this._x(frame + 1)));
      for (let x = a; x < b; x += 1) least.set(x, Math.min(least.get(x) ?? 1, sure));
    }
    this._curves.set(track, { key, least });
    return least;
  }

  /** Confidence as a filled curve. */
  _confidence(track, top, bottom, colour) {
    const context = this._context;
    const tall = bottom - top;
    const limit = token("--bad");
    for (const [x, sure] of this._least(track)) {
      const high = Math.max(2, tall * sure);
      context.globalAlpha = isLight() ? 0.3 : 0.34;
      context.fillStyle = sure < 0.5 ? limit : colour;
      context.fillRect(x, bottom - high, 1, high);
      context.globalAlpha = 1;
      context.fillRect(x, bottom - high, 1, 1.5);
    }
  }

  _spans(runs, y, high, colour) {
    this._context.fillStyle = colour;
    for (const [first, last] of runs) {
      const x = this._x(first);
      this._context.fillRect(x, y, Math.max(1, this._x(last + 1) - x), high);
    }
  }

  _hatch([first, last], top, bottom, colour) {
    const context = this._context;
    const x = this._x(first);
    const wide = Math.max(1.5, this._x(last + 1) - x);
    context.save();
    context.beginPath();
    context.rect(x, top, wide, bottom - top);
    context.clip();
    context.beginPath();
    for (let at = -bottom; at < wide + bottom; at += 5) {
      context.moveTo(x + at, bottom);
      context.lineTo(x + at + (bottom - top), top);
    }
    context.lineWidth = 1.5;
    context.strokeStyle = colour;
    context.stroke();
    context.restore();
  }

  _running({ first, last }, found, top, bottom) {
    const context = this._context;
    context.strokeStyle = token("--accent");
    context.lineWidth = 1;
    const x = this._x(first);
    context.strokeRect(x + 0.5, top + 0.5, Math.max(1, this._x(last + 1) - x - 1), bottom - top - 1);
    context.fillStyle = token("--accent");
    for (const frame of found?.keys() ?? []) {
      const at = this._x(frame);
      context.fillRect(at, bottom - 2, Math.max(1, this._x(frame + 1) - at), 2);
    }
  }

  _end(x, top, bottom) {
    this._context.fillRect(x - 1, top, 2, bottom - top);
    this._context.fillRect(x - 5, top, 4, 2);
    this._context.fillRect(x - 5, bottom - 2, 4, 2);
  }

  _key(x, top, bottom, { colour, dense }) {
    const context = this._context;
    const middle = top + 6;
    context.fillStyle = colour;
    context.fillRect(x - 0.75, top, 1.5, bottom - top);
    if (dense) return;
    context.beginPath();
    context.moveTo(x, middle - 5.5);
    context.lineTo(x + 5.5, middle);
    context.lineTo(x, middle + 5.5);
    context.lineTo(x - 5.5, middle);
    context.closePath();
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = token("--panel");
    context.stroke();
  }

  _playhead({ frame, wanted }, height) {
    const context = this._context;
    if (wanted !== frame) {
      context.fillStyle = token("--faint");
      context.fillRect(Math.round(this._x(wanted + 0.5)), 0, 1, height);
    }
    const x = Math.round(this._x(frame + 0.5));
    context.fillStyle = token("--text");
    context.fillRect(x - 0.5, 0, 1.5, height);
    context.beginPath();
    context.moveTo(x - 5.5, 0);
    context.lineTo(x + 6, 0);
    context.lineTo(x, 8);
    context.fill();
  }
}
