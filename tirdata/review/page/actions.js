// All that can be done, with its keys: buttons, shortcuts and the map of keys come from here.

const GROUPS = ["Go", "Say", "Look", "Sequence"];
const SHOWN = 2; // keys of one action in the map
const ARROWS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Space: "Space" };

/** [id, group, keys, words, what it does, button's words or icon] */
const LIST = [
  ["back", "Go", ["ArrowLeft"], "Previous frame", (app) => app.player.step(-1), "step-back"],
  ["forward", "Go", ["ArrowRight"], "Next frame", (app) => app.player.step(1), "step"],
  ["back-10", "Go", ["Shift+ArrowLeft"], "10 frames back", (app) => app.player.step(-10), "skip-back"],
  ["forward-10", "Go", ["Shift+ArrowRight"], "10 frames on", (app) => app.player.step(10), "skip"],
  ["first", "Go", ["Home"], "First frame", (app) => app.player.step(-1e9), "first"],
  ["last", "Go", ["End"], "Last frame", (app) => app.player.step(1e9), "last"],
  ["play", "Go", ["Space"], "Play or pause", (app) => app.player.toggle(1), "play"],
  ["play-back", "Go", ["Shift+Space"], "Play backwards", (app) => app.player.toggle(-1)],
  ["slower", "Go", ["["], "Slower", (app) => app.player.faster(-1), "slower"],
  ["faster", "Go", ["]"], "Faster", (app) => app.player.faster(1), "faster"],
  ["next-doubtful", "Go", ["J", "ArrowDown"], "Next doubtful frame", (app) => app.going.doubtful(1), "Doubt ›"],
  ["previous-doubtful", "Go", ["K", "ArrowUp"], "Previous doubtful frame", (app) => app.going.doubtful(-1), "‹ Doubt"],
  ["next-key", "Go", ["."], "Next box of a person", (app) => app.going.key(1), "Key ›"],
  ["previous-key", "Go", [","], "Previous box of a person", (app) => app.going.key(-1), "‹ Key"],
  ["suggest", "Go", ["G"], "Where a box would help most", (app) => app.going.suggest(), "Suggest"],

  ["new", "Say", ["N"], "Draw a new object", (app) => app.review.begin(null), "New"],
  ["draw", "Say", ["B"], "Draw the box of this track here", (app) => app.review.redraw(), "Box"],
  ["adjust", "Say", ["E"], "Adjust by arrow keys: 1 px, Shift 10 px, Ctrl size", (app) => app.adjust(), "Adjust"],
  ["accept", "Say", ["A"], "Accept the box", (app) => app.review.accept(), "Accept"],
  ["accept-next", "Say", ["Shift+A", "Enter"], "Accept and go to the next doubtful frame", (app) => app.acceptNext(), "Accept ›"],
  ["occluded", "Say", ["O"], "Occluded in this frame, or not", (app) => app.review.occluded(), "Occluded"],
  ["occluded-span", "Say", ["Shift+O"], "Occluded from here … to here", (app) => app.review.occludedSpan(), "Span"],
  ["end", "Say", ["X"], "End the track: gone from here on", (app) => app.review.end(), "End"],
  ["class", "Say", ["C"], "Change the class", (app) => app.review.rename(), "Class"],
  ["delete-box", "Say", ["Delete", "Backspace"], "Delete the box", (app) => app.review.deleteBox(), "Delete box"],
  ["delete-track", "Say", ["Shift+Delete", "Shift+Backspace"], "Delete the track", (app) => app.review.deleteTrack(), "Delete track"],
  ["candidates", "Say", ["P"], "Propose boxes in this frame; 1–5 take one", (app) => app.review.propose(), "Propose"],
  ["undo", "Say", ["Ctrl+Z", "U"], "Undo", (app) => app.review.undo(), "undo"],
  ["redo", "Say", ["Ctrl+Shift+Z", "Ctrl+Y", "Shift+U"], "Redo", (app) => app.review.redo(), "redo"],

  ["next-track", "Look", ["T"], "Choose the next track", (app) => app.review.nextTrack(1), "Next"],
  ["previous-track", "Look", ["Shift+T"], "Choose the previous track", (app) => app.review.nextTrack(-1), "Prev"],
  ["target", "Look", ["Z"], "Zoom to the box", (app) => app.target(), "Target"],
  ["follow", "Look", ["Shift+Z"], "Keep the box in the middle", (app) => app.toggle("follow"), "Follow"],
  ["fit", "Look", ["F", "0"], "Whole frame", (app) => app.fit(), "Fit"],
  ["zoom-in", "Look", ["+", "="], "Closer", (app) => app.zoom(1.25), "plus"],
  ["zoom-out", "Look", ["-"], "Further", (app) => app.zoom(0.8), "minus"],
  ["hide", "Look", ["H"], "Hide the boxes, or show them", (app) => app.toggle("hidden"), "Hide"],
  ["auto-tone", "Look", ["V"], "Stretch the contrast of each frame", (app) => app.toggleTone("auto"), "Stretch"],
  ["invert", "Look", ["I"], "Black-hot, or white-hot", (app) => app.toggleTone("invert"), "Invert"],
  ["plain-tone", "Look", ["Shift+V"], "The picture as it is", (app) => app.plainTone(), "Plain"],
  ["theme", "Look", ["L"], "Light or dark", (app) => app.theme(), "theme"],

  ["next-sequence", "Sequence", ["PageDown"], "Next sequence of the queue", (app) => app.go(1), "next"],
  ["previous-sequence", "Sequence", ["PageUp"], "Previous sequence", (app) => app.go(-1), "previous"],
  ["reviewed", "Sequence", ["R"], "Reviewed, or not", (app) => app.review.reviewed(), "Reviewed"],
  ["reviewed-next", "Sequence", ["Shift+R"], "Reviewed, and on to the next", (app) => app.reviewedNext()],
  ["queue", "Sequence", ["Q", "/"], "To the queue", (app) => app.toQueue(), "Queue"],
  ["propagate", "Sequence", ["M"], "Propagate what is not up to date", (app) => app.propagate(), "Propagate"],
  ["cancel", "Sequence", ["Shift+M"], "Stop the propagation", (app) => app.cancel(), "Stop"],
  ["retry", "Sequence", [], "Try again now", (app) => app.outbox.retry(), "Now"],
  ["help", "Sequence", ["?"], "Keys: this map", (app) => app.help(), "help"],
];

const ICONS = {
  "step-back": "M14 5v14l-9-7zM17 5h2v14h-2z", step: "M10 5v14l9-7zM5 5h2v14H5z",
  "skip-back": "M12 5v14l-8-7zM20 5v14l-8-7z", skip: "M4 5v14l8-7zM12 5v14l8-7z",
  first: "M20 5v14L9 12zM5 5h2.500v14H5z", last: "M4 5v14l11-7zM16.500 5H19v14h-2.500z",
  play: "M7 4v16l13-8z", pause: "M6 5h4v14H6zM14 5h4v14h-4z",
  slower: "M5 11h14v2H5z", faster: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z",
  plus: "M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z", minus: "M5 11h14v2H5z",
  undo: "M9 4 3.500 9.500 9 15v-4h5a4 4 0 0 1 0 8h-4v2h4a6 6 0 0 0 0-12H9z",
  redo: "M15 4l5.500 5.500L15 15v-4h-5a4 4 0 0 0 0 8h4v2h-4a6 6 0 0 1 0-12h5z",
  theme: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2v14a7 7 0 0 1 0-14z",
  help: "M11 16h2v2.500h-2zM12 5a4.500 4.500 0 0 0-4.500 4.500h2a2.500 2.500 0 1 1 3.700 2.200C11.800 12.500 11 13.200 11 15h2c0-1 .5-1.300 1.400-1.900A4.500 4.500 0 0 0 12 5z",
  next: "M12 17 4 9l1.500-1.500L12 14l6.500-6.500L20 9z", previous: "M12 7l8 8-1.500 1.500L12 10l-6.500 6.500L4 15z",
};

export const ACTIONS = new Map(
  LIST.map(([id, group, keys, words, run, face]) => [id, { id, group, keys, words, run, face }]),
);

/** A key as people read it. */
export const shown = (key) =>
  key
    .split("+")
    .map((part) => ARROWS[part] ?? { Delete: "Del", Backspace: "⌫", PageDown: "PgDn", PageUp: "PgUp", "": "+" }[part] ?? part)
    .filter((part, i, all) => !(part === "+" && i > 0 && all[i - 1] === "+"))
    .join(" ");

/** The name of a pressed key, as in the list: "Ctrl+Shift+Z", "?", "ArrowLeft". */
export function pressed(event) {
  let { key } = event;
  if (key === " ") key = "Space";
  if (key.length === 1 && key.charCodeAt(0) > 127 && event.code.startsWith("Key")) key = event.code[3];
  const letter = /^[a-z]$/i.test(key);
  if (letter) key = key.toUpperCase();
  const shift = event.shiftKey && (letter || key.length > 1) ? "Shift+" : "";
  return (event.ctrlKey || event.metaKey ? "Ctrl+" : "") + shift + key;
}

const byKey = new Map(LIST.flatMap(([id, , keys]) => keys.map((key) => [key, id])));

/** What a key does. */
export const actionOf = (key) => ACTIONS.get(byKey.get(key));

/** An icon of the list. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** Give every button its face, name, key and work. */
export function dressButtons(app) {
  for (const button of document.querySelectorAll("[data-action]")) {
    const action = ACTIONS.get(button.dataset.action);
    const [first] = action.keys;
    button.type = "button";
    button.title = first ? `${action.words} (${action.keys.map(shown).join(" or ")})` : action.words;
    if (first) button.setAttribute("aria-keyshortcuts", first.replace("Ctrl", "Control"));
    const face = action.face.replace(/[‹›]/g, "").trim();
    const named = face in ICONS || action.words === face;
    button.setAttribute("aria-label", named ? action.words : `${face}: ${action.words}`);
    if (action.face in ICONS) button.append(icon(action.face));
    else {
      const words = document.createElement("span");
      words.textContent = action.face;
      button.append(words);
      if (first && !button.classList.contains("small")) {
        const key = document.createElement("kbd");
        key.textContent = shown(first).replace("Shift ", "⇧");
        key.setAttribute("aria-hidden", "true");
        button.append(key);
      }
    }
    // The focus stays where it is, so that Space goes on to play.
    button.addEventListener("mousedown", (event) => event.preventDefault());
    button.addEventListener("click", () => app.run(action));
  }
}

/** The map of keys, group by group. */
export function fillMap(element) {
  element.replaceChildren(
    ...GROUPS.map((group) => {
      const section = document.createElement("section");
      const head = document.createElement("h3");
      head.textContent = group;
      const list = document.createElement("dl");
      for (const { keys, words } of [...ACTIONS.values()].filter((each) => each.group === group)) {
        if (!keys.length) continue;
        const term = document.createElement("dt");
        for (const key of keys.slice(0, SHOWN)) {
          const kbd = document.createElement("kbd");
          kbd.textContent = shown(key);
          term.append(kbd, " ");
        }
        const what = document.createElement("dd");
        what.textContent = words;
        list.append(term, what);
      }
      section.append(head, list);
      return section;
    }),
  );
}
