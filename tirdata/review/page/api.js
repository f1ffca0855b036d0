// Talks to the server; what it may answer is in docs/review-api.md.

/** An answer that says no. */
export class Refused extends Error {
  constructor(status, kind, message, state = null) {
    super(message);
    Object.assign(this, { status, kind, state });
  }
}

/** No answer at all: the server is not there, or the line is down. */
export class Unreachable extends Error {}

const WAIT_MS = 30_000;
const KEEP_ALIVE_BYTES = 50_000; // browsers refuse more in a request that outlives its page

async function send(method, path, body, signal) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const options = { method, signal, cache: "no-store", credentials: "same-origin" };
  if (text !== undefined) {
    options.body = text;
    options.headers = { "content-type": "application/json" };
    options.keepalive = text.length < KEEP_ALIVE_BYTES;
  }
  try {
    return await fetch(path, options);
  } catch (error) {
    if (signal?.aborted && signal.reason?.name !== "TimeoutError") throw error;
    throw new Unreachable("the server does not answer");
  }
}

/** The refusal in an answer that is not 2xx. */
export async function refusal(answer) {
  try {
    const { error, state } = await answer.json();
    return new Refused(answer.status, error.kind, error.message, state ?? null);
  } catch {
    return new Refused(answer.status, "internal", `the server answered ${answer.status}`);
  }
}

async function ask(method, path, body) {
  const answer = await send(method, path, body, AbortSignal.timeout(WAIT_MS));
  if (!answer.ok) throw await refusal(answer);
  try {
    return await answer.json();
  } catch {
    throw new Unreachable("the answer broke off");
  }
}

const at = (name) => `/api/sequences/${encodeURIComponent(name)}`;

export const getDataset = () => ask("GET", "/api/dataset");
export const getQueue = (query) => ask("GET", `/api/queue?${new URLSearchParams(query)}`);
export const getSequence = (name, tracks = null) =>
  ask("GET", at(name) + (tracks === null ? "" : `?tracks=${tracks.join(",")}`));
export const getDoubtful = (name, frame, step) =>
  ask("GET", `${at(name)}/doubtful?frame=${frame}&step=${step}`);
export const getSuggestions = (name) => ask("GET", `${at(name)}/suggest?count=5`);
export const getCandidates = (name, frame) => ask("GET", `${at(name)}/candidates?frame=${frame}`);
export const post = (name, verb, body) => ask("POST", `${at(name)}/${verb}`, body);
export const eventsOf = (name) => new EventSource(`${at(name)}/events`);
export const frameOf = (name, index, hash, signal) =>
  fetch(`${at(name)}/frames/${index}/${hash}`, { signal, credentials: "same-origin" });
