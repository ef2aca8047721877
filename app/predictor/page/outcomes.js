// Live quality from outcomes that came back: confusion counts, precision, recall, mean error, label coverage.

import { make, table } from "./dom.js";
import { samples, sum } from "./prometheus.js";
import { count, number, percent, plural } from "./words.js";

export function outcomesCard(card, metrics, place) {
  const own = (name) => samples(metrics, name).filter(({ labels }) => labels.model_version === card.version);
  const total = (name) => sum(own(name).map(({ value }) => value));
  const counts = Object.fromEntries(own("lathe_feedback_total").map(({ labels, value }) => [labels.outcome, value]));
  const outcomes = sum(Object.values(counts));
  const receipts = total("lathe_receipts_total");
  const section = (...children) =>
    make("section", { class: "card" }, make("h2", {}, "What really happened"), ...children);
  if (outcomes === 0)
    return section(make("p", { class: "hint" }, `No outcome has come back for ${plural(receipts, "receipt")}.`));
  const rows = [
    [
      "Outcomes",
      count(outcomes),
      receipts ? `${percent(Math.min(outcomes / receipts, 1))} of the receipts given by ${place}` : "",
    ],
  ];
  if (card.threshold !== null) rows.push(...decided(counts));
  const error = total("lathe_feedback_absolute_error_total") / outcomes;
  rows.push(["Mean error of the score", number(Number(error.toPrecision(3))), ""]);
  return section(table(`Of this model version, reported to ${place}`, ["", "value", "of"], rows, [1]));
}

function decided({
  true_positive: hits = 0,
  false_positive: alarms = 0,
  false_negative: missed = 0,
  true_negative: clear = 0,
}) {
  const share = (part, whole) => (whole ? percent(part / whole) : "–");
  return [
    ["Precision", share(hits, hits + alarms), `${plural(hits + alarms, "alarm")}, ${count(hits)} right`],
    ["Recall", share(hits, hits + missed), `${plural(hits + missed, "case")}, ${count(hits)} found`],
    ["Rightly clear", count(clear), ""],
  ];
}
