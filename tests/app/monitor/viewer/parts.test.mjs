// The parts of the page that need no browser: variables, places, marks. Run by test_parts.py.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interpolate } from '../../../../app/monitor/viewer/src/interpolate.js';
import { measurePlace, placePanels } from '../../../../app/monitor/viewer/src/layout.js';
import { fillTemplate, keepVisible, marksOfSeries, marksOfStore } from '../../../../app/monitor/viewer/src/marks.js';

const one = { definition: { name: 'environment' }, options: ['a', 'b'], value: 'a' };
const several = { definition: { name: 'version', multi: true, includeAll: true, allValue: '.*' }, options: ['v1', 'v2'], value: ['v1'] };
const forQuery = (text, variables, builtins) => interpolate(text, variables, { builtins, isQuery: true });

test('a variable is filled in where it stands in any of its three forms', () => {
  const variables = { environment: one };
  assert.equal(forQuery('$environment ${environment} [[environment]] $other', variables), 'a a a $other');
});

test('several values are a regular expression, and all of them the value that the dashboard names', () => {
  assert.equal(forQuery('$version', { version: { ...several, value: ['v1', 'v.2'] } }), '(v1|v\\\\.2)');
  assert.equal(forQuery('$version', { version: { ...several, value: ['v.1'] } }), 'v\\\\.1');
  assert.equal(forQuery('$version', { version: { ...several, value: ['$__all'] } }), '.*');
  assert.equal(interpolate('$version', { version: { ...several, value: ['$__all'] } }), 'All');
  assert.equal(forQuery('${version:csv}', { version: { ...several, value: '$__all' } }), 'v1,v2');
});

test('the name of a window stands inside the name of a metric', () => {
  const window = { definition: { name: 'window' }, options: ['1h'], value: '1h' };
  assert.equal(forQuery('x:sum$window{a="b"}[$__rate_interval]', { window }, { __rate_interval: '8s' }), 'x:sum1h{a="b"}[8s]');
});

const row = (id, y) => ({ id, type: 'row', gridPos: { x: 0, y, w: 24, h: 1 } });
const panel = (id, y, more) => ({ id, type: 'stat', gridPos: { x: 0, y, w: 12, h: 4 }, ...more });
const placesOf = (placed) => placed.map(({ panel: { id }, gridPos: { x, y } }) => [id, x, y]);

test('what is below a closed row is not there, and what follows moves up', () => {
  const panels = [row(1, 0), panel(2, 1), row(3, 5), panel(4, 6), row(5, 10), panel(6, 11)];
  assert.deepEqual(placesOf(placePanels(panels, new Set())), [[1, 0, 0], [2, 0, 1], [3, 0, 5], [4, 0, 6], [5, 0, 10], [6, 0, 11]]);
  const closed = placePanels(panels, new Set([panels[0], panels[2]]));
  assert.deepEqual(placesOf(closed), [[1, 0, 0], [3, 0, 1], [5, 0, 2], [6, 0, 3]]);
});

test('a panel that repeats stands once for each value, and what follows moves down', () => {
  const panels = [panel(1, 0, { repeat: 'version', maxPerRow: 2 }), panel(2, 4)];
  const variables = { version: { ...several, options: ['a', 'b', 'c'], value: '$__all' } };
  const placed = placePanels(panels, new Set(), variables);
  assert.deepEqual(placesOf(placed), [[1, 0, 0], [1, 12, 0], [1, 0, 4], [2, 0, 8]]);
  assert.deepEqual(placed.map(({ scope }) => scope.version?.value), ['a', 'b', 'c', undefined]);
});

test('24 columns and their gaps are the whole width', () => {
  const { left, width } = measurePlace({ x: 12, y: 0, w: 12, h: 2 }, 1000);
  assert.equal(Math.round(left + width), 1000);
  assert.equal(measurePlace({ x: 0, y: 1, w: 24, h: 2 }, 1000).height, 68);
});

test('a value that is a time is one mark there, however often it is asked', () => {
  const annotation = { name: 'Started', iconColor: 'blue', useValueForTime: true, titleFormat: '{{ v }} started', tagKeys: 'v,w' };
  const series = [{ metric: { v: 'v1' }, values: [[10, '5000'], [20, '5000'], [30, '9000']] }];
  const marks = marksOfSeries(annotation, series, 10);
  assert.deepEqual(marks.map(({ time, timeEnd, title, tags }) => [time, timeEnd, title, tags]), [
    [5000, 5000, 'v1 started', ['v1']],
    [9000, 9000, 'v1 started', ['v1']],
  ]);
});

test('values above nought that are a step apart are one mark that lasts', () => {
  const series = [{ metric: {}, values: [[10, '1'], [20, '1'], [30, '0'], [60, '2']] }];
  assert.deepEqual(marksOfSeries({ name: 'a' }, series, 10).map(({ time, timeEnd }) => [time, timeEnd]), [[10000, 20000], [60000, 60000]]);
});

test('a mark of the store without an end ends when it begins, and is seen where it touches the range', () => {
  const [mark] = marksOfStore({ name: 'a', iconColor: 'red' }, [{ time: 5, timeEnd: 0, text: 'x', tags: ['t'] }]);
  assert.deepEqual([mark.time, mark.timeEnd, mark.text], [5, 5, 'x']);
  assert.equal(keepVisible([mark], 5, 9).length, 1);
  assert.equal(keepVisible([mark], 6, 9).length, 0);
});

test('a label that is not there leaves nothing behind', () => {
  assert.equal(fillTemplate('{{a}}-{{ b }}', { a: 1 }), '1-');
});
