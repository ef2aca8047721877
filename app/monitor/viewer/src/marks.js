// Annotations: from Prometheus, and from what stands in for Grafana's own store.

// moments that are no more than a step apart are one mark, which then lasts
function joinMoments(moments, stepMs) {
  const joined = [];
  for (const moment of [...new Set(moments)].sort((a, b) => a - b)) {
    const last = joined.at(-1);
    if (last && moment - last.timeEnd <= stepMs) last.timeEnd = moment;
    else joined.push({ time: moment, timeEnd: moment });
  }
  return joined;
}

export const fillTemplate = (template, labels) => (template || '').replace(/\{\{\s*(.+?)\s*\}\}/g, (_, name) => labels[name] ?? '');

// marks of one annotation query: `series` is the answer of query_range, [{metric, values: [[seconds, text]]}]
export function marksOfSeries(annotation, series, stepSeconds) {
  return series.flatMap(({ metric, values }) => {
    const points = values.map(([seconds, text]) => [seconds * 1000, Number.parseFloat(text)]);
    const moments = annotation.useValueForTime
      ? points.map(([, value]) => Math.floor(value)).filter((value) => value > 0)
      : points.filter(([, value]) => value > 0).map(([time]) => time);
    const tags = (annotation.tagKeys || '').split(',').filter((key) => key in metric);
    return joinMoments(moments, annotation.useValueForTime ? 0 : stepSeconds * 1000).map((moment) => ({
      ...moment,
      name: annotation.name,
      colour: annotation.iconColor,
      title: fillTemplate(annotation.titleFormat, metric),
      text: fillTemplate(annotation.textFormat, metric),
      tags: tags.map((key) => metric[key]),
    }));
  });
}

export function marksOfStore(annotation, stored) {
  return stored.map(({ time, timeEnd, text, tags }) => ({
    time,
    timeEnd: timeEnd || time,
    name: annotation.name,
    colour: annotation.iconColor,
    title: '',
    text,
    tags,
  }));
}

export const keepVisible = (marks, from, to) => marks.filter((mark) => mark.timeEnd >= from && mark.time <= to);
