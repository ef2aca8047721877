// The marks of a whole dashboard: each of its annotation queries, asked where its data source says.
import { interpolate } from './interpolate.js';
import { marksOfSeries, marksOfStore } from './marks.js';
import { askRange, chooseStep } from './prometheus.js';
import { askStore } from './store.js';

const POINTS = 800; // of an annotation's query, which needs no more than a mark a pixel

async function askOne(annotation, { range, variables, scrapeInterval }) {
  if (annotation.datasource.type === 'grafana') {
    const tags = annotation.target.tags.map((tag) => interpolate(tag, variables));
    return marksOfStore(annotation, await askStore({ ...annotation.target, tags }, range));
  }
  const { step, builtins } = chooseStep(range, POINTS, scrapeInterval, annotation.step);
  const expr = interpolate(annotation.expr, variables, { builtins, isQuery: true });
  return marksOfSeries(annotation, await askRange(expr, range, step), step);
}

export async function askMarks(annotations, context) {
  const asked = annotations.filter(({ enable }) => enable).map((annotation) => askOne(annotation, context));
  return (await Promise.all(asked)).flat();
}
