// A large file as requests that any server and proxy takes: whole records, the header before each part.
//
// Each slice answered is progress that can be shown and stopped; proxies refuse long bodies (nginx: 1 MB).

import { recordEnds } from "./csv.js";

const SLICE_BYTES = 256 * 1024;
const LONGEST_RECORD_BYTES = 4 * 1024 * 1024;

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
        checkLength(held);
        continue;
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

function findCut(held) {
  const { last } = recordEnds(held, 0, SLICE_BYTES);
  if (last > 0) return last;
  const { first } = recordEnds(held, 0, held.length);
  if (first === 0) checkLength(held);
  return first;
}

function checkLength(held) {
  if (held.length <= LONGEST_RECORD_BYTES) return;
  throw new Error("A line of the file is longer than 4 MB: is a quotation mark never closed, or is it no CSV file?");
}

function join(one, other) {
  const joined = new Uint8Array(one.length + other.length);
  joined.set(one);
  joined.set(other, one.length);
  return joined;
}
