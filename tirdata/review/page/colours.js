// Eight colours that people with any kind of colour vision tell apart (after Okabe and Ito, lightened
// for dark ground; darkened for light ground), and what is read from the style sheet.

const ON_DARK = ["#5bbcf2", "#f5a623", "#2fd3a0", "#f4e957", "#e08fc0", "#ff7a3d", "#7f9cff", "#e6e6e6"];
const ON_LIGHT = ["#0072b2", "#b36b00", "#00805c", "#857a00", "#a8447f", "#c24a00", "#3f51c9", "#4a4a4a"];

/** A track's colour over a picture, which is always dark ground. */
export const overPicture = (id) => ON_DARK[id % ON_DARK.length];

/** A track's colour on the page. */
export const onPage = (id) => (isLight() ? ON_LIGHT : ON_DARK)[id % ON_DARK.length];

export const isLight = () => document.documentElement.dataset.theme === "light";

const tokens = new Map();

/** The value of a custom property of the page; asked for once a theme, for it is slow. */
export function token(name) {
  const key = `${document.documentElement.dataset.theme} ${name}`;
  let value = tokens.get(key);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    tokens.set(key, value);
  }
  return value;
}
