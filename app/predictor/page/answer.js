// The answer in words, and the gauge that shows how far it is from the threshold.

import { box, chart, line, scale, text } from "./charts.js";
import { find, make, show } from "./dom.js";

const TOP = 22;
const THICK = 16;

// `warned` are sentences on what was not taken as it was given.
export function showAnswer(card, words, score, decision, warned = []) {
  const risk = words.describe(score);
  const badge =
    decision === null
      ? null
      : make(
          "span",
          { class: `badge ${decision ? "bad" : "good"}`, id: "decision" },
          decision ? words.decided : words.clear,
        );
  show(
    find("answer"),
    make("h2", {}, words.name),
    make("p", { class: "verdict" }, make("span", { class: "score", id: "score" }, words.write(score)), badge),
    make("p", {}, explain(words, score, decision, card.threshold, risk)),
    warned.map((sentence) => make("p", { class: "warning" }, sentence)),
    gauge(card, words, score, decision),
  );
}

function explain(words, score, decision, threshold, risk) {
  const cases = words.isRisk ? `Of 1,000 cases like this one it happens in about ${Math.round(score * 1000)}. ` : "";
  if (decision === null) return cases;
  const side = decision ? "at or above" : "below";
  const limit = `${side} the threshold of ${words.write(threshold)}`;
  return `${risk ? `${risk.word}: ${limit}. ` : `It is ${limit}. `}${cases}`;
}

// From 0 to 1 for a risk; else over what training and the checked rows showed.
export function scoreRange(card, ...scores) {
  if (card.schema.task === "binary") return [0, 1];
  const known = [
    ...(card.reference?.score?.edges ?? []),
    ...(card.golden ?? []).map((entry) => entry.score),
    ...scores,
  ];
  if (card.threshold !== null) known.push(card.threshold);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const margin = (high - low || 1) * 0.05;
  return [low - margin, high + margin];
}

function gauge(card, words, score, decision) {
  const range = scoreRange(card, score);
  const description =
    `${words.name} ${words.write(score)} on a scale from ${words.write(range[0])} to ${words.write(range[1])}` +
    (card.threshold === null ? "" : `, threshold at ${words.write(card.threshold)}`);
  return chart(description, (width) => {
    const x = scale(range, [0, width]);
    const kind = decision === null ? "plain" : decision ? "bad" : "good";
    const nodes = [
      box(0, TOP, width, THICK, "track", THICK / 2),
      box(0, TOP, Math.max(x(score), THICK), THICK, `fill-${kind}`, THICK / 2),
    ];
    if (card.threshold !== null) nodes.push(...thresholdMark(x(card.threshold), width, words.write(card.threshold)));
    nodes.push(
      text(0, TOP + THICK + 18, words.write(range[0])),
      text(width, TOP + THICK + 18, words.write(range[1]), "end"),
    );
    return { height: TOP + THICK + 24, nodes };
  });
}

function thresholdMark(x, width, written) {
  const anchor = x < width * 0.25 ? "" : x > width * 0.75 ? "end" : "middle";
  return [
    line(x, TOP - 6, x, TOP + THICK + 6, "threshold"),
    text(x, TOP - 11, `threshold ${written}`, `threshold-text ${anchor}`),
  ];
}
