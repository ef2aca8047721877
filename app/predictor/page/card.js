// The third view: what the model is, what it was made from, and how good it was found to be.

import { facts, find, make, table } from "./dom.js";
import { calibrationChart } from "./reliability.js";
import { count, interval, label, number, plural, scoreWords, withUnit } from "./words.js";

// the words of contract/wording.py
const VERDICTS = {
  pass: { word: "Pass", kind: "good" },
  fail: { word: "Fail", kind: "bad" },
  not_enough_evidence: { word: "Not enough evidence", kind: "warn" },
};

export function showCard(card) {
  find("model-card").replaceChildren(
    ...[
      make("div", { class: "halves" }, identity(card), data(card)),
      make("div", { class: "halves" }, metrics(card), calibration(card)),
      gate(card),
      schema(card),
      features(card),
      provenance(card),
    ].filter(Boolean),
  );
}

const METRICS = {
  pr_auc: "PR-AUC",
  roc_auc: "ROC-AUC",
  f1: "F1",
  brier: "Brier score",
  expected_cost: "Cost per row",
  rmse: "RMSE",
  mae: "MAE",
  r2: "R²",
};

const section = (title, ...children) => make("section", { class: "card" }, make("h2", {}, title), ...children);

const mono = (content) => make("span", { class: "mono" }, content);

function identity(card) {
  const { task, target } = card.schema;
  return section(
    "What it is",
    facts([
      ["Name", card.name],
      ["Version", mono(card.version)],
      ["Predicts", target.description],
      [
        "Task",
        task === "binary"
          ? "yes or no, as a risk from 0 to 100 %"
          : `a number${target.unit ? ` in ${target.unit}` : ""}`,
      ],
      ["Threshold", card.threshold === null ? "none: it decides nothing" : scoreWords(card).write(card.threshold)],
      ["Digest", mono(card.digest)],
    ]),
  );
}

function data({ data: training }) {
  return section(
    "Training data",
    facts([
      ["Dataset", training.dataset],
      ["Rows", count(training.rows)],
      ...(training.positives === null
        ? []
        : [["Positive", `${count(training.positives)} (${((training.positives / training.rows) * 100).toFixed(1)} %)`]]),
      ["From", training.origin],
      ["Fingerprint", mono(training.sha256)],
    ]),
  );
}

function metrics(card) {
  const rows = Object.entries(card.metrics).map(([name, found]) => [METRICS[name] ?? label({ name }), interval(found)]);
  return section(
    "Metrics",
    table("Measured on rows it was not fitted on; in brackets the 95 % interval", ["metric", "value"], rows, [1]),
  );
}

function calibration(card) {
  return section(
    "Calibration",
    card.reliability?.length
      ? calibrationChart(card)
      : make("p", { class: "hint" }, "This bundle holds no calibration curve."),
  );
}

function gate({ verdict }) {
  if (!verdict)
    return section("Gate", make("p", { class: "hint" }, "No gate report of this bundle is known to this server."));
  const shown = VERDICTS[verdict.verdict];
  const rows = verdict.checks.map((check) => [
    check.name,
    make("span", { class: `badge ${VERDICTS[check.verdict].kind}` }, VERDICTS[check.verdict].word),
    check.found,
    check.expected,
    check.reason,
  ]);
  return section(
    "Gate",
    make("p", {}, make("span", { class: `badge ${shown.kind}` }, shown.word), ` ${verdict.headline}`),
    make(
      "details",
      {},
      make("summary", {}, `${plural(rows.length, "check")}, judged on ${verdict.created.slice(0, 10)}`),
      table("Every check of the gate", ["check", "verdict", "found", "expected", "why"], rows),
    ),
  );
}

function range(column) {
  if (column.type === "category") return column.categories.join(", ");
  const [low, high] = [column.minimum, column.maximum];
  if (low === null && high === null) return "any";
  if (high === null) return `from ${number(low)}`;
  return low === null ? `to ${number(high)}` : `${number(low)} to ${number(high)}`;
}

function schema(card) {
  const rows = card.schema.columns.map((column) => [
    label(column),
    mono(column.name),
    column.description,
    column.unit ?? "",
    range(column),
    withUnit(column.example, null),
    column.nullable ? "may be missing" : "",
  ]);
  return section(
    "What it takes",
    table("One row of input", ["value", "name", "what it is", "unit", "possible", "example", ""], rows),
  );
}

function features(card) {
  const rows = card.schema.derived.map((feature) => [
    label(feature),
    mono(feature.name),
    feature.description,
    feature.unit ?? "",
  ]);
  return rows.length
    ? section(
        "What it computes",
        table("Derived from the row's own values", ["feature", "name", "what it is", "unit"], rows),
      )
    : null;
}

function provenance(card) {
  return section(
    "Made from",
    facts([
      ...Object.entries(card.inputs).map(([name, digest]) => [name, mono(digest)]),
      ...Object.entries(card.libraries).map(([name, version]) => [name, version]),
    ]),
  );
}
