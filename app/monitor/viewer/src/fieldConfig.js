// Units, colours, thresholds, mappings and overrides of a panel, applied by Grafana's own code. In Grafana each panel's
// plugin registers the fields that may be set; the plugins are not to be had, so that their defaults stand here.
import {
  FieldConfigOptionsRegistry,
  FieldType,
  applyFieldOverrides,
  standardTransformers,
  standardTransformersRegistry,
  transformDataFrame,
} from '@grafana/data';
import { firstValueFrom } from 'rxjs';

standardTransformersRegistry.setInit(() => {
  const byId = new Map(Object.values(standardTransformers).map((transformer) => [transformer.id, transformer]));
  return [...byId.values()].map((transformation) => ({ id: transformation.id, name: transformation.name, transformation }));
});

const LINES = {
  drawStyle: 'line',
  lineInterpolation: 'linear',
  lineWidth: 1,
  fillOpacity: 0,
  gradientMode: 'none',
  barAlignment: 0,
  barWidthFactor: 0.6,
  showPoints: 'auto',
  pointSize: 5,
  axisPlacement: 'auto',
  axisColorMode: 'text',
  axisBorderShow: false,
  scaleDistribution: { type: 'linear' },
  stacking: { mode: 'none', group: 'A' },
  hideFrom: { viz: false, legend: false, tooltip: false },
  thresholdsStyle: { mode: 'off' },
};

// by kind of panel: its options, its own fields, and what colours it
const KINDS = {
  timeseries: {
    options: {
      legend: { showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] },
      tooltip: { mode: 'single', sort: 'none' },
    },
    custom: LINES,
    colour: 'palette-classic',
  },
  stat: {
    options: {
      reduceOptions: { calcs: ['lastNotNull'] },
      orientation: 'auto',
      textMode: 'auto',
      wideLayout: true,
      colorMode: 'value',
      graphMode: 'area',
      justifyMode: 'auto',
    },
    custom: {},
    colour: 'thresholds',
  },
  table: {
    options: { showHeader: true, cellHeight: 'sm', frameIndex: 0, footer: { show: false, reducer: ['sum'] } },
    custom: { align: 'auto', cellOptions: { type: 'auto' }, inspect: false },
    colour: 'thresholds',
  },
  'state-timeline': {
    options: {
      mergeValues: true,
      showValue: 'auto',
      alignValue: 'left',
      rowHeight: 0.9,
      legend: { showLegend: true, displayMode: 'list', placement: 'bottom' },
    },
    custom: { lineWidth: 0, fillOpacity: 70, hideFrom: { viz: false, legend: false, tooltip: false } },
    colour: 'continuous-GrYlRd',
  },
  annolist: { options: { limit: 10, tags: [], showTags: true, showTime: true, showUser: true }, custom: {}, colour: 'thresholds' },
};

export const isKnown = (kind) => kind in KINDS;
export const optionsOf = (panel) => mergeDeep(KINDS[panel.type]?.options, panel.options);

const isPlain = (value) => value !== null && typeof value === 'object' && !Array.isArray(value);

function mergeDeep(below, above) {
  if (!isPlain(above)) return above === undefined ? below : above;
  const keys = new Set([...Object.keys(below || {}), ...Object.keys(above)]);
  return Object.fromEntries([...keys].map((key) => [key, mergeDeep(below?.[key], above[key])]));
}

const STANDARD = [
  'unit', 'min', 'max', 'decimals', 'displayName', 'noValue', 'color', 'thresholds', 'mappings', 'links', 'filterable', 'fieldMinMax',
  'description',
];
const OF_NUMBERS = new Set(['min', 'max', 'decimals', 'color', 'thresholds', 'fieldMinMax']);

// the first step of thresholds is -Infinity, which JSON writes as null
const repairThresholds = (thresholds) =>
  thresholds && { ...thresholds, steps: thresholds.steps.map((step) => ({ ...step, value: step.value ?? -Infinity })) };

const registerField = (path, isCustom) => ({
  id: isCustom ? `custom.${path}` : path,
  path,
  name: path,
  isCustom,
  settings: {},
  process: path === 'thresholds' ? repairThresholds : (value) => value,
  shouldApply: (field) => isCustom || !OF_NUMBERS.has(path) || field.type === FieldType.number,
});

// the frames with everything set, as Grafana would give them to the panel's plugin
export async function prepareFrames(panel, frames, { theme, timeZone, replaceVariables }) {
  const kind = KINDS[panel.type];
  const transformed = panel.transformations?.length
    ? await firstValueFrom(transformDataFrame(panel.transformations, frames, { interpolate: replaceVariables }))
    : frames;
  const { defaults: own = {}, overrides = [] } = panel.fieldConfig || {};
  const defaults = {
    color: { mode: kind.colour },
    thresholds: { mode: 'absolute', steps: [{ value: null, color: 'green' }] },
    ...own,
    custom: { ...kind.custom, ...own.custom },
  };
  const overridden = overrides.flatMap(({ properties }) => properties.map(({ id }) => id)).filter((id) => id.startsWith('custom.'));
  const paths = new Set([...Object.keys(defaults.custom), ...overridden.map((id) => id.slice('custom.'.length))]);
  const registry = new FieldConfigOptionsRegistry(() => [
    ...STANDARD.map((path) => registerField(path, false)),
    ...[...paths].map((path) => registerField(path, true)),
  ]);
  return applyFieldOverrides({
    data: transformed,
    fieldConfig: { defaults, overrides },
    fieldConfigRegistry: registry,
    replaceVariables,
    theme,
    timeZone,
  });
}
