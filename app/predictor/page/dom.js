// Elements from plain data; text is always text, so nothing from a file or an answer becomes markup.

const SVG = "http://www.w3.org/2000/svg";

export const find = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

export const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);

export const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

export function show(element, ...children) {
  element.replaceChildren(...children.flat().filter(Boolean));
  element.hidden = false;
}

// `rows` are arrays of cells; `numbers` are the columns that are aligned as numbers.
export function table(caption, heads, rows, numbers = []) {
  const kind = (index) => (numbers.includes(index) ? { class: "number" } : {});
  const head = make(
    "tr",
    {},
    heads.map((text, index) => make("th", { scope: "col", ...kind(index) }, text)),
  );
  const body = rows.map((cells) =>
    make(
      "tr",
      {},
      cells.map((cell, index) =>
        index === 0 ? make("th", { scope: "row", ...kind(0) }, cell) : make("td", kind(index), cell),
      ),
    ),
  );
  // a table that scrolls sideways must be reached by keyboard
  return make(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, body)),
  );
}

export const facts = (pairs) =>
  make(
    "dl",
    { class: "facts" },
    pairs.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]),
  );

export const tiles = (items) =>
  make(
    "dl",
    { class: "tiles" },
    items.map(([name, value, note]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, value, note ? make("small", {}, note) : null)),
    ),
  );
