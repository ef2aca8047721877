// Bars of states over time. @grafana/ui has no such panel: the boxes are drawn here, on Grafana's axes, colours and legend.
import { FieldType, colorManipulator, formattedValueToString, getFieldDisplayName } from '@grafana/data';
import { UPlotChart, UPlotConfigBuilder, VizLayout, VizLegend, getTextColorForAlphaBackground, measureText, useTheme2 } from '@grafana/ui';
import { useMemo } from 'react';

const FONT_SIZE = 12;
const INSET = 6; // pixels between a box's edge and its text

// the stretches of one field in which its state stays the same: {from, to, text, color} with times in milliseconds
function findBoxes(field, time, end, mergeValues) {
  const boxes = [];
  const step = time.config.interval || Infinity;
  field.values.forEach((value, index) => {
    if (value == null || Number.isNaN(value)) return;
    const from = time.values[index];
    const next = time.values[index + 1];
    const to = next === undefined ? Math.min(from + step, end) : Math.min(next, from + 1.5 * step); // a gap stays a gap
    const shown = field.display(value);
    const text = formattedValueToString(shown);
    const last = boxes.at(-1);
    if (mergeValues && last?.text === text && last.color === shown.color && last.to >= from) last.to = to;
    else boxes.push({ from, to, text, color: shown.color });
  });
  return boxes;
}

function listRows(frames, range, options) {
  return frames.flatMap((frame) => {
    const time = frame.fields.find((field) => field.type === FieldType.time);
    const shown = frame.fields.filter((field) => field !== time && !field.config.custom?.hideFrom?.viz);
    return shown.map((field) => ({
      name: getFieldDisplayName(field, frame, frames),
      opacity: (field.config.custom?.fillOpacity ?? 70) / 100,
      boxes: findBoxes(field, time, range.to.valueOf(), options.mergeValues !== false),
    }));
  });
}

function drawRow(plot, row, top, boxHeight, options, theme) {
  const { ctx, bbox } = plot;
  for (const box of row.boxes) {
    const left = Math.max(plot.valToPos(box.from, 'x', true), bbox.left);
    const boxWidth = plot.valToPos(box.to, 'x', true) - left;
    if (boxWidth <= 0) continue;
    ctx.fillStyle = colorManipulator.alpha(box.color, row.opacity);
    ctx.fillRect(left, top, boxWidth, boxHeight);
    const isNarrow = ctx.measureText(box.text).width + 2 * INSET * devicePixelRatio > boxWidth;
    if (options.showValue === 'never' || (options.showValue === 'auto' && isNarrow)) continue;
    ctx.fillStyle = getTextColorForAlphaBackground(ctx.fillStyle, theme.isDark);
    ctx.fillText(box.text, left + INSET * devicePixelRatio, top + boxHeight / 2);
  }
}

function makeConfig(rows, range, timeZone, options, theme) {
  const config = new UPlotConfigBuilder(timeZone);
  const limits = () => [range.from.valueOf(), range.to.valueOf()];
  config.addScale({ scaleKey: 'x', isTime: true, orientation: 0, direction: 1, range: limits });
  config.addScale({ scaleKey: 'y', isTime: false, orientation: 1, direction: 1, range: () => [0, rows.length] });
  config.addAxis({ scaleKey: 'x', isTime: true, placement: 'bottom', timeZone, theme, grid: { show: true } });
  config.addAxis({
    scaleKey: 'y',
    placement: 'left',
    theme,
    grid: { show: false },
    ticks: { show: false },
    gap: 15,
    size: Math.ceil(Math.max(0, ...rows.map(({ name }) => measureText(name, FONT_SIZE).width))) + 25,
    splits: () => rows.map((_, index) => rows.length - index - 0.5),
    values: () => rows.map(({ name }) => name),
    space: () => 1,
  });
  config.addSeries({ scaleKey: 'y', theme, pathBuilder: () => null, pointsBuilder: () => false, show: true });
  config.addHook('draw', (plot) => {
    const { ctx, bbox } = plot;
    const rowHeight = bbox.height / rows.length;
    const boxHeight = rowHeight * options.rowHeight;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.font = `${FONT_SIZE * devicePixelRatio}px ${theme.typography.fontFamily}`;
    ctx.textBaseline = 'middle';
    rows.forEach((row, index) => drawRow(plot, row, bbox.top + index * rowHeight + (rowHeight - boxHeight) / 2, boxHeight, options, theme));
    ctx.restore();
  });
  return config;
}

function listStates(rows) {
  const byState = new Map(rows.flatMap(({ boxes }) => boxes).map((box) => [box.text, { label: box.text, color: box.color, yAxis: 1 }]));
  return [...byState.values()];
}

export function StateTimelinePanel({ frames, options, range, timeZone, width, height }) {
  const theme = useTheme2();
  const rows = useMemo(() => listRows(frames, range, options), [frames, range, options]);
  const config = useMemo(() => makeConfig(rows, range, timeZone, options, theme), [rows, range, timeZone, options, theme]);
  const data = [[range.from.valueOf(), range.to.valueOf()], [0, rows.length]];
  const { showLegend, placement, displayMode } = options.legend;
  const legend = showLegend ? (
    <VizLayout.Legend placement={placement}>
      <VizLegend placement={placement} displayMode={displayMode} items={listStates(rows)} readonly />
    </VizLayout.Legend>
  ) : null;
  return (
    <VizLayout width={width} height={height} legend={legend}>
      {(w, h) => <UPlotChart config={config} data={data} width={w} height={h} />}
    </VizLayout>
  );
}
