// How names, numbers and scores read to a person.

const SMALLEST_SHARE = 0.001;

const plain = new Intl.NumberFormat("en", { maximumSignificantDigits: 5 });
const small = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

// `speed_rpm` in rpm reads "Speed": the unit stands beside it anyway.
export function label(column) {
  const unit = (column.unit ?? "").toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");
  const name = unit && column.name.endsWith(`_${unit}`) ? column.name.slice(0, -unit.length - 1) : column.name;
  const spaced = name.replaceAll("_", " ").trim();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

export const number = (value) => (Math.abs(value) < 1 ? small : plain).format(value);
export const count = (value) => whole.format(value);

export const plural = (amount, one, many = `${one}s`) => `${count(amount)} ${amount === 1 ? one : many}`;

export function withUnit(value, unit) {
  if (value === null || value === undefined) return "not known";
  const text = typeof value === "number" ? number(value) : String(value);
  return unit ? `${text} ${unit}` : text;
}

export function percent(share) {
  if (share === 0 || share === 1) return `${share * 100} %`;
  if (share < SMALLEST_SHARE) return "< 0.1 %";
  if (share > 1 - SMALLEST_SHARE) return "> 99.9 %";
  return `${(share * 100).toFixed(1)} %`;
}

export function seconds(value) {
  if (value === null) return "–";
  return value < 1
    ? `${number(Number((value * 1000).toPrecision(3)))} ms`
    : `${number(Number(value.toPrecision(3)))} s`;
}

export const interval = ({ mean, low, high }) => `${mean.toFixed(3)}  (${low.toFixed(3)} to ${high.toFixed(3)})`;

// A model's words: what its score is called, how it is written, what a decision means.
export function scoreWords(card) {
  const { schema, threshold } = card;
  if (schema.task === "binary") {
    return {
      name: "Risk",
      isRisk: true,
      article: "the risk",
      write: percent,
      decided: "At risk",
      clear: "Not at risk",
      describe: (score) => describeRisk(score, threshold),
    };
  }
  const name = label(schema.target);
  return {
    name,
    isRisk: false,
    article: `the ${name.toLowerCase()}`,
    write: (score) => withUnit(Number(score.toPrecision(4)), schema.target.unit),
    decided: "Above the limit",
    clear: "Below the limit",
    describe: () => null,
  };
}

function describeRisk(score, threshold) {
  if (threshold === null) return null;
  if (score >= threshold) return { word: "High risk", kind: "bad" };
  return score >= threshold / 2 ? { word: "Raised risk", kind: "warn" } : { word: "Low risk", kind: "good" };
}
