// What may be chosen above the panels, asked from Prometheus in the dashboard's order: one variable may use an earlier one.
import { ALL, interpolate } from './interpolate.js';
import { ask, chooseStep, inSeconds, nameSeries } from './prometheus.js';

const VALUES = /^label_values\((?:(.+),\s*)?(\w+)\)\s*$/;
const [ALPHABETICAL, ALPHABETICAL_DOWN] = [1, 2]; // Grafana's numbers of an order

const RESULT = /^query_result\((.+)\)\s*$/s;

// the texts of a query's answer, as a dashboard's regular expression finds its part in them
async function listAnswers(query, range) {
  const { result } = await ask('query', { query, time: inSeconds(range.to) });
  return result.map(({ metric, value: [seconds, number] }) => `${nameSeries('', metric, '')} ${number} ${seconds * 1000}`);
}

async function listLabels(selector, label, range) {
  const period = { start: inSeconds(range.from), end: inSeconds(range.to) };
  return ask(`label/${label}/values`, selector ? { ...period, 'match[]': selector } : period);
}

function pick(texts, regex) {
  const [, pattern] = /^\/(.*)\/$/.exec(regex) || [];
  if (!pattern) return texts;
  const found = texts.map((text) => new RegExp(pattern).exec(text)).filter(Boolean);
  return found.map(([whole, part]) => part ?? whole);
}

async function listOptions(definition, variables, range) {
  if (definition.type === 'datasource') return ['Prometheus'];
  if (definition.type === 'custom') return definition.query.split(',').map((text) => text.trim());
  const { builtins } = chooseStep(range, 1, '1s');
  const query = interpolate(definition.query, variables, { builtins, isQuery: true });
  const [, selector, label] = VALUES.exec(query) || [];
  const [, expr] = RESULT.exec(query) || [];
  if (definition.type !== 'query' || !(label || expr)) throw new Error(`variable ${definition.name}: ${query} is not understood`);
  const texts = label ? await listLabels(selector, label, range) : await listAnswers(expr, range);
  const options = [...new Set(pick(texts, definition.regex))];
  if (definition.sort === ALPHABETICAL) options.sort();
  if (definition.sort === ALPHABETICAL_DOWN) options.sort().reverse();
  return options;
}

// chosen: by name what a person chose; what is no longer there gives way to the dashboard's own choice, then the first
export async function resolveVariables(definitions, chosen, range) {
  const variables = {};
  for (const definition of definitions) {
    const options = await listOptions(definition, variables, range);
    const isThere = (value) => value !== undefined && [value].flat().every((one) => one === ALL || options.includes(one));
    const wanted = [chosen[definition.name], definition.current?.value].find(isThere);
    variables[definition.name] = { definition, options, value: wanted ?? options[0] ?? '' };
  }
  return variables;
}
