// What a person chose on this page; kept in this browser.

const KEY = "tirdata-review-settings";
export const PLAIN_TONE = { contrast: 1, gamma: 1, auto: false, invert: false };
const USUAL = {
  theme: "dark",
  tone: PLAIN_TONE,
  speed: 1,
  lastClass: "",
  follow: false,
  hidden: false,
  singleKeys: true,
  state: "any",
  order: "doubt",
};

/** The settings; every change of one is kept. */
export function loadSettings() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    kept = {}; // whatever stood there, the usual ones are as good
  }
  const values = { ...USUAL, ...kept, hidden: false, tone: { ...PLAIN_TONE, ...kept.tone } };
  return new Proxy(
    { ...values, classes: [] },
    {
      set(target, name, value) {
        target[name] = value;
        const { classes: _, ...rest } = target;
        try {
          localStorage.setItem(KEY, JSON.stringify(rest));
        } catch {
          return true; // it holds until the page is closed
        }
        return true;
      },
    },
  );
}
