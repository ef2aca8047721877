// The form of one row, made from the schema: fields, values, and errors where they belong.

import { find, make } from "./dom.js";
import { label, number, withUnit } from "./words.js";

const id = (column) => `field-${column.name}`;
const errorId = (column) => `error-${column.name}`;

export class RowForm {
  constructor(card) {
    this.columns = card.schema.columns;
    this.reference = card.reference ?? {};
    find("fields").replaceChildren(...this.columns.map((column) => this.makeField(column)));
    this.fill(Object.fromEntries(this.columns.map((column) => [column.name, column.example])));
  }

  makeField(column) {
    const hint = `hint-${column.name}`;
    const shared = { id: id(column), name: column.name, "aria-describedby": `${hint} ${errorId(column)}` };
    const input = makeInput(column, shared);
    [input].flat()[0].addEventListener("input", () => this.setError(column, ""));
    return make(
      "div",
      { class: "field" },
      make(
        "div",
        { class: "field-head" },
        make("label", { for: id(column) }, label(column)),
        column.unit ? make("span", { class: "unit" }, column.unit) : null,
      ),
      input,
      make("p", { class: "hint", id: hint }, this.describe(column)),
      make("p", { class: "error", id: errorId(column) }),
    );
  }

  describe(column) {
    const parts = [column.description];
    const usual = this.usualRange(column);
    if (usual) parts.push(`usually ${number(usual[0])} to ${number(usual[1])}`);
    else if (column.minimum !== null && column.maximum !== null) {
      parts.push(`${number(column.minimum)} to ${number(column.maximum)}`);
    }
    if (column.nullable) parts.push("leave empty if not known");
    return parts.join("; ");
  }

  // Between the outer edges of the training data's bins lie about eight rows of ten.
  usualRange(column) {
    const edges = this.reference[column.name]?.edges ?? [];
    return edges.length > 1 ? [edges[0], edges.at(-1)] : null;
  }

  input(column) {
    return find(id(column));
  }

  fill(row) {
    for (const column of this.columns) {
      this.input(column).value = row[column.name] ?? "";
      this.setError(column, "");
    }
  }

  // The row, or null once every field that is wrong says so.
  read() {
    const row = {};
    let first = null;
    for (const column of this.columns) {
      const text = this.input(column).value.trim();
      const problem = findProblem(column, text);
      this.setError(column, problem);
      if (problem) first ??= this.input(column);
      row[column.name] = text === "" ? null : column.type === "category" ? text : Number(text);
    }
    first?.focus();
    return first ? null : row;
  }

  setError(column, text) {
    find(errorId(column)).textContent = text;
    if (text) this.input(column).setAttribute("aria-invalid", "true");
    else this.input(column).removeAttribute("aria-invalid");
  }

  // What the server refused goes to its field; false if it named none of ours.
  showError(error) {
    const column = this.columns.find(({ name }) => error.field === name || error.field?.endsWith(`.${name}`));
    if (!column) return false;
    this.setError(column, error.message.replace(error.field, label(column)));
    this.input(column).focus();
    return true;
  }
}

function makeInput(column, attributes) {
  if (column.type !== "category") return makeNumber(column, attributes);
  return column.unknown === "missing" ? makeOpenChoice(column, attributes) : makeSelect(column, attributes);
}

// The known categories are proposed, and any other may be written: it is taken as missing, with a warning.
function makeOpenChoice(column, attributes) {
  const list = `known-${column.name}`;
  const options = column.categories.map((category) => make("option", { value: category }));
  return [
    make("input", { ...attributes, type: "text", list, required: !column.nullable, autocomplete: "off" }),
    make("datalist", { id: list }, options),
  ];
}

function makeSelect(column, attributes) {
  const options = column.categories.map((category) => make("option", { value: category }, category));
  if (column.nullable) options.unshift(make("option", { value: "" }, "not known"));
  return make("select", attributes, options);
}

function makeNumber(column, attributes) {
  return make("input", {
    ...attributes,
    type: "number",
    inputmode: column.minimum !== null && column.minimum >= 0 ? "decimal" : null,
    min: column.minimum,
    max: column.maximum,
    step: column.step ?? "any",
    required: !column.nullable,
    autocomplete: "off",
  });
}

// The server judges again; here every field is checked at once.
function findProblem(column, text) {
  if (text === "") return column.nullable ? "" : "Please give a value.";
  if (column.type === "category") return "";
  const value = Number(text);
  if (!Number.isFinite(value)) return "This is not a number.";
  if (column.minimum !== null && value < column.minimum) {
    return `At least ${withUnit(column.minimum, column.unit)}, please.`;
  }
  if (column.maximum !== null && value > column.maximum) {
    return `At most ${withUnit(column.maximum, column.unit)}, please.`;
  }
  return column.type === "integer" && !Number.isInteger(value) ? "A whole number, please." : "";
}
