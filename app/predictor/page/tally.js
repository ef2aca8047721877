// What a batch comes to, kept small however many rows pass: counts, a histogram, the worst rows, refused ones.

import { scoreRange } from "./answer.js";
import { parseRecords, recordEnds } from "./csv.js";

const BINS = 20;
export const MOST_KEPT = 100;
const FIRST_ADDED = "score"; // the server's columns behind the file's own: score, decision, error, and further ones

const decoder = new TextDecoder();

export class Tally {
  constructor(card) {
    this.range = scoreRange(card);
    this.bins = new Array(BINS).fill(0);
    this.head = [];
    this.worst = []; // by score, highest first
    this.refused = [];
    this.reasons = new Map();
    this.parts = [];
    this.rows = this.atRisk = this.rejected = this.warned = this.quotedFormulas = 0;
  }

  get scored() {
    return this.rows - this.rejected;
  }

  // One answer of the server: CSV with its header, and its summary.
  add(bytes, summary) {
    const isFirst = this.parts.length === 0;
    this.quotedFormulas += summary.quoted_formulas;
    this.warned += summary.warned;
    this.parts.push(isFirst ? bytes : bytes.subarray(recordEnds(bytes, 0, bytes.length).first));
    const [head, ...records] = parseRecords(decoder.decode(bytes));
    const own = head.lastIndexOf(FIRST_ADDED);
    if (isFirst) this.head = head.slice(0, own);
    for (const record of records) this.addRecord(record.slice(0, own), record.slice(own));
  }

  addRecord(fields, [written, decision, error]) {
    this.rows += 1;
    if (error !== "") {
      this.refuse(fields, error);
      return;
    }
    const score = Number(written);
    if (decision === "true") this.atRisk += 1;
    const [low, high] = this.range;
    const bin = Math.floor(((score - low) / (high - low)) * BINS);
    this.bins[Math.min(Math.max(bin, 0), BINS - 1)] += 1;
    this.keepWorst({ row: this.rows, score, decision, fields });
  }

  keepWorst(entry) {
    const { worst } = this;
    if (worst.length === MOST_KEPT && entry.score <= worst.at(-1).score) return;
    let place = worst.length;
    while (place > 0 && worst[place - 1].score < entry.score) place -= 1;
    worst.splice(place, 0, entry);
    worst.length = Math.min(worst.length, MOST_KEPT);
  }

  refuse(fields, error) {
    this.rejected += 1;
    const reason = error.replace(/^\w+: /, ""); // the code is for programs
    this.reasons.set(reason, (this.reasons.get(reason) ?? 0) + 1);
    if (this.refused.length < MOST_KEPT) this.refused.push({ row: this.rows, reason, fields });
  }

  file() {
    return new Blob(this.parts, { type: "text/csv" });
  }
}
