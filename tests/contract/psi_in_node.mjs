// One line of JSON in, [counts, ratios, referenceRows, limit]; one out: the index, and the verdict.
import { createInterface } from "node:readline";

import { judgeDrift, measureDrift, measurePsi } from "./drift.js";

const GAUGE = "lathe_score_reference_ratio";

function measureFromMetrics(counts, ratios, referenceRows) {
  const sampled = (values) => values.map((value, bin) => ({ labels: { bin: String(bin) }, value }));
  const metrics = new Map([
    ["lathe_score_rows_total", sampled(counts)],
    [GAUGE, sampled(ratios)],
    ["lathe_score_reference_rows", [{ labels: {}, value: referenceRows }]],
  ]);
  return measureDrift(metrics)[0].index;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [counts, ratios, referenceRows, limit] = JSON.parse(line);
  const index = measurePsi(counts, ratios, referenceRows);
  const fromMetrics = measureFromMetrics(counts, ratios, referenceRows);
  console.log(JSON.stringify({ ...index, verdict: judgeDrift(index, limit), fromMetrics: fromMetrics.corrected }));
}
