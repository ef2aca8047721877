// A large file as requests that any server and proxy takes: whole records, the header before each part.
// What is no CSV is sent as well, at least its beginning: the server says what it is, as it does for a small file.
//
// Each slice answered is progress that can be shown and stopped; proxies refuse long bodies (nginx: 1 MB).

import { recordEnds } from "./csv.js";

const NEWLINE = 0x0a;
const SLICE_BYTES = 256 * 1024;
const LONGEST_LINE_BYTES = 2 * 1024 * 1024; // more than the server takes

// Yields {body, done}: CSV bytes to send, and how much of the file (0 to 1) they reach.
// The last slice is not shorter than the others, unless it is the only one.
export async function* sliceFile(file) {
  let held = new Uint8Array(0);
  let header = null;
  let read = 0;
  for await (const chunk of readChunks(file)) {
    read += chunk.length;
    held = join(held, chunk);
    if (header === null) {
      const { first } = recordEnds(held, 0, held.length);
      if (first === 0) {
        if (held.length <= LONGEST_LINE_BYTES) continue;
        yield { body: held, done: read / file.size }; // the server refuses it
        return;
      }
      header = held.slice(0, first);
      held = held.slice(first);
    }
    while (held.length >= 2 * SLICE_BYTES) {
      const cut = findCut(held);
      if (cut === 0) break;
      yield { body: join(header, held.subarray(0, cut)), done: (read - held.length + cut) / file.size };
      held = held.slice(cut);
    }
  }
  yield { body: join(header ?? new Uint8Array(0), held), done: 1 };
}

async function* readChunks(file) {
  const reader = file.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}

// Where a slice may end: behind a record, or, if a quoted field is longer than the server takes, behind a line.
function findCut(held) {
  const { last } = recordEnds(held, 0, SLICE_BYTES);
  if (last > 0) return last;
  const line = held.lastIndexOf(NEWLINE, SLICE_BYTES - 1) + 1 || held.indexOf(NEWLINE) + 1;
  return line || (held.length > LONGEST_LINE_BYTES ? held.length : 0);
}

function join(one, other) {
  const joined = new Uint8Array(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}
