// From a panel's queries to Grafana's data frames, over Prometheus's HTTP API.
import { FieldType, rangeUtil, toDataFrame } from '@grafana/data';
import { interpolate } from './interpolate.js';

export async function ask(path, parameters) {
  const query = new URLSearchParams(parameters);
  const answer = await fetch(`/api/v1/${path}?${query}`);
  const body = await answer.json().catch(() => ({ error: `${answer.status} ${answer.statusText}` }));
  if (body.status !== 'success') throw new Error(body.error || answer.statusText);
  return body.data;
}

const readNumber = (text) => ({ '+Inf': Infinity, '-Inf': -Infinity })[text] ?? Number.parseFloat(text);
export const inSeconds = (time) => time.valueOf() / 1000;

// the step of a range, and the variables that stand for it
export function chooseStep(range, width, scrapeInterval, wanted) {
  const { intervalMs } = rangeUtil.calculateInterval(range, width, wanted || scrapeInterval);
  const step = Math.max(1, Math.round(intervalMs / 1000));
  const scrape = rangeUtil.intervalToSeconds(scrapeInterval);
  const span = Math.round(inSeconds(range.to) - inSeconds(range.from));
  const builtins = {
    __interval: `${step}s`,
    __interval_ms: `${step * 1000}`,
    __rate_interval: `${Math.max(step + scrape, 4 * scrape)}s`,
    __range: `${span}s`,
    __range_s: `${span}`,
    __range_ms: `${span * 1000}`,
  };
  return { step, builtins };
}

export async function askRange(expr, range, step) {
  const [start, end] = [range.from, range.to].map((time) => Math.floor(inSeconds(time) / step) * step);
  return (await ask('query_range', { query: expr, start, end, step })).result;
}

// the frames of one query of a panel; `isOneOfMany` names a table's column by the query's letter
export async function runTarget(target, { range, width, variables, scrapeInterval, isOneOfMany }) {
  const { step, builtins } = chooseStep(range, width, scrapeInterval, interpolate(target.interval, variables));
  const expr = interpolate(target.expr, variables, { builtins, isQuery: true });
  let series;
  if (target.instant && !target.range) {
    const { resultType, result } = await ask('query', { query: expr, time: inSeconds(range.to) });
    const samples = resultType === 'vector' ? result : [{ metric: {}, value: result }];
    series = samples.map(({ metric, value }) => ({ metric, values: [value] }));
  } else {
    series = await askRange(expr, range, step);
  }
  if (target.format === 'table') return [makeTable(target, series, isOneOfMany)];
  return series.map(({ metric, values }) => makeSeries(target, metric, values, expr, step));
}

function nameOf(metric) {
  const { __name__: name = '', ...labels } = metric;
  const inner = Object.keys(labels)
    .sort()
    .map((label) => `${label}="${labels[label]}"`);
  return inner.length || !name ? `${name}{${inner.join(', ')}}` : name;
}

export function nameSeries(legend, metric, expr) {
  if (legend && legend !== '__auto') return legend.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, label) => metric[label] ?? '').trim();
  return Object.keys(metric).length ? nameOf(metric) : expr;
}

function makeSeries(target, metric, values, expr, step) {
  const name = nameSeries(target.legendFormat, metric, expr);
  const times = values.map(([seconds]) => seconds * 1000);
  const numbers = values.map(([, text]) => readNumber(text));
  return toDataFrame({
    refId: target.refId,
    name,
    meta: { type: 'timeseries-multi' },
    fields: [
      { name: 'Time', type: FieldType.time, config: { interval: step * 1000 }, values: times }, // lines break at gaps
      { name: 'Value', type: FieldType.number, labels: metric, config: { displayNameFromDS: name }, values: numbers },
    ],
  });
}

function makeTable(target, series, isOneOfMany) {
  const rows = series.flatMap(({ metric, values }) => values.map((value) => [metric, value]));
  const labels = [...new Set(series.flatMap(({ metric }) => Object.keys(metric)))].sort();
  const strings = labels.map((label) => ({
    name: label,
    type: FieldType.string,
    values: rows.map(([metric]) => metric[label] ?? ''),
  }));
  const times = rows.map(([, [seconds]]) => seconds * 1000);
  const numbers = rows.map(([, [, text]]) => readNumber(text));
  return toDataFrame({
    refId: target.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: times },
      ...strings,
      { name: isOneOfMany ? `Value #${target.refId}` : 'Value', type: FieldType.number, values: numbers },
    ],
  });
}
