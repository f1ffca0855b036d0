// Runs of frames, as the server tells them: [[first, last], …], sorted, both included.

/** Whether a frame lies in one of the runs. */
export function within(runs, frame) {
  return runs.some(([first, last]) => first <= frame && frame <= last);
}

/** The runs less the frames first…last. */
export function without(runs, first, last) {
  const rest = [];
  for (const [a, b] of runs) {
    if (a < first) rest.push([a, Math.min(b, first - 1)]);
    if (b > last) rest.push([Math.max(a, last + 1), b]);
  }
  return rest;
}

/** The runs and the frames first…last, joined where they touch. */
export function including(runs, first, last) {
  const all = [...without(runs, first, last), [first, last]].sort((a, b) => a[0] - b[0]);
  const joined = [];
  for (const run of all) {
    const before = joined.at(-1);
    if (before && before[1] + 1 >= run[0]) before[1] = Math.max(before[1], run[1]);
    else joined.push([...run]);
  }
  return joined;
}
