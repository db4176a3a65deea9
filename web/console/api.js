// The public HTTP API: a call for each thing that the console does, and one kind of error.

import { askForKey, authorization } from "./access.js";

/** What the server, or the way to it, said no with. `status` is 0 where nobody answered. */
export class Problem extends Error {
  constructor(status, said = {}, delay = null) {
    super(said.detail ?? said.title ?? "The server cannot be reached.");
    this.status = status;
    this.code = said.code ?? "unreachable";
    this.delay = delay;
  }

  /** Whether the same request may be served later. */
  get passing() {
    return this.status === 0 || [429, 502, 503, 504].includes(this.status);
  }
}

/** Ask for `path`, with the key where there is one; the response, whatever its kind, once it is no error. */
export async function request(path, options = {}) {
  const sent = authorization();
  let response;
  try {
    response = await fetch(path, { ...options, headers: { ...options.headers, ...sent } });
  } catch (error) {
    throw error.name === "AbortError" ? error : new Problem(0);
  }
  if (response.status === 401 && (await askForKey(sent.Authorization ?? null))) return request(path, options);
  if (!response.ok) {
    const said = await response.json().catch(() => ({ title: response.statusText }));
    throw new Problem(response.status, said, Number(response.headers.get("Retry-After")) || null);
  }
  return response;
}

async function call(method, path, body, headers = {}) {
  const options = { method, headers };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = { "Content-Type": "application/json", ...headers };
  }
  const response = await request(path, options);
  return response.status === 204 ? null : response.json();
}

/** The calls about one session. */
export function sessionApi(name) {
  const base = `v1/sessions/${encodeURIComponent(name)}`;
  return {
    state: () => call("GET", base),
    transcript: (after, limit) => call("GET", `${base}/history?view=transcript&after=${after}&limit=${limit}`),
    context: () => call("GET", `${base}/history?view=context`),
    post: (text, key) => call("POST", `${base}/messages`, { text }, { "Idempotency-Key": key }),
    reply: (id) => call("GET", `${base}/replies/${id}`),
    cancel: (id) => call("POST", `${base}/replies/${id}/cancel`),
    compact: () => call("POST", `${base}/compact`),
    restore: () => call("POST", `${base}/restore`),
    configure: (settings) => call("PUT", base, settings),
    erase: () => call("DELETE", base),
    events: (id) => `${base}/replies/${id}/events`,
    media: async (sha256) => (await request(`${base}/media/${sha256}`)).blob(),
  };
}

export const deployment = () => call("GET", "v1/deployment");
