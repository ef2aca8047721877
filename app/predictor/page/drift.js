// Drift of one feature from counters: how far the rows that came lie from those of training, scores from those held out.
// The formula is contract/psi.py's; a test holds both against each other.

import { samples, sum } from "./prometheus.js";

export const FEWEST_ROWS = 50; // fewer say nothing
const SMOOTHING = 0.5; // rows added to each bin on both sides: an empty bin has no logarithm
const Z = 3; // standard errors on either side
const NOTHING = { rows: 0, psi: 0, bias: 0, standardError: Infinity, corrected: 0, low: -Infinity, high: Infinity };
const STEADY = 0.1;
const FAR = 0.25;

// The population stability index of live counts against a reference of `referenceRows` rows, corrected for chance.
export function measurePsi(counts, ratios, referenceRows) {
  const rows = sum(counts);
  if (rows <= 0) return NOTHING;
  const live = smooth(counts);
  const reference = smooth(ratios.map((ratio) => ratio * referenceRows));
  const spread = 1 / rows + 1 / referenceRows;
  const logs = live.map((share, index) => Math.log(share / reference[index]));
  const ofLive = logs.map((log, index) => log + 1 - reference[index] / live[index]);
  const ofReference = logs.map((log, index) => 1 - log - live[index] / reference[index]);
  const psi = sum(logs.map((log, index) => (live[index] - reference[index]) * log));
  const bias = (counts.length - 1) * spread;
  const standardError = Math.sqrt(
    variance(live, ofLive) / rows + variance(reference, ofReference) / referenceRows + 2 * bias * spread,
  );
  const corrected = psi - bias;
  const [low, high] = [corrected - Z * standardError, corrected + Z * standardError];
  return { rows, psi, bias, standardError, corrected, low, high };
}

// Shares that are nowhere 0.
function smooth(counts) {
  const total = sum(counts) + SMOOTHING * counts.length;
  return counts.map((count) => (count + SMOOTHING) / total);
}

function variance(shares, values) {
  const mean = sum(shares.map((share, index) => share * values[index]));
  return sum(shares.map((share, index) => share * (values[index] - mean) ** 2));
}

// Whether the index is above `limit` beyond chance, below it beyond chance, or could be either.
export function judgeDrift({ rows, low, high }, limit) {
  if (rows < FEWEST_ROWS) return "unknown";
  return low > limit ? "drift" : high < limit ? "none" : "unknown";
}

// [{feature, use, index}] of every feature and the score.
export function measureDrift(metrics) {
  return [
    ...measure(metrics, "lathe_feature_reference_ratio", "lathe_feature_rows_total", "lathe_reference_rows"),
    ...measure(metrics, "lathe_score_reference_ratio", "lathe_score_rows_total", "lathe_score_reference_rows"),
  ];
}

function measure(metrics, referenceName, countsName, rowsName) {
  const keyOf = ({ feature, bin }) => JSON.stringify([feature ?? null, bin]);
  const live = new Map(samples(metrics, countsName).map(({ labels, value }) => [keyOf(labels), value]));
  const referenceRows = samples(metrics, rowsName)[0]?.value;
  const groups = new Map();
  for (const { labels, value } of samples(metrics, referenceName)) {
    const group = groups.get(labels.feature) ?? {
      feature: labels.feature ?? null,
      use: labels.drift ?? "show", // the score's
      reference: [],
      counts: [],
    };
    group.reference.push(value);
    group.counts.push(live.get(keyOf(labels)) ?? 0);
    groups.set(labels.feature, group);
  }
  return [...groups.values()].map(({ feature, use, reference, counts }) => ({
    feature,
    use,
    index: measurePsi(counts, reference, referenceRows),
  }));
}

// In words, by the bounds that are usual for this index.
export function describeDrift(index) {
  if (index.rows < FEWEST_ROWS) return { word: "unknown: too few rows", kind: "plain" };
  const verdict = judgeDrift(index, STEADY);
  if (verdict === "none") return { word: "steady", kind: "good" };
  if (verdict === "unknown") return { word: "unknown: more rows needed", kind: "plain" };
  return judgeDrift(index, FAR) === "drift" ? { word: "moved far", kind: "bad" } : { word: "moved", kind: "warn" };
}
