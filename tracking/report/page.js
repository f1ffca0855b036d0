"use strict";
// Sorts a table by a column, and points out one tracker everywhere on the page.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const value = (row, at) => {
    const text = row.cells[at].textContent.trim();
    return /^[\d.]+$/.test(text) ? Number(text) : text;
  };
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") !== "descending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [value(a, at), value(b, at)];
        const order = typeof x === "number" && typeof y === "number"
          ? x - y : String(x).localeCompare(String(y), "en", { numeric: true });
        return down ? -order : order;
      });
      body.append(...rows);
    });
  });
}
const main = document.querySelector("main");
let now = null;
document.addEventListener("pointerover", (event) => {
  const over = event.target.closest(".legend [data-t], .keys [data-t], .ranked tr[data-t]");
  const next = over ? over.dataset.t : null;
  if (next === now) return;
  now = next;
  for (const each of main.querySelectorAll(".hot")) each.classList.remove("hot");
  main.classList.toggle("pointing", now !== null);
  if (now !== null) for (const each of main.querySelectorAll(`[data-t="${now}"]`)) each.classList.add("hot");
});
