// The canvas: one picture with the boxes of that very picture, zoomed and moved.

import { overPicture } from "./colours.js";
import { HANDLES } from "./geometry.js";
import { toned } from "./tone.js";

const GRID_FROM = 10; // times
const SMOOTH_BELOW = 2;
const MOST = 64;
const HANDLE = 8; // CSS pixels a side, at the usual size of letters
const APART = 7; // of the handles from a box that is small on the screen
const SMALL = 36;

export class View {
  constructor(canvas) {
    this.canvas = canvas;
    this.scale = 1; // CSS pixels a pixel of the frame
    this.left = 0; // of the frame's corner, in CSS pixels of the canvas
    this.top = 0;
    this.size = { width: 1, height: 1 };
    this.fitted = true;
    this._unit = 1;
    this._context = canvas.getContext("2d", { alpha: false });
    new ResizeObserver(() => this._resized()).observe(canvas);
  }

  /** Called whenever the place of the frame on the screen changed. */
  onMove = () => {};

  /** How much larger than usual letters and lines are: 1, and more on a large screen. */
  get unit() {
    return parseFloat(getComputedStyle(document.documentElement).fontSize) / 13 || 1;
  }

  get width() {
    return this.canvas.clientWidth;
  }

  get height() {
    return this.canvas.clientHeight;
  }

  /** The whole frame. */
  fit() {
    const { width, height } = this.size;
    this.scale = Math.min((this.width - 16) / width, (this.height - 16) / height) || 1;
    this.left = (this.width - width * this.scale) / 2;
    this.top = (this.height - height * this.scale) / 2;
    this.fitted = true;
    this.onMove();
  }

  /** Closer or further, with one point of the canvas where it is. */
  zoom(times, x = this.width / 2, y = this.height / 2) {
    const least = Math.min(this.width / this.size.width, this.height / this.size.height) / 2;
    const scale = Math.min(Math.max(this.scale * times, least), MOST);
    this.left = x - ((x - this.left) / this.scale) * scale;
    this.top = y - ((y - this.top) / this.scale) * scale;
    this.scale = scale;
    this._moved();
  }

  pan(dx, dy) {
    this.left += dx;
    this.top += dy;
    this._moved();
  }

  /** A box in the middle; about a sixth of the canvas wide unless the zoom is to stay. */
  centre([x, y, w, h], keepScale = false) {
    if (!keepScale) {
      const wanted = Math.min(this.width, this.height) / 6 / Math.max(w, h);
      this.scale = Math.min(Math.max(wanted, 0.5), 24);
    }
    this.left = this.width / 2 - (x + w / 2) * this.scale;
    this.top = this.height / 2 - (y + h / 2) * this.scale;
    this._moved();
  }

  /** The frame's point under a point of the canvas. */
  toFrame(x, y) {
    return { x: (x - this.left) / this.scale, y: (y - this.top) / this.scale };
  }

  toScreen([x, y, w, h]) {
    const { scale } = this;
    return [this.left + x * scale, this.top + y * scale, w * scale, h * scale];
  }

  /** Where the handles of a box are, by name. */
  handles(box) {
    const [x, y, w, h] = this.toScreen(box);
    const apart = Math.min(w, h) < SMALL ? APART * this._unit : 0;
    const [left, top, width, height] = [x - apart, y - apart, w + 2 * apart, h + 2 * apart];
    return Object.fromEntries(
      Object.entries(HANDLES).map(([name, at]) => [
        name,
        { x: left + at.x * width, y: top + at.y * height },
      ]),
    );
  }

  _moved() {
    this.fitted = false;
    const { width, height } = this.size;
    const margin = 40; // of the frame that stays on the canvas
    this.left = Math.min(Math.max(this.left, margin - width * this.scale), this.width - margin);
    this.top = Math.min(Math.max(this.top, margin - height * this.scale), this.height - margin);
    this.onMove();
  }

  _resized() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.max(1, Math.round(this.width * ratio));
    this.canvas.height = Math.max(1, Math.round(this.height * ratio));
    if (this.fitted) this.fit();
    else this._moved();
  }

  /** Paint a scene: {picture, tone, boxes, proposals, draft}. */
  draw(scene) {
    const context = this._context;
    const ratio = this.canvas.width / Math.max(1, this.width);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#0a0c0f";
    context.fillRect(0, 0, this.width, this.height);
    if (!scene.picture?.bitmap) return;
    this._unit = this.unit;
    this._picture(scene);
    if (this.scale >= GRID_FROM) this._grid();
    for (const each of scene.boxes) this._box(each);
    scene.proposals.forEach((each, i) => this._proposal(each, i));
    if (scene.draft) this._draft(scene.draft);
    if (scene.cross) this._cross(scene.cross);
    Object.assign(this.canvas.dataset, { scale: this.scale, left: this.left, top: this.top });
  }

  _picture({ picture, tone }) {
    const context = this._context;
    context.imageSmoothingEnabled = this.scale < SMOOTH_BELOW;
    context.imageSmoothingQuality = "high";
    const { width, height } = this.size;
    const [x, y, w, h] = this.toScreen([0, 0, width, height]);
    context.drawImage(toned(picture, tone), x, y, w, h);
  }

  _grid() {
    const context = this._context;
    const from = this.toFrame(0, 0);
    const to = this.toFrame(this.width, this.height);
    context.beginPath();
    const { width, height } = this.size;
    for (let x = Math.max(0, Math.ceil(from.x)); x <= Math.min(width, to.x); x += 1) {
      const at = Math.round(this.left + x * this.scale) + 0.5;
      context.moveTo(at, Math.max(0, this.top));
      context.lineTo(at, Math.min(this.height, this.top + height * this.scale));
    }
    for (let y = Math.max(0, Math.ceil(from.y)); y <= Math.min(height, to.y); y += 1) {
      const at = Math.round(this.top + y * this.scale) + 0.5;
      context.moveTo(Math.max(0, this.left), at);
      context.lineTo(Math.min(this.width, this.left + width * this.scale), at);
    }
    context.lineWidth = 1;
    context.strokeStyle = "rgb(128 140 160 / 0.28)";
    context.stroke();
  }

  /** {id, box, label, human, occluded, unsure, live, old, selected} */
  _box(each) {
    const context = this._context;
    const rect = this.toScreen(each.box);
    const colour = overPicture(each.id);
    context.globalAlpha = each.old ? 0.45 : 1;
    context.setLineDash([]);
    const unit = this._unit;
    context.lineWidth = unit * (each.selected ? 4.5 : 3.5);
    context.strokeStyle = "rgb(0 0 0 / 0.6)";
    context.strokeRect(...rect);
    if (each.occluded) this._hatch(rect, colour);
    context.setLineDash((each.human ? [] : each.live ? [2, 3] : [7, 4]).map((part) => part * unit));
    context.lineWidth = unit * (each.selected ? 2.5 : 1.5);
    context.strokeStyle = colour;
    context.strokeRect(...rect);
    context.setLineDash([]);
    if (each.selected && !each.live) this._handles(each.box, colour);
    this._label(each, rect, colour);
    context.globalAlpha = 1;
  }

  _hatch([x, y, w, h], colour) {
    const context = this._context;
    context.save();
    context.beginPath();
    context.rect(x, y, w, h);
    context.clip();
    context.beginPath();
    for (let at = -h; at < w; at += 6) {
      context.moveTo(x + at, y + h);
      context.lineTo(x + at + h, y);
    }
    context.lineWidth = 1;
    context.strokeStyle = colour;
    context.globalAlpha *= 0.7;
    context.stroke();
    context.restore();
  }

  _handles(box, colour) {
    const context = this._context;
    const side = HANDLE * this._unit;
    for (const { x, y } of Object.values(this.handles(box))) {
      context.fillStyle = "#0a0c0f";
      context.fillRect(x - side / 2 - 1, y - side / 2 - 1, side + 2, side + 2);
      context.fillStyle = colour;
      context.fillRect(x - side / 2, y - side / 2, side, side);
    }
  }

  _label({ label, selected, box, live }, [x, y, , h], colour) {
    const context = this._context;
    const unit = this._unit;
    context.font = `${selected ? 600 : 500} ${12 * unit}px system-ui, sans-serif`;
    const wide = context.measureText(label).width + 12 * unit;
    const high = 18 * unit;
    const handles = selected && !live ? this.handles(box) : null;
    const apart = (handles ? HANDLE / 2 + 4 : 4) * unit;
    const above = (handles?.n.y ?? y) - apart - high;
    const top = above >= 0 ? above : (handles?.s.y ?? y + h) + apart;
    const left = Math.min(Math.max(x - 1, 2), Math.max(2, this.width - wide - 2));
    context.fillStyle = "rgb(10 12 15 / 0.78)";
    context.beginPath();
    context.roundRect(left, top, wide, high, 3 * unit);
    context.fill();
    context.fillStyle = colour;
    context.textBaseline = "middle";
    context.fillText(label, left + 6 * unit, top + 9.5 * unit);
  }

  _proposal({ box }, i) {
    const context = this._context;
    const [x, y, w, h] = this.toScreen(box);
    context.lineWidth = 1.5;
    context.setLineDash([1, 3]);
    context.strokeStyle = "#ffffff";
    context.strokeRect(x - 2, y - 2, w + 4, h + 4);
    context.setLineDash([]);
    context.fillStyle = "#ffffff";
    context.beginPath();
    context.arc(x + w + 12, y, 9, 0, 2 * Math.PI);
    context.fill();
    context.fillStyle = "#0a0c0f";
    context.font = "600 12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "center";
    context.fillText(String(i + 1), x + w + 12, y + 0.5);
    context.textAlign = "start";
  }

  _draft({ box, id }) {
    const context = this._context;
    const rect = this.toScreen(box);
    context.lineWidth = 3.5;
    context.strokeStyle = "rgb(0 0 0 / 0.6)";
    context.strokeRect(...rect);
    context.lineWidth = 1.5;
    context.strokeStyle = overPicture(id);
    context.strokeRect(...rect);
    const [x, y, w, h] = box.map((side) => Math.round(side * 10) / 10);
    this._label({ label: `${w} × ${h} at ${x}, ${y}`, box }, rect, overPicture(id));
  }

  _cross({ x, y }) {
    const context = this._context;
    context.beginPath();
    context.moveTo(0, y + 0.5);
    context.lineTo(this.width, y + 0.5);
    context.moveTo(x + 0.5, 0);
    context.lineTo(x + 0.5, this.height);
    context.lineWidth = 1;
    context.strokeStyle = "rgb(255 255 255 / 0.35)";
    context.stroke();
  }
}
