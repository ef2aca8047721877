// CSV as bytes and as records (RFC 4180): where a record ends, what its fields are.

const QUOTE = 0x22;
const NEWLINE = 0x0a;

// The place after the last whole record that ends within `bytes[from, to)`, and after the first; 0 if none does.
export function recordEnds(bytes, from, to) {
  let quoted = false;
  let first = 0;
  let last = 0;
  for (let index = from; index < to; index += 1) {
    const byte = bytes[index];
    if (byte === QUOTE) quoted = !quoted;
    else if (byte === NEWLINE && !quoted) {
      last = index + 1;
      first ||= last;
    }
  }
  return { first, last };
}

// Every record of a text as an array of its fields; empty lines are none.
export function parseRecords(text) {
  const records = [];
  let fields = [];
  let start = 0;
  const end = (stop) => {
    if (fields.length || stop > start) records.push([...fields, unquote(text.slice(start, stop))]);
    fields = [];
  };
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) quoted = !quoted;
    else if (quoted) continue;
    else if (code === 0x2c) {
      fields.push(unquote(text.slice(start, index)));
      start = index + 1;
    } else if (code === NEWLINE) {
      end(index > start && text.charCodeAt(index - 1) === 0x0d ? index - 1 : index);
      start = index + 1;
    }
  }
  end(text.length);
  return records;
}

const unquote = (field) => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field);
