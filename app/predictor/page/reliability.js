// The calibration plot: of rows with about the same score, how many really ended so.

import { chart, line, path, scale, text, ticks } from "./charts.js";
import { draw, make, table } from "./dom.js";
import { count, number, scoreWords } from "./words.js";

const FRAME = { left: 56, right: 12, top: 28, bottom: 44 };
const TALLEST = 340;

export function calibrationChart(card) {
  const words = scoreWords(card);
  const points = card.reliability;
  const description = `Calibration in ${points.length} groups of rows; on the diagonal what was predicted is what happened`;
  const rows = points.map((point) => [
    words.write(point.predicted),
    words.write(point.observed),
    `${words.write(point.low)} to ${words.write(point.high)}`,
    count(point.rows),
  ]);
  return make(
    "div",
    {},
    plot(card, points, description),
    make(
      "p",
      { class: "hint" },
      "On the diagonal what was predicted is what happened; the strokes are 95 % intervals.",
    ),
    make(
      "details",
      {},
      make("summary", {}, "As a table"),
      table(description, ["predicted", "happened", "95 % interval", "rows"], rows, [0, 1, 2, 3]),
    ),
  );
}

function plot(card, points, description) {
  const share = card.schema.task === "binary";
  const every = points.flatMap(({ predicted, low, high }) => [predicted, low, high]);
  const domain = share ? [0, Math.min(Math.max(...every) * 1.05, 1)] : [Math.min(...every), Math.max(...every)];
  const write = (value) => (share ? `${number(Number((value * 100).toPrecision(3)))} %` : number(value));
  return chart(description, (width) => {
    const height = Math.min(width * 0.8, TALLEST);
    const x = scale(domain, [FRAME.left, width - FRAME.right]);
    const y = scale(domain, [height - FRAME.bottom, FRAME.top]);
    const nodes = ticks(domain, 4).flatMap((value) => [
      line(FRAME.left, y(value), width - FRAME.right, y(value), "grid"),
      text(FRAME.left - 8, y(value) + 4, write(value), "end"),
      text(x(value), height - FRAME.bottom + 18, write(value), "middle"),
    ]);
    nodes.push(line(x(domain[0]), y(domain[0]), x(domain[1]), y(domain[1]), "ideal"));
    nodes.push(...points.map(({ predicted, low, high }) => line(x(predicted), y(low), x(predicted), y(high), "reach")));
    nodes.push(
      draw("path", { class: "curve", d: path(points.map(({ predicted, observed }) => [x(predicted), y(observed)])) }),
    );
    nodes.push(
      ...points.map(({ predicted, observed }) =>
        draw("circle", { cx: x(predicted), cy: y(observed), r: 5, class: "dot" }),
      ),
    );
    nodes.push(text((FRAME.left + width) / 2, height - 6, "predicted", "middle"), text(0, 10, "happened"));
    return { height, nodes };
  });
}
