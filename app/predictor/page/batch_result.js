// What a batch came to: figures, histogram, worst rows, refused rows, and the scored file.

import { box, chart, line, scale, text, ticks } from "./charts.js";
import { find, make, table, tiles } from "./dom.js";
import { MOST_KEPT } from "./tally.js";
import { count, label, number, percent, plural } from "./words.js";

const HEIGHT = 220;
const FRAME = { left: 8, right: 8, top: 24, bottom: 26 };
const FIRST_ROWS = 20;

export function showResult(card, words, tally, { href, name }) {
  const figures = [
    ["Rows", count(tally.rows)],
    ["Scored", count(tally.scored)],
  ];
  if (card.threshold !== null) {
    const share = tally.scored ? `${percent(tally.atRisk / tally.scored)} of those scored` : "";
    figures.push([words.decided, count(tally.atRisk), share]);
  }
  figures.push(["Refused", count(tally.rejected)]);
  if (tally.warned) figures.push(["With a warning", count(tally.warned)]);
  find("batch-result").replaceChildren(
    ...[
      tiles(figures),
      make(
        "p",
        { class: "bar" },
        make("a", { class: "button", id: "download", href, download: name }, "Download the scored file"),
      ),
      tally.warned
        ? make(
            "p",
            { class: "hint", id: "warned" },
            `In ${plural(tally.warned, "row")} a category that training did not know was taken as missing; ` +
              "the column “warning” of the scored file names it.",
          )
        : null,
      tally.quotedFormulas
        ? make(
            "p",
            { class: "hint", id: "quoted-formulas" },
            `In the scored file ${plural(tally.quotedFormulas, "cell")} that a spreadsheet would run as a formula ` +
              "begins with an apostrophe.",
          )
        : null,
      tally.scored ? histogramCard(card, words, tally) : null,
      tally.scored ? worstCard(card, words, tally) : null,
      tally.rejected ? refusedCard(tally) : null,
    ].filter(Boolean),
  );
}

const section = (title, ...children) => make("section", { class: "card rows" }, make("h2", {}, title), ...children);

function binEdges({ range: [low, high], bins }) {
  return bins.map((_, index) => [
    low + ((high - low) * index) / bins.length,
    low + ((high - low) * (index + 1)) / bins.length,
  ]);
}

function histogramCard(card, words, tally) {
  const edges = binEdges(tally);
  const rows = edges.map(([from, to], index) => [
    `${words.write(from)} to ${words.write(to)}`,
    count(tally.bins[index]),
  ]);
  const description = `Histogram of ${words.article} over ${plural(tally.scored, "row")}`;
  return section(
    `${words.name} of all rows`,
    histogram(card, words, tally, description),
    make("p", { class: "hint" }, "Height is the number of rows, on a logarithmic scale."),
    make("details", {}, make("summary", {}, "As a table"), table(description, [words.name, "rows"], rows, [1])),
  );
}

function histogram(card, words, { bins, range }, description) {
  const height = (rows) => Math.log10(1 + rows);
  return chart(description, (width) => {
    const x = scale(range, [FRAME.left, width - FRAME.right]);
    const base = HEIGHT - FRAME.bottom;
    const y = scale([0, height(Math.max(...bins))], [base, FRAME.top]);
    const edges = binEdges({ range, bins });
    const nodes = bins.flatMap((rows, index) => {
      if (rows === 0) return [];
      const [from, to] = edges[index];
      const isBad = card.threshold !== null && (from + to) / 2 >= card.threshold;
      const bar = box(
        x(from) + 1,
        y(height(rows)),
        x(to) - x(from) - 2,
        base - y(height(rows)),
        isBad ? "bar-bad" : "bar-plain",
        2,
      );
      const written =
        width / bins.length > 28 ? text((x(from) + x(to)) / 2, y(height(rows)) - 5, compact(rows), "middle") : null;
      return [bar, written];
    });
    nodes.push(line(FRAME.left, base, width - FRAME.right, base, "axis"));
    nodes.push(
      ...ticks(range, width > 500 ? 5 : 2).map((value) => {
        const anchor = x(value) < 20 ? "" : x(value) > width - 30 ? "end" : "middle";
        return text(
          x(value),
          HEIGHT - 6,
          card.schema.task === "binary" ? `${number(value * 100)} %` : number(value),
          anchor,
        );
      }),
    );
    if (card.threshold !== null) {
      const at = x(card.threshold);
      const side = at > width / 2 ? "end" : "";
      nodes.push(
        line(at, 12, at, base, "threshold"),
        text(at + (side ? -6 : 6), 12, "threshold", `threshold-text ${side}`),
      );
    }
    return { height: HEIGHT, nodes };
  });
}

const compact = (rows) =>
  new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 }).format(rows);

function worstCard(card, words, tally) {
  const heads = [
    "row",
    words.name,
    ...(card.threshold === null ? [] : ["decision"]),
    ...tally.head.map((name) => headName(card, name)),
  ];
  const cells = ({ row, score, decision, fields }) => [
    count(row),
    words.write(score),
    ...(card.threshold === null ? [] : [decision === "true" ? words.decided : words.clear]),
    ...fields,
  ];
  const title = card.schema.task === "binary" ? "Worst rows first" : "Highest rows first";
  return section(
    title,
    shortTable(
      (rows) => table(`The ${count(rows.length)} rows with the highest score`, heads, rows.map(cells), [1]),
      tally.worst,
    ),
  );
}

function headName(card, name) {
  const column = card.schema.columns.find((known) => known.name === name);
  return column ? `${label(column)}${column.unit ? ` (${column.unit})` : ""}` : name;
}

function refusedCard(tally) {
  const reasons = [...tally.reasons].sort((one, other) => other[1] - one[1]).slice(0, MOST_KEPT);
  const heads = ["row", "reason", ...tally.head];
  const cells = ({ row, reason, fields }) => [count(row), make("span", { class: "reason" }, reason), ...fields];
  return section(
    "Refused rows",
    make(
      "ul",
      {},
      reasons.map(([reason, rows]) => make("li", {}, `${reason}: ${plural(rows, "row")}`)),
    ),
    shortTable(
      (rows) => table(`The first ${plural(rows.length, "refused row")}`, heads, rows.map(cells)),
      tally.refused,
    ),
  );
}

// A few rows first, all that are kept on request.
function shortTable(render, rows) {
  const place = make("div", {}, render(rows.slice(0, FIRST_ROWS)));
  if (rows.length <= FIRST_ROWS) return place;
  const more = make("button", { type: "button", class: "quiet small" }, `Show ${count(rows.length)}`);
  more.addEventListener("click", () => place.replaceChildren(render(rows)));
  place.append(make("p", { class: "bar" }, more));
  return place;
}
