// Every call to the server: its key, its errors, and waiting when it asks to.

import { askForKey, readKey } from "./key.js";

const BUSY = [429, 503];
const MOST_TRIES = 6;
const LONGEST_WAIT_SECONDS = 30;

class ApiError extends Error {
  constructor(status, { code = "unreachable", message, field = null }) {
    super(message);
    Object.assign(this, { status, code, field });
  }
}

// Ends early when `signal` says so.
function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

// The response once it is a success. A 401 asks the person for a key and tries again.
// Throws ApiError, or AbortError if `signal` says so.
export async function call(
  path,
  { body, type = "application/json", accept = "application/json", extra = {}, signal } = {},
) {
  for (let tries = 1; ; tries += 1) {
    const key = readKey();
    const headers = { accept, ...extra, ...(body === undefined ? {} : { "content-type": type }) };
    if (key) headers.authorization = `Bearer ${key}`;
    const response = await send(path, { method: body === undefined ? "GET" : "POST", headers, body, signal });
    if (response.ok) return response;
    const error = await readError(response);
    if (response.status === 401 && (await askForKey(error.message))) continue;
    if (!BUSY.includes(response.status)) throw error;
    const seconds = readWait(response);
    if (tries === MOST_TRIES || seconds > LONGEST_WAIT_SECONDS) {
      error.message += ` Try again in ${seconds} s.`;
      throw error;
    }
    await wait(seconds, error.message, signal);
  }
}

// What the server asks for; it may be a date, which says no more here than a second.
function readWait(response) {
  const seconds = Number(response.headers.get("retry-after"));
  return seconds > 0 ? Math.ceil(seconds) : 1;
}

// Says why nothing happens meanwhile.
async function wait(seconds, message, signal) {
  const place = document.getElementById("waiting");
  place.textContent = `${message} Trying again in ${seconds} s.`;
  await sleep(seconds * 1000, signal);
  place.textContent = "";
}

async function send(path, options) {
  try {
    return await fetch(path, { ...options, cache: "no-store", redirect: "error" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, { message: "The server cannot be reached. Is it running, and is the network up?" });
  }
}

async function readError(response) {
  try {
    const { error } = await response.json();
    return new ApiError(response.status, error);
  } catch {
    return new ApiError(response.status, { code: "http_error", message: `The server answered ${response.status}.` });
  }
}

export const getJson = async (path) => (await call(path)).json();

export const postJson = async (path, content, extra = {}) =>
  (await call(path, { body: JSON.stringify(content), extra })).json();
