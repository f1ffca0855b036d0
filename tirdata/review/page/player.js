// Which frame is shown. What is asked for and what is shown are two things: a frame is shown, and
// its boxes with it, when its picture is decoded.

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8];
const USUAL_S = 0.04; // of a frame whose time is not known
const LONGEST_S = 1; // between two frames, however long the recording paused

export class Player {
  /** `onShow()` after another picture is shown, `onChange()` after anything else. */
  constructor(frames, onShow, onChange) {
    this.frames = frames;
    this.shown = null; // {index, hash, bitmap} or {index, hash, error}
    this.wanted = 0;
    this.playing = 0; // 1 forward, -1 backward
    this.speed = 1;
    this._onShow = onShow;
    this._onChange = onChange;
    this._asked = 0;
    this._answered = 0;
  }

  open(state, frame) {
    this.playing = 0;
    this.count = state.frames;
    this._times = state.times_s;
    this._asked += 1;
    this._answered = this._asked; // what is under way is of another sequence
    if (this.shown) this.shown.held = false;
    this.shown = null;
    this.frames.open(state.sequence, state.hashes);
    this.seek(frame);
  }

  /** Pictures changed on the disk, and the card says so. */
  refresh(state) {
    this._times = state.times_s;
    this.count = state.frames;
    this.frames.open(state.sequence, state.hashes);
    if (this.shown && this.shown.hash !== state.hashes[this.shown.index]) this.seek(this.wanted);
  }

  async seek(frame) {
    const to = Math.min(Math.max(Math.round(frame), 0), this.count - 1);
    const direction = to >= this.wanted ? 1 : -1;
    this.wanted = to;
    const ticket = ++this._asked;
    if (this.shown?.index !== to) this._onChange();
    const picture = await this.frames.want(to, this.playing || direction);
    if (!picture || ticket < this._answered) return;
    this._answered = ticket;
    this._show(picture);
  }

  step(by) {
    this.stop();
    this.seek(this.wanted + by);
  }

  toggle(direction = 1) {
    if (this.playing) {
      this.stop();
      return;
    }
    if (direction > 0 && this.wanted >= this.count - 1) this.seek(0);
    this.playing = direction;
    this._due = performance.now();
    requestAnimationFrame((now) => this._tick(now));
    this._onChange();
  }

  stop() {
    if (!this.playing) return;
    this.playing = 0;
    this._onChange();
  }

  faster(by) {
    const at = SPEEDS.indexOf(this.speed);
    this.speed = SPEEDS[Math.min(Math.max(at + by, 0), SPEEDS.length - 1)];
    this._onChange();
  }

  _tick(now) {
    if (!this.playing) return;
    let next = this.wanted;
    while (this._due <= now) {
      const after = next + this.playing;
      if (after < 0 || after >= this.count) break;
      this._due += (1000 * this._gap(next, after)) / this.speed;
      next = after;
    }
    const ended = next + this.playing < 0 || next + this.playing >= this.count;
    if (this.shown?.index !== this.wanted && !this.shown?.error) this._due = now; // it waits
    else if (next !== this.wanted) this.seek(next);
    if (ended && this.shown?.index === next) this.stop();
    else requestAnimationFrame((then) => this._tick(then));
  }

  _gap(a, b) {
    const gap = Math.abs(this._times[b] - this._times[a]);
    return gap > 0 ? Math.min(gap, LONGEST_S) : USUAL_S;
  }

  _show(picture) {
    if (this.shown) this.shown.held = false;
    picture.held = true;
    this.shown = picture;
    this._onShow();
  }
}
