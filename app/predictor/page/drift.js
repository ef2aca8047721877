// Drift of one feature from counters: how far the rows that came lie from those of training.

import { samples, sum } from "./prometheus.js";

export const FEWEST_ROWS = 500; // below, chance alone makes it large
const LEAST_SHARE = 1e-4; // an empty bin would make the index infinite

// The population stability index, less what chance adds on average: (bins - 1) / rows.
function stabilityIndex(counts, reference) {
  const rows = sum(counts);
  const floor = (share) => Math.max(share, LEAST_SHARE);
  const terms = counts.map((count, index) => {
    const [live, trained] = [floor(count / rows), floor(reference[index])];
    return (live - trained) * Math.log(live / trained);
  });
  const bins = reference.filter((share) => share > 0).length;
  return Math.max(sum(terms) - (bins - 1) / rows, 0);
}

// [{feature, use, rows, index}] of every feature and the score; `index` is null with too few rows.
export function measureDrift(metrics) {
  const features = measure(metrics, "lathe_feature_reference_ratio", "lathe_feature_rows_total");
  return [...features, ...measure(metrics, "lathe_score_reference_ratio", "lathe_score_rows_total")];
}

function measure(metrics, referenceName, countsName) {
  const keyOf = ({ feature, bin }) => JSON.stringify([feature ?? null, bin]);
  const live = new Map(samples(metrics, countsName).map(({ labels, value }) => [keyOf(labels), value]));
  const groups = new Map();
  for (const { labels, value } of samples(metrics, referenceName)) {
    const group = groups.get(labels.feature) ?? {
      feature: labels.feature ?? null,
      use: labels.drift,
      reference: [],
      counts: [],
    };
    group.reference.push(value);
    group.counts.push(live.get(keyOf(labels)) ?? 0);
    groups.set(labels.feature, group);
  }
  return [...groups.values()].map(({ feature, use, reference, counts }) => {
    const rows = sum(counts);
    return { feature, use, rows, index: rows < FEWEST_ROWS ? null : stabilityIndex(counts, reference) };
  });
}

// In words, by the bounds that are usual for this index.
export function describeDrift(index) {
  if (index === null) return { word: "unknown: too few rows", kind: "plain" };
  if (index < 0.1) return { word: "steady", kind: "good" };
  return index < 0.25 ? { word: "moved", kind: "warn" } : { word: "moved far", kind: "bad" };
}
