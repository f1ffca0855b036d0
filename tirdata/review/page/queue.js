// The sequences of the dataset: a list that holds only the rows that are seen, a page at a time.

import { getQueue } from "./api.js";

export const ROW = 50;
const PAGE = 100;
const SLOW_MS = 5_000;
const QUICK_MS = 700; // while the server looks through the dataset for the first time
const TYPING_MS = 200;

export class Queue {
  /** `onOpen(name)` is called for the sequence that somebody chose. */
  constructor(list, onOpen) {
    this.total = 0;
    this.current = null;
    this.reviewed = 0;
    this.known = 0;
    this._list = list;
    this._all = list.querySelector(".queue-all");
    this._onOpen = onOpen;
    this._pages = new Map(); // number → items
    this._place = 0; // where the current one was when it was opened
    this._active = 0;
    this._behind = []; // names opened before
    this._rows = new Map(); // index → element
    this._epoch = 0;
    list.addEventListener("scroll", () => this._paint());
    list.addEventListener("click", (event) => this._click(event));
    list.addEventListener("keydown", (event) => this._key(event));
    new ResizeObserver(() => this._paint()).observe(list);
  }

  /** Called when the counts changed. */
  onCounts = () => {};

  start(query) {
    this._query = query;
    this._loop();
  }

  /** Other words, state or order. */
  ask(query) {
    this._query = query;
    clearTimeout(this._typing);
    this._typing = setTimeout(() => {
      this._list.scrollTop = 0;
      this._active = 0;
      this.refresh(true);
    }, TYPING_MS);
  }

  /** Ask anew for what is seen. */
  async refresh(all = false) {
    const epoch = ++this._epoch;
    if (all) this._pages.clear();
    const numbers = new Set(this._seen().map((index) => Math.floor(index / PAGE)));
    const found = await Promise.all(
      [...numbers].map(async (page) => [page, await this._get(page)]),
    );
    if (epoch !== this._epoch) return;
    this._pages = new Map(found.map(([page, { items }]) => [page, items]));
    this._counts(found[0]?.[1]);
    this._paint();
  }

  /** Which sequence comes `step` (1 or -1) after the current one, or null. */
  async beside(step) {
    if (step < 0 && this._behind.length) return this._behind.at(-1);
    const here = await this._item(this._place);
    const moved = step > 0 && here && here.sequence !== this.current;
    const place = moved ? this._place : this._place + step;
    const found = place >= 0 && place < this.total ? await this._item(place) : null;
    return found?.sequence ?? null;
  }

  /** The current sequence is another one. */
  async opened(name, back = false) {
    if (this.current === name) return;
    if (back) this._behind.pop();
    else if (this.current) this._behind.push(this.current);
    this.current = name;
    for (const [page, items] of this._pages) {
      const at = items.findIndex((each) => each.sequence === name);
      if (at >= 0) this._place = page * PAGE + at;
    }
    this._active = this._place;
    this._show(this._place);
    this._paint();
  }

  /** The first one there is. */
  async first() {
    return (await this._item(0))?.sequence ?? null;
  }

  async _item(index) {
    const page = Math.floor(index / PAGE);
    if (!this._pages.has(page)) {
      const found = await this._get(page);
      this._pages.set(page, found.items);
      this.total = found.total;
    }
    return this._pages.get(page)[index % PAGE];
  }

  _get(page) {
    return getQueue({ ...this._query, offset: page * PAGE, limit: PAGE });
  }

  _counts(found) {
    if (!found) return;
    this.total = found.total;
    this.known = found.known;
    this.onCounts(found);
  }

  async _loop() {
    let pause = SLOW_MS;
    try {
      if (!document.hidden) {
        await this.refresh();
        const done = await getQueue({ state: "reviewed", limit: 1 });
        this.reviewed = done.total;
        this.onCounts(done);
        pause = this.known < (this.size ?? 0) ? QUICK_MS : SLOW_MS;
      }
    } catch {
      pause = SLOW_MS; // whether the server is there is told elsewhere
    }
    setTimeout(() => this._loop(), pause);
  }

  _seen() {
    const first = Math.max(0, Math.floor(this._list.scrollTop / ROW) - 3);
    const count = Math.ceil(this._list.clientHeight / ROW) + 6;
    const last = this.total ? Math.min(first + count, this.total) : first + 1;
    return Array.from({ length: Math.max(1, last - first) }, (_, i) => first + i);
  }

  _paint() {
    this._all.style.height = `${this.total * ROW}px`;
    const seen = this._seen().filter((index) => index < this.total);
    const wanted = new Set(seen);
    for (const [index, row] of this._rows)
      if (!wanted.has(index)) {
        row.remove();
        this._rows.delete(index);
      }
    let missing = false;
    for (const index of seen) {
      const item = this._pages.get(Math.floor(index / PAGE))?.[index % PAGE];
      missing ||= !item;
      this._fill(this._rows.get(index) ?? this._row(index), index, item);
    }
    const active = this._rows.get(this._active);
    if (active) this._list.setAttribute("aria-activedescendant", active.id);
    else this._list.removeAttribute("aria-activedescendant");
    if (missing && !this._fetching) this._fetchSeen();
  }

  async _fetchSeen() {
    this._fetching = true;
    try {
      for (const index of this._seen()) if (index < this.total) await this._item(index);
    } catch {
      return; // the loop comes back to it
    } finally {
      this._fetching = false;
    }
    this._paint();
  }

  _row(index) {
    const row = document.createElement("div");
    row.className = "row";
    row.id = `queue-${index}`;
    row.setAttribute("role", "option");
    row.style.top = `${index * ROW}px`;
    row.innerHTML =
      '<span class="row-title"></span><span class="row-doubt"></span><span class="row-marks"></span>';
    this._all.append(row);
    this._rows.set(index, row);
    return row;
  }

  _fill(row, index, item) {
    const [title, doubt, marks] = row.children;
    row.setAttribute("aria-posinset", index + 1);
    row.setAttribute("aria-setsize", this.total);
    row.setAttribute("aria-selected", Boolean(item) && item.sequence === this.current);
    row.classList.toggle("active", index === this._active);
    row.classList.toggle("done", Boolean(item?.reviewed));
    row.classList.toggle("broken", Boolean(item?.error));
    const short = item?.sequence.replace(/^ILSVRC2015_/, "") ?? "…";
    title.textContent = item?.title || short;
    doubt.textContent = item?.doubt == null ? "" : doubtText(item);
    doubt.title = "Frames that are expected to be wrong";
    marks.textContent = item ? marksOf(item) : "";
    row.title = item?.error ?? `${title.textContent} (${item?.sequence ?? ""})`;
  }

  _click(event) {
    const row = event.target.closest(".row");
    if (!row) return;
    this._active = Number(row.id.slice(6));
    this._choose();
  }

  _key(event) {
    const page = Math.max(1, Math.floor(this._list.clientHeight / ROW) - 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -1e9, End: 1e9 };
    if (event.key in steps) {
      const to = this._active + steps[event.key];
      this._active = Math.min(Math.max(to, 0), Math.max(0, this.total - 1));
      this._show(this._active);
      this._paint();
    } else if (event.key === "Enter" || event.key === " ") this._choose();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async _choose() {
    const item = await this._item(this._active);
    if (item) this._onOpen(item.sequence);
  }

  _show(index) {
    const top = index * ROW;
    if (top < this._list.scrollTop) this._list.scrollTop = top;
    else if (top + ROW > this._list.scrollTop + this._list.clientHeight)
      this._list.scrollTop = top + ROW - this._list.clientHeight;
  }
}

function doubtText({ doubt, reviewed }) {
  if (reviewed) return "✓";
  return doubt >= 10 ? Math.round(doubt).toLocaleString("en") : doubt.toFixed(1);
}

function marksOf(item) {
  if (item.error) return "cannot be read";
  if (item.frames === null) return "";
  const parts = [`${item.frames} frames`];
  if (!item.tracks) parts.push("no track");
  else parts.push(`${item.human} by hand`);
  if (item.lost) parts.push(`${item.lost} lost`);
  if (item.pending) parts.push("waiting");
  if (item.title) parts.push(item.sequence.split("_").at(-1));
  return parts.join(" · ");
}
