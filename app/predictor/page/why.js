// Why: how much each value moved the answer, as bars and as a table.

import { box, chart, line, scale, text } from "./charts.js";
import { draw, find, make, show, table } from "./dom.js";
import { label, number, withUnit } from "./words.js";

const MOST_BARS = 8;
const BAR = 16;
const WIDE = 560; // pixels from which names stand beside their bars
const AMOUNT = 60; // room for a bar's number

export function showReasons(card, words, row, explanation) {
  const reasons = gatherReasons(card, row, explanation.contributions);
  const shown = reasons.slice(0, MOST_BARS);
  const rest = reasons.slice(MOST_BARS).reduce((sum, reason) => sum + reason.amount, 0);
  if (reasons.length > MOST_BARS) {
    shown.push({ name: `${reasons.length - MOST_BARS} more`, value: "", amount: rest });
  }
  const write = amountWriter(card);
  const summary = summarise(reasons, words);
  find("why").hidden = false;
  show(
    find("why-body"),
    make("p", {}, summary),
    make(
      "p",
      { class: "legend", "aria-hidden": "true" },
      make("span", { class: "raises" }, `raises ${words.article}`),
      make("span", { class: "lowers" }, `lowers ${words.article}`),
    ),
    bars(shown, write, summary),
    make("p", { class: "hint" }, scaleNote(card, words)),
    make(
      "details",
      {},
      make("summary", {}, "As a table"),
      table(
        `How each value moved ${words.article}`,
        ["Value of", "is", "effect"],
        reasons.map((reason) => [reason.name, reason.value, write(reason.amount)]),
        [2],
      ),
    ),
  );
}

function gatherReasons(card, row, contributions) {
  const sources = [...card.schema.columns, ...card.schema.derived];
  return contributions.map(({ feature, value, contribution }) => {
    const source = sources.find(({ name }) => name === feature) ?? { name: feature };
    const given = feature in row ? row[feature] : value;
    return { name: label(source), value: withUnit(given, source.unit), amount: contribution };
  });
}

// A risk's contributions are logarithms of odds, so each multiplies the odds; others add.
function amountWriter(card) {
  if (card.schema.task !== "binary")
    return (amount) => (amount < 0 ? "−" : "+") + number(Number(Math.abs(amount).toPrecision(3)));
  return (amount) => {
    const factor = Math.exp(Math.abs(amount));
    const written = factor >= 1000 ? "> 999" : factor < 10 ? factor.toFixed(1) : factor.toFixed(0);
    return `${amount < 0 ? "÷" : "×"} ${written}`;
  };
}

function scaleNote(card, words) {
  return card.schema.task === "binary"
    ? "× 2 doubles the odds against the average case, ÷ 2 halves them (SHAP values of the model)."
    : `Against the average case, in ${card.schema.target.unit ?? `the unit of ${words.article}`} (SHAP values of the model).`;
}

function summarise(reasons, words) {
  const raising = reasons.find((reason) => reason.amount > 0);
  const lowering = reasons.find((reason) => reason.amount < 0);
  const say = (reason, verb) => `${reason.name} (${reason.value}) ${verb} ${words.article} most`;
  const parts = [raising && say(raising, "raises"), lowering && say(lowering, "lowers")].filter(Boolean);
  if (reasons[0] === lowering) parts.reverse();
  return parts.length ? `${parts.join("; ")}.` : "No value moves it.";
}

function bars(shown, write, summary) {
  const amounts = shown.map((reason) => reason.amount);
  const domain = [Math.min(...amounts, 0), Math.max(...amounts, 1e-9)];
  return chart(`Bar chart of reasons. ${summary}`, (width) => {
    const isWide = width >= WIDE;
    const [left, step, drop] = isWide ? [width * 0.38, 32, 4] : [0, 46, 22];
    const x = scale(domain, [left + (domain[0] < 0 ? AMOUNT : 0), width - AMOUNT]);
    const nodes = shown.flatMap((reason, index) => {
      const top = index * step;
      const raises = reason.amount >= 0;
      const [start, end] = raises ? [x(0), x(reason.amount)] : [x(reason.amount), x(0)];
      const name = draw(
        "text",
        { x: 0, y: top + 16, class: "name" },
        `${reason.name} `,
        draw("tspan", { class: "value" }, reason.value),
      );
      return [
        name,
        box(start, top + drop, Math.max(end - start, 1.5), BAR, raises ? "bar-raise" : "bar-lower"),
        text(
          raises ? end + 7 : start - 7,
          top + drop + BAR - 3,
          write(reason.amount),
          raises ? "amount" : "amount end",
        ),
        line(x(0), top + drop - 4, x(0), top + drop + BAR + 4, "axis"),
      ];
    });
    return { height: shown.length * step + 4, nodes };
  });
}
