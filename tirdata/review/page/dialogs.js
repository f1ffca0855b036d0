// The two dialogs: which class an object has, and the map of keys.

const SHOWN = 200;

/** Close buttons, and a click beside a dialog. */
export function dressDialogs() {
  for (const dialog of document.querySelectorAll("dialog")) {
    for (const button of dialog.querySelectorAll("[data-close]"))
      button.addEventListener("click", () => dialog.close());
    dialog.addEventListener("mousedown", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }
}

/** Lets a person choose a class by name; the ones used before stand first. */
export class ClassChooser {
  constructor(dialog, settings) {
    Object.assign(this, { _dialog: dialog, _settings: settings, _active: 0, _shown: [] });
    this._find = dialog.querySelector("input");
    this._list = dialog.querySelector("ul");
    this._find.addEventListener("input", () => this._filter());
    this._find.addEventListener("keydown", (event) => this._key(event));
    this._list.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row) this._take(row.dataset.name);
    });
    dialog.addEventListener("close", () => this._done?.(null));
    dialog.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  }

  /** The class that a person chose; null when none was. */
  ask(current, used) {
    this._current = current;
    this._used = [...new Set([...used, this._settings.lastClass])].filter(Boolean);
    this._find.value = "";
    this._find.placeholder = current || "Type a part of its name";
    this._filter();
    this._dialog.showModal();
    this._find.focus();
    return new Promise((resolve) => (this._done = resolve));
  }

  _filter() {
    const words = this._find.value.trim().toLowerCase();
    const { classes } = this._settings;
    const first = this._used.filter((each) => classes.includes(each));
    const all = [...first, ...classes.filter((each) => !first.includes(each))];
    const begins = all.filter((each) => each.toLowerCase().startsWith(words));
    const holds = all.filter((each) => !begins.includes(each) && each.toLowerCase().includes(words));
    this._shown = [...begins, ...holds].slice(0, SHOWN);
    this._active = 0;
    this._paint();
  }

  _paint() {
    this._list.replaceChildren(
      ...this._shown.map((name, i) => {
        const row = document.createElement("li");
        row.id = `class-${i}`;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", i === this._active);
        row.dataset.name = name;
        row.textContent = name;
        if (name === this._current) row.append(" (now)");
        return row;
      }),
    );
    const active = this._list.children[this._active];
    this._find.setAttribute("aria-activedescendant", active?.id ?? "");
    active?.scrollIntoView({ block: "nearest" });
  }

  _key(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      const count = Math.max(1, this._shown.length);
      this._active = (this._active + steps[event.key] + count) % count;
      this._paint();
    } else if (event.key === "Enter") {
      const name = this._shown[this._active];
      if (name) this._take(name);
    } else return;
    event.preventDefault();
  }

  _take(name) {
    this._done(name); // before the dialog's own event, which comes later and finds it settled
    this._dialog.close();
  }
}
