// Variables in queries and titles, as Grafana fills them in.

export const ALL = '$__all';
const USE = /\$\{(\w+)(?::(\w+))?\}|\[\[(\w+)\]\]|\$(\w+)/g;

const escapeForRegex = (text) => String(text).replace(/[\\^$*+?.()|[\]{}]/g, '\\\\$&');

// the values that a variable stands for now
export const listValues = ({ value, options }) => ([value].flat().includes(ALL) ? options : [value].flat());

function forQuery(variable) {
  const { definition } = variable;
  if ([variable.value].flat().includes(ALL) && definition.allValue) return definition.allValue;
  const values = listValues(variable);
  if (!definition.multi && !definition.includeAll) return values[0] ?? '';
  return values.length === 1 ? escapeForRegex(values[0]) : `(${values.map(escapeForRegex).join('|')})`;
}

function forText(variable) {
  return [variable.value].flat().includes(ALL) ? 'All' : listValues(variable).join(' + ');
}

const FORMATS = {
  csv: (variable) => listValues(variable).join(','),
  pipe: (variable) => listValues(variable).join('|'),
  raw: (variable) => listValues(variable).join(','),
  text: forText,
};

// variables: by name {definition, options, value}; builtins: by name a text; a name that is neither stays as it is
export function interpolate(text, variables, { builtins = {}, isQuery = false } = {}) {
  if (typeof text !== 'string') return text;
  return text.replace(USE, (whole, braced, format, bracketed, plain) => {
    const name = braced || bracketed || plain;
    if (name in builtins) return builtins[name];
    if (!(name in variables)) return whole;
    const write = FORMATS[format] || (isQuery ? forQuery : forText);
    return write(variables[name]);
  });
}
