// Everything around the canvas that tells how things stand, brought up to date in one place.

import { onPage } from "./colours.js";
import { icon } from "./actions.js";
import { keyFrames } from "./edits.js";
import { UNSURE_BELOW } from "./review.js";

const get = (id) => document.getElementById(id);
const percent = (share) => `${Math.round(100 * share)} %`;

/** Set a text only where it changes: the page is not laid out anew at every frame. */
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const press = (action, on) => {
  for (const each of document.querySelectorAll(`[data-action="${action}"]`))
    each.setAttribute("aria-pressed", String(on));
};

const enable = (action, on) => {
  for (const each of document.querySelectorAll(`[data-action="${action}"]`))
    each.setAttribute("aria-disabled", String(!on));
};

/** What a track is in a frame, in words. */
export function wordsOf(review, track) {
  const shown = review.shownBox(track);
  if (!shown) return review.absence(track);
  const parts = [];
  if (shown.human) parts.push("by hand");
  else if (shown.live) parts.push(`tracking ${percent(shown.confidence)}`);
  else if (shown.old) parts.push("old, waiting");
  else parts.push(shown.confidence === null ? "machine" : `machine ${percent(shown.confidence)}`);
  if (shown.occluded) parts.push("occluded");
  return parts.join(", ");
}

export class Panel {
  constructor(app) {
    this.app = app;
    this._rows = new Map(); // track → {item, lane}
    for (const input of get("sides").querySelectorAll("input"))
      input.addEventListener("change", () => this._typed(input));
  }

  paint() {
    const { store, review } = this.app;
    this._save();
    this._top();
    if (!store.base) return;
    this._tracks();
    this._box();
    this._transport();
    this._work();
    this._problems();
    press("adjust", review.mode === "adjust");
    press("occluded-span", Boolean(review.spanFrom));
    press("candidates", review.proposals.length > 0);
    this._hint();
    this._proposals();
  }

  _top() {
    const { store, settings } = this.app;
    const { base } = store;
    press("follow", settings.follow);
    press("hide", settings.hidden);
    press("auto-tone", settings.tone.auto);
    press("invert", settings.tone.invert);
    if (!base) return;
    put(get("title"), base.title || base.sequence);
    put(get("name"), base.title ? base.sequence : "");
    press("reviewed", base.reviewed);
    for (const verb of ["undo", "redo"]) {
      enable(verb, base[verb] !== null || this.app.outbox.of(base.sequence).length > 0);
      const words = `${verb === "undo" ? "Undo" : "Redo"}: ${base[verb] ?? "nothing"}`;
      for (const each of document.querySelectorAll(`[data-action="${verb}"]`)) each.title = words;
    }
  }

  _save() {
    const { outbox, store } = this.app;
    const box = get("save");
    const { count } = outbox;
    const states = {
      failed: () => `${count} not saved yet: ${outbox.fault}; trying again`,
      saving: () => "Saving…",
      away: () => "Saved; no connection, trying again",
      saved: () => "Saved",
    };
    let state = count ? "saving" : "saved";
    if (count && outbox.fault) state = "failed";
    else if (!count && store.base && !store.linked && !document.hidden) state = "away";
    if (box.dataset.state !== state) box.dataset.state = state;
    put(get("save-text"), states[state]());
    box.title = states[state]();
    box.querySelector("button").hidden = state !== "failed";
  }

  _tracks() {
    const { store, review } = this.app;
    for (const [id, { item, lane }] of this._rows)
      if (!store.tracks.has(id)) {
        item.remove();
        lane.remove();
        this._rows.delete(id);
      }
    for (const track of store.tracks.values()) {
      const { item, lane } = this._rows.get(track.id) ?? this._newRow(track.id);
      const [swatch, name, what] = item.firstChild.children;
      swatch.style.background = lane.firstChild.style.background = onPage(track.id);
      put(name, `${track.class} ${track.id}`);
      put(lane.lastChild, `${track.class} ${track.id}`);
      put(what, wordsOf(review, track));
      const chosen = track.id === review.selected;
      item.firstChild.setAttribute("aria-pressed", String(chosen));
      lane.style.height = `${this.app.timeline.row}px`;
      lane.classList.toggle("chosen", chosen);
      const { box, human, confidence } = review.shownBox(track) ?? {};
      item.classList.toggle("unsure", Boolean(box && !human && confidence < UNSURE_BELOW));
      item.firstChild.title = `${keyFrames(track).length} boxes by hand`;
    }
    get("tracks").dataset.empty = String(store.tracks.size === 0);
  }

  _newRow(id) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.className = "track";
    button.dataset.track = id;
    for (const part of ["swatch", "track-name", "track-what"]) {
      const span = document.createElement("span");
      span.className = part;
      button.append(span);
    }
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => this.app.review.select(id));
    item.append(button);
    get("tracks").append(item);
    const lane = document.createElement("div");
    for (const part of ["swatch", "lane-name"]) {
      const span = document.createElement("span");
      span.className = part;
      lane.append(span);
    }
    get("rows").append(lane);
    const row = { item, lane };
    this._rows.set(id, row);
    return row;
  }

  _box() {
    const { review } = this.app;
    const { track } = review;
    const shown = track && review.shownBox(track);
    const box = review.draft?.box ?? shown?.box;
    const words = track ? `${track.class} ${track.id}: ${wordsOf(review, track)}` : "No track chosen";
    put(get("box-what"), words);
    for (const input of get("sides").querySelectorAll("input")) {
      if (input === document.activeElement) continue;
      const value = box ? String(Math.round(box[input.dataset.side] * 100) / 100) : "";
      if (input.value !== value) input.value = value;
      input.disabled = !box || !review.ready;
    }
    const occluded = track && shown?.occluded;
    press("occluded", Boolean(occluded));
    enable("accept", review.ready);
    for (const each of ["end", "class", "delete-box", "delete-track", "occluded", "occluded-span"])
      enable(each, review.ready && this.app.store.tracks.size > 0);
  }

  _typed(input) {
    const { review } = this.app;
    const track = review.track;
    const shown = track && review.shownBox(track);
    const value = Number(input.value);
    if (!shown || !review.ready || input.value === "" || !Number.isFinite(value)) return;
    const box = [...shown.box];
    box[input.dataset.side] = value;
    const { index: frame, hash } = this.app.player.shown;
    const edit = { do: "draw", track: track.id, frame, hash, box };
    this.app.store.say([edit], `correct ${track.class} ${track.id} in frame ${frame}`);
  }

  _transport() {
    const { player, store, view } = this.app;
    const frame = player.shown?.index ?? player.wanted;
    const input = get("frame");
    if (input !== document.activeElement) input.value = frame;
    input.max = store.count - 1;
    put(get("of"), `of ${store.count - 1}`);
    const seconds = store.base.times_s[frame];
    put(get("time"), seconds === undefined ? "" : `${seconds.toFixed(2)} s`);
    put(get("speed"), `${player.speed}×`);
    put(get("zoom"), percent(view.scale));
    const play = document.querySelector('[data-action="play"]');
    const face = player.playing ? "pause" : "play";
    if (play.dataset.face !== face) {
      play.dataset.face = face;
      play.replaceChildren(icon(face));
      play.setAttribute("aria-label", face === "play" ? "Play" : "Pause");
    }
    document.body.dataset.frame = player.shown?.index ?? "";
    document.body.dataset.sequence = store.base.sequence;
    document.body.dataset.busy = String(player.wanted !== player.shown?.index);
    const slider = get("timeline");
    slider.setAttribute("aria-valuemax", store.count - 1);
    slider.setAttribute("aria-valuenow", frame);
    slider.setAttribute("aria-valuetext", `frame ${frame} of ${store.count - 1}`);
  }

  _work() {
    const { store, dataset } = this.app;
    const { running } = store;
    get("work").hidden = !running;
    const waiting = [...store.tracks.values()].some((each) => each.pending.length);
    const again = document.querySelector('[data-action="propagate"]');
    again.hidden = Boolean(running) || !waiting || !dataset?.tracker;
    if (!running) return;
    get("work-bar").value = running.total ? running.done / running.total : 0;
    const name = store.tracks.get(running.track)?.class ?? "track";
    put(get("work-text"), `${name} ${running.track}: ${running.first}–${running.last}`);
  }

  _problems() {
    const { store, player } = this.app;
    const found = [...store.base.problems];
    if (store.base.xml.message && store.base.xml.state !== "edited") found.push(store.base.xml.message);
    if (player.shown?.error) found.push(player.shown.error);
    const key = found.join("\n");
    if (this._said === key) return;
    this._said = key;
    get("problem-section").hidden = found.length === 0;
    get("problems").replaceChildren(
      ...found.map((text) => {
        const item = document.createElement("li");
        item.textContent = text;
        return item;
      }),
    );
  }

  _hint() {
    const { review, store } = this.app;
    const hint = get("hint");
    const what = review.target === null ? "a new object" : (review._words?.(review.target) ?? "");
    const texts = {
      draw: `Draw ${what}: drag from corner to corner; Enter puts one in the middle; Esc leaves`,
      adjust: "Arrow keys move the box by 1 px, Shift by 10 px, Ctrl sizes it; Esc leaves",
    };
    let text = texts[review.mode] ?? "";
    if (review.spanFrom) {
      const what = review.spanFrom.value ? "Occluded" : "Visible";
      text = `${what} from frame ${review.spanFrom.frame}: go to the last one and press ⇧O again`;
    } else if (!text && store.tracks.size === 0 && review.ready)
      text = "Nobody has said anything here: press N and draw the first box";
    hint.hidden = text === "";
    put(hint, text);
  }

  _proposals() {
    const { review } = this.app;
    const box = get("proposals");
    box.hidden = review.proposals.length === 0;
    const key = JSON.stringify(review.proposals);
    if (box.dataset.key === key) return;
    box.dataset.key = key;
    box.replaceChildren(
      ...review.proposals.map(({ score }, i) => {
        const button = document.createElement("button");
        button.className = "small";
        button.textContent = `${i + 1}: ${percent(score)}`;
        button.setAttribute("aria-label", `Take proposed box ${i + 1}, score ${percent(score)}`);
        button.addEventListener("click", () => review.number(i + 1));
        return button;
      }),
    );
  }
}
