// The API calls of the hosted pages, with timeouts and retries.
const TIMEOUT_MS = 10_000;
// Over a slow phone connection a zip of images takes longer than other calls.
const UPLOAD_TIMEOUT_MS = 60_000;
const WAITS_MS = [1000, 2000];

/** A call that failed. `status` 0 means that no answer came; `text` is what the API said, if anything. */
export class CallFailed extends Error {
  constructor(status, text = "", code = "") {
    super(`The call failed with ${status}`);
    this.status = status;
    this.text = text;
    this.code = code;
  }

  get isWorthAnotherTry() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export class Api {
  constructor(config) {
    const { environment, partner_details: partner, token } = config;
    const isNamed = !environment || ["sandbox", "live", "production"].includes(environment);
    // The simulator replaces all of the vendor's servers; any other value is an address, used as it is.
    this.base = isNamed ? window.location.origin : environment;
    this.partnerId = partner.partner_id;
    this.token = token;
  }

  get(path) {
    return call(`${this.base}${path}`, {});
  }

  async post(path, body) {
    const text = JSON.stringify(body);
    const headers = { "Content-Type": "application/json", ...(await this.#seal(text)) };
    return call(`${this.base}${path}`, { method: "POST", headers, body: text });
  }

  /** Sends partner and token in headers, as the document endpoints require. */
  withHeaders(path, options = {}) {
    const headers = { "SmileID-Partner-ID": this.partnerId, "SmileID-Token": this.token };
    return call(`${this.base}${path}`, { ...options, headers });
  }

  async put(address, blob) {
    const headers = { "Content-Type": "application/zip" };
    const answer = await attempt(address, { method: "PUT", headers, body: blob }, UPLOAD_TIMEOUT_MS);
    if (!answer.ok) throw new CallFailed(answer.status);
  }

  async #seal(text) {
    const { timestamp, mac } = await sealed(text, this.token);
    return {
      "SmileID-Partner-ID": this.partnerId,
      "SmileID-Request-Mac": mac,
      "SmileID-Request-Timestamp": timestamp,
    };
  }
}

/** A timestamp and a MAC over `text`. How the vendor computes it is not public; the simulator accepts any. */
export async function sealed(text, token) {
  const timestamp = new Date().toISOString();
  if (!window.crypto.subtle) return { timestamp, mac: "" }; // Only on https and localhost.
  const encoder = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(token), algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(timestamp + text));
  return { timestamp, mac: btoa(String.fromCharCode(...new Uint8Array(mac))) };
}

/** The JSON answer. An `error` in it means failure, whatever the status. */
export async function call(address, options) {
  const answer = await attempt(address, options, TIMEOUT_MS);
  let body;
  try {
    body = await answer.json();
  } catch {
    throw new CallFailed(answer.ok ? 502 : answer.status); // A gateway's page, or an answer cut short.
  }
  if (!answer.ok || body.error) throw new CallFailed(answer.status, body.error || "", String(body.code || ""));
  return body;
}

async function attempt(address, options, timeout) {
  const waits = [...WAITS_MS];
  for (;;) {
    try {
      return await fetch(address, { ...options, signal: AbortSignal.timeout(timeout) });
    } catch (error) {
      const wait = waits.shift();
      // A slow server may have done the work: only a broken connection is retried without asking.
      if (wait === undefined || error.name === "TimeoutError") throw new CallFailed(0);
      await new Promise((resolve) => { setTimeout(resolve, wait); });
    }
  }
}
