// The second view: a CSV file goes through the server piece by piece, and what comes back is summed up.

import { call } from "./api.js";
import { showResult } from "./batch_result.js";
import { find } from "./dom.js";
import { sliceFile } from "./slices.js";
import { Tally } from "./tally.js";
import { count, plural, scoreWords } from "./words.js";

let running = null;
let download = null; // the address of the last scored file, released before the next

export function startBatch(card) {
  const names = card.schema.columns.map((column) => column.name).join(", ");
  find("file-hint").textContent =
    `Its first line names the columns, by these names or the raw data's: ${names}. Others stay as they are.`;
  find("file").addEventListener("change", () => {
    const [file] = find("file").files;
    if (file) scoreFile(card, file);
  });
  find("stop").addEventListener("click", () => running?.abort());
  startDrop((file) => scoreFile(card, file));
}

function startDrop(take) {
  const drop = find("drop");
  const mark = (over) => (event) => {
    event.preventDefault();
    drop.classList.toggle("over", over);
  };
  drop.addEventListener("dragover", mark(true));
  drop.addEventListener("dragleave", mark(false));
  drop.addEventListener("drop", (event) => {
    mark(false)(event);
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}

async function scoreFile(card, file) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  const tally = new Tally(card);
  clearView(file);
  let trouble = "";
  try {
    await scoreSlices(file, tally, mine.signal);
  } catch (error) {
    trouble = error.name === "AbortError" ? "Stopped." : error.message;
  }
  if (running !== mine) return; // another file was taken meanwhile
  finish(card, file, tally, trouble);
}

const ANNOUNCED_SHARE = 0.25; // a screen reader announces every quarter, not every piece

async function scoreSlices(file, tally, signal) {
  let announced = 0;
  for await (const { body, done } of sliceFile(file)) {
    const response = await call("/v1/batch", { body, type: "text/csv", accept: "text/csv", signal });
    tally.add(new Uint8Array(await response.arrayBuffer()), JSON.parse(response.headers.get("x-lathe-summary")));
    signal.throwIfAborted();
    find("progress-bar").value = done;
    find("progress-text").textContent =
      `${file.name}: ${plural(tally.rows, "row")} scored, ${Math.round(done * 100)} %`;
    if (done >= announced + ANNOUNCED_SHARE && done < 1) {
      announced = done;
      find("batch-status").textContent = `${Math.round(done * 100)} % scored`;
    }
  }
}

function clearView(file) {
  if (download) URL.revokeObjectURL(download);
  download = null;
  find("file-error").textContent = "";
  find("file").removeAttribute("aria-invalid");
  find("batch-result").replaceChildren();
  find("progress-bar").value = 0;
  find("progress-text").textContent = `${file.name}: reading`;
  find("progress").hidden = false;
  find("batch-status").textContent = `Scoring ${file.name}`;
}

function finish(card, file, tally, trouble) {
  running = null;
  find("progress").hidden = true;
  find("file").value = ""; // the same file may be chosen again
  if (trouble) {
    const reached = tally.rows ? ` The first ${count(tally.rows)} rows are scored.` : "";
    find("file-error").textContent = trouble + reached;
    if (!tally.rows) find("file").setAttribute("aria-invalid", "true");
  }
  if (!tally.rows) {
    find("batch-status").textContent = "";
    if (!trouble) find("file-error").textContent = "The file has no rows below its first line.";
    return;
  }
  download = URL.createObjectURL(tally.file());
  const words = scoreWords(card);
  showResult(card, words, tally, { href: download, name: file.name.replace(/(\.csv)?$/i, "-scored.csv") });
  const risk = card.threshold === null ? "" : `, ${count(tally.atRisk)} ${words.decided.toLowerCase()}`;
  find("batch-status").textContent = `${plural(tally.rows, "row")} done${risk}, ${count(tally.rejected)} refused.`;
}
