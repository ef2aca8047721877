// CSV as bytes and as records (RFC 4180): where a record ends, what its fields are.

const QUOTE = 0x22;
const COMMA = 0x2c;
const MARK = [0xef, 0xbb, 0xbf]; // of UTF-8, before the first field
const NEWLINE = 0x0a;

// The place after the last whole record that ends within `bytes[from, to)`, and after the first; 0 if none does.
// A quotation mark opens a quoted field only where a field begins: `5" bolt` is text, as the server reads it.
export function recordEnds(bytes, from, to) {
  let quoted = false;
  let begins = true;
  let first = 0;
  let last = 0;
  for (let index = hasMark(bytes, from) ? from + MARK.length : from; index < to; index += 1) {
    const byte = bytes[index];
    if (quoted) {
      if (byte !== QUOTE) continue;
      if (bytes[index + 1] === QUOTE) index += 1;
      else quoted = false;
    } else if (byte === QUOTE && begins) quoted = true;
    else if (byte === NEWLINE) {
      last = index + 1;
      first ||= last;
    }
    begins = byte === COMMA || byte === NEWLINE;
  }
  return { first, last };
}

const hasMark = (bytes, from) => MARK.every((byte, index) => bytes[from + index] === byte);

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
    else if (code === COMMA) {
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
