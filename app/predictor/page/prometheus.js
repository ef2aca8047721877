// The text format of Prometheus: samples by name, and quantiles of a histogram's buckets.

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})?\s+(\S+)/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPES = { n: "\n", "\\": "\\", '"': '"' };

// A map from a sample's name to its [{labels, value}].
export function parseMetrics(text) {
  const found = new Map();
  for (const row of text.split("\n")) {
    const match = row.startsWith("#") ? null : SAMPLE.exec(row);
    if (!match) continue;
    const [, name, labels = "", value] = match;
    if (!found.has(name)) found.set(name, []);
    found.get(name).push({ labels: parseLabels(labels), value: parseValue(value) });
  }
  return found;
}

function parseLabels(text) {
  const labels = {};
  for (const [, name, value] of text.matchAll(LABEL))
    labels[name] = value.replaceAll(/\\(.)/g, (_, one) => ESCAPES[one] ?? one);
  return labels;
}

export const parseValue = (text) => (text === "+Inf" ? Infinity : text === "-Inf" ? -Infinity : Number(text));

export const samples = (metrics, name) => metrics.get(name) ?? [];

// The sum of a metric's samples by one label's value.
export function sumBy(metrics, name, label) {
  const sums = new Map();
  for (const { labels, value } of samples(metrics, name)) {
    sums.set(labels[label], (sums.get(labels[label]) ?? 0) + value);
  }
  return sums;
}

export const sum = (values) => [...values].reduce((total, value) => total + value, 0);

// The `share` quantile of cumulative buckets [{bound, count}], linear within a bucket as Prometheus does; null if empty.
export function quantile(buckets, share) {
  const sorted = [...buckets].sort((one, other) => one.bound - other.bound);
  const total = sorted.at(-1)?.count ?? 0;
  if (!total) return null;
  const rank = share * total;
  const index = sorted.findIndex(({ count }) => count >= rank);
  const below = index > 0 ? sorted[index - 1] : { bound: 0, count: 0 };
  const { bound, count } = sorted[index];
  if (bound === Infinity) return below.bound;
  return below.bound + (bound - below.bound) * ((rank - below.count) / (count - below.count || 1));
}
