// The first view: one row in; risk, decision, reasons and what-if out.

import { postJson } from "./api.js";
import { showAnswer } from "./answer.js";
import { find, make } from "./dom.js";
import { offerFeedback } from "./feedback.js";
import { RowForm } from "./form.js";
import { showWhatIf } from "./whatif.js";
import { showReasons } from "./why.js";
import { label, scoreWords } from "./words.js";

const RECEIPT = { "x-lathe-receipt": "1" }; // with which the outcome can come back

export function startPredict(card) {
  const form = new RowForm(card);
  const words = scoreWords(card);
  find("question").textContent = `What is predicted: ${card.schema.target.description}.`;
  find("examples").replaceChildren(
    ...exampleRows(card, words).map(([name, row]) =>
      make("button", { type: "button", class: "quiet small", onclick: () => form.fill(row) }, name),
    ),
  );
  let latest = 0;
  const submit = async () => {
    find("form-error").textContent = "";
    const row = form.read();
    if (!row) return;
    latest += 1;
    const mine = latest;
    try {
      await answerRow(card, words, row, form, submit, () => mine === latest);
    } catch (error) {
      if (mine === latest) showTrouble(form, error);
    }
  };
  find("row-form").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
}

async function answerRow(card, words, row, form, submit, isLatest) {
  const button = find("row-form").querySelector("[type=submit]");
  button.setAttribute("aria-busy", "true");
  try {
    const {
      predictions: [prediction],
      warnings = [],
    } = await postJson("/v1/predict", row, RECEIPT);
    if (!isLatest()) return;
    showAnswer(card, words, prediction.score, prediction.decision, describeWarnings(card, row, warnings));
    offerFeedback(card, prediction);
    bringIntoSight(find("answer"));
    const explanation = await postJson("/v1/explain", row);
    if (!isLatest()) return;
    showReasons(card, words, row, explanation);
    await showWhatIf(card, words, row, explanation.contributions, (changed) => {
      form.fill(changed);
      submit();
    });
  } finally {
    button.removeAttribute("aria-busy");
  }
}

// A category that training did not know counts as missing where the dataset file says so.
function describeWarnings(card, row, warnings) {
  return warnings.map(({ code, field }) => {
    const column = card.schema.columns.find(({ name }) => name === field);
    const name = column ? label(column) : field;
    return code === "unknown_category"
      ? `${name}: training did not know “${row[field]}”, so it is taken as missing.`
      : `${name}: ${code}.`;
  });
}

// On a phone the answer lies below the form.
function bringIntoSight(element) {
  const { top } = element.getBoundingClientRect();
  if (top > innerHeight * 0.6 || top < 0) element.scrollIntoView({ block: "start" });
}

function showTrouble(form, error) {
  if (!form.showError(error)) find("form-error").textContent = error.message;
}

// The rows the model was checked with lie over the whole range of scores.
function exampleRows(card, words) {
  const usual = Object.fromEntries(card.schema.columns.map((column) => [column.name, column.example]));
  const sorted = [...(card.golden ?? [])].sort((one, other) => one.score - other.score);
  const examples = [["Example", usual]];
  if (sorted.length < 2) return examples;
  examples.push([`Lowest ${words.name.toLowerCase()}`, sorted[0].row]);
  if (card.threshold !== null) {
    const distance = ({ score }) => Math.abs(score - card.threshold);
    const nearest = sorted.reduce((best, entry) => (distance(entry) < distance(best) ? entry : best));
    examples.push(["Borderline", nearest.row]);
  }
  examples.push([`Highest ${words.name.toLowerCase()}`, sorted.at(-1).row]);
  return examples;
}
