// What all charts share: drawing again at a new width, scales and ticks.

import { draw, make } from "./dom.js";

// A figure that draws itself at its width. `paint(width)` gives {height, nodes}; `text` says what is to be seen.
export function chart(text, paint) {
  const svg = draw("svg", { role: "img", "aria-label": text });
  const figure = make("figure", { class: "chart" }, svg);
  let width = 0;
  figure.repaint = () => {
    if (width === 0) return;
    const { height, nodes } = paint(width);
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("height", height);
    svg.replaceChildren(...nodes.flat().filter(Boolean));
  };
  figure.describe = (text) => svg.setAttribute("aria-label", text);
  new ResizeObserver(([entry]) => {
    const found = Math.round(entry.contentRect.width);
    if (found === width || found === 0) return;
    width = found;
    figure.repaint();
  }).observe(figure);
  return figure;
}

export const scale =
  ([low, high], [start, end]) =>
  (value) =>
    high === low ? (start + end) / 2 : start + ((value - low) / (high - low)) * (end - start);

// About `wanted` round numbers within the domain.
export function ticks([low, high], wanted) {
  const rough = (high - low) / Math.max(wanted, 1);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough);
  const found = [];
  for (let index = Math.ceil(low / step - 1e-9); index * step <= high + step * 1e-9; index += 1) {
    found.push(Number((index * step).toPrecision(12)));
  }
  return found;
}

export const line = (x1, y1, x2, y2, kind) => draw("line", { x1, y1, x2, y2, class: kind });

export const text = (x, y, content, kind = "") => draw("text", { x, y, class: kind }, content);

export const box = (x, y, width, height, kind, rx = 3) =>
  draw("rect", { x, y, width: Math.max(width, 0), height: Math.max(height, 0), rx, class: kind });

export const path = (points) =>
  points.map(([x, y], index) => `${index ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`).join("");
