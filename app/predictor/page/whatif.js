// What if: one value moves, the others stay; the curve of the score and where the slider stands on it.

import { postJson } from "./api.js";
import { scoreRange } from "./answer.js";
import { box, chart, line, path, scale, text, ticks } from "./charts.js";
import { draw, find, make, show } from "./dom.js";
import { label, number, withUnit } from "./words.js";

const POINTS = 121;
const HEIGHT = 240;
const FRAME = { left: 52, right: 12, top: 30, bottom: 26 };
let chosen = null; // stays from one answer to the next

// `reasons` are the answer's contributions, strongest first: the first that is a value of the row is offered.
export async function showWhatIf(card, words, row, reasons, use) {
  const { columns } = card.schema;
  chosen ??= reasons.find(({ feature }) => feature in row)?.feature ?? columns[0].name;
  const body = make("div");
  const select = make(
    "select",
    { id: "what-if-column" },
    columns.map((column) => make("option", { value: column.name, selected: column.name === chosen }, label(column))),
  );
  select.addEventListener("change", () => {
    chosen = select.value;
    sweep(card, words, row, use, body);
  });
  find("what-if").hidden = false;
  show(
    find("what-if-body"),
    make("div", { class: "choice" }, make("label", { for: "what-if-column" }, "Move the value of"), select),
    body,
  );
  await sweep(card, words, row, use, body);
}

async function sweep(card, words, row, use, body) {
  const column = card.schema.columns.find(({ name }) => name === chosen);
  let answer;
  try {
    answer = await postJson("/v1/sweep", { row, column: column.name, points: POINTS });
  } catch (error) {
    show(body, make("p", { class: "error", role: "alert" }, error.message));
    return;
  }
  if (column.name !== chosen) return; // another one was chosen meanwhile
  const moved = { card, words, column, row, values: answer.values, scores: answer.scores };
  moved.index = nearestIndex(answer.values, row[column.name]);
  show(body, ...controls(moved, use));
}

function nearestIndex(values, given) {
  const exact = values.indexOf(given);
  if (exact >= 0 || typeof given !== "number") return Math.max(exact, 0);
  const distance = (value) => Math.abs(value - given);
  return values.reduce((best, value, index) => (distance(value) < distance(values[best]) ? index : best), 0);
}

function controls(moved, use) {
  const { words, column, values, scores, card } = moved;
  const summary = make("p", { class: "what-now", id: "what-now" });
  const figure = (column.type === "category" ? bars : curve)(moved);
  const slider = make("input", {
    type: "range",
    id: "what-if-slider",
    min: 0,
    max: values.length - 1,
    step: 1,
    value: moved.index,
    "aria-label": `${label(column)}${column.unit ? ` in ${column.unit}` : ""}`,
  });
  const move = () => {
    moved.index = Number(slider.value);
    const [value, score] = [values[moved.index], scores[moved.index]];
    const decided =
      card.threshold === null
        ? ""
        : score >= card.threshold
          ? `, ${words.decided.toLowerCase()}`
          : `, ${words.clear.toLowerCase()}`;
    const sentence = `At ${withUnit(value, column.unit)}: ${words.article} would be ${words.write(score)}${decided}`;
    summary.textContent = sentence;
    slider.setAttribute("aria-valuetext", sentence);
    figure.describe(`${words.name} by ${label(column)}. ${sentence}`);
    figure.repaint();
  };
  slider.addEventListener("input", move);
  move();
  const take = make(
    "button",
    {
      type: "button",
      class: "quiet small",
      onclick: () => use({ ...moved.row, [column.name]: values[moved.index] }),
    },
    "Predict with this value",
  );
  return [summary, slider, figure, make("p", { class: "bar" }, take)];
}

function scoreDomain({ card, scores }) {
  if (card.schema.task !== "binary") return scoreRange(card, ...scores);
  const top = Math.max(...scores, (card.threshold ?? 0) * 1.25, 0.02) * 1.08;
  return [0, Math.min(top, 1)];
}

function frame(moved, width) {
  const domain = scoreDomain(moved);
  const y = scale(domain, [HEIGHT - FRAME.bottom, FRAME.top]);
  const share = moved.card.schema.task === "binary";
  const nodes = ticks(domain, 4).flatMap((value) => [
    line(FRAME.left, y(value), width - FRAME.right, y(value), "grid"),
    text(FRAME.left - 8, y(value) + 4, share ? `${number(value * 100)} %` : number(value), "end"),
  ]);
  return { y, nodes };
}

function thresholdLine({ card, words }, y, width) {
  if (card.threshold === null) return [];
  const at = y(card.threshold);
  return [
    line(FRAME.left, at, width - FRAME.right, at, "threshold"),
    text(width - FRAME.right, at - 6, `threshold ${words.write(card.threshold)}`, "threshold-text end"),
  ];
}

const isBad = ({ card }, score) => card.threshold !== null && score >= card.threshold;

function curve(moved) {
  const { values, scores, column, row } = moved;
  return chart("", (width) => {
    const { y, nodes } = frame(moved, width);
    const x = scale([values[0], values.at(-1)], [FRAME.left, width - FRAME.right]);
    const points = values.map((value, index) => [x(value), y(scores[index])]);
    const base = HEIGHT - FRAME.bottom;
    nodes.unshift(
      draw("path", { class: "under", d: `${path(points)}L${points.at(-1)[0]} ${base}L${points[0][0]} ${base}Z` }),
    );
    const given = row[column.name];
    if (given !== null && given >= values[0] && given <= values.at(-1)) {
      nodes.push(line(x(given), FRAME.top, x(given), base, "now"), text(x(given), FRAME.top - 14, "now", "middle"));
    }
    nodes.push(draw("path", { class: "curve", d: path(points) }), ...thresholdLine(moved, y, width));
    nodes.push(
      ...ticks([values[0], values.at(-1)], Math.max(Math.floor(width / 110), 2)).map((value) =>
        text(x(value), HEIGHT - 6, number(value), "middle"),
      ),
    );
    const [cx, cy] = points[moved.index];
    nodes.push(draw("circle", { cx, cy, r: 8, class: `dot ${isBad(moved, scores[moved.index]) ? "bad" : ""}` }));
    return { height: HEIGHT, nodes };
  });
}

function bars(moved) {
  const { values, scores, words } = moved;
  const range = scoreDomain(moved);
  return chart("", (width) => {
    const x = scale([Math.min(range[0], 0), range[1]], [0, width]);
    const nodes = values.flatMap((value, index) => {
      const top = index * 44;
      const name = draw(
        "text",
        { x: 0, y: top + 14, class: "name" },
        index === moved.index ? `▸ ${value}` : String(value),
      );
      return [
        name,
        box(0, top + 20, Math.max(x(scores[index]), 1.5), 14, isBad(moved, scores[index]) ? "bar-bad" : "bar-plain"),
        text(width, top + 14, words.write(scores[index]), "amount end"),
      ];
    });
    const { threshold } = moved.card;
    if (threshold !== null) nodes.push(line(x(threshold), 0, x(threshold), values.length * 44, "threshold"));
    return { height: values.length * 44, nodes };
  });
}
