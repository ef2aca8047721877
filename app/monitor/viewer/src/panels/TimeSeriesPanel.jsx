// Lines over time, drawn by Grafana's TimeSeries, with the dashboard's marks across them.
import { dateTimeFormat, formattedValueToString, getFieldDisplayName } from '@grafana/data';
import { SeriesTable, TimeSeries, TooltipPlugin2 } from '@grafana/ui';
import { Marks } from './Marks.jsx';

const ALL_SERIES = 1; // TooltipHoverMode.xAll of TooltipPlugin2
const ONE_SERIES = 0;

function listValues(aligned, frames, indexes, seriesIndex, { mode, sort }) {
  const rows = aligned.fields.flatMap((field, index) => {
    const at = indexes[index];
    if (index === 0 || at == null || field.config.custom?.hideFrom?.tooltip || field.values[at] == null) return [];
    if (mode !== 'multi' && index !== seriesIndex) return [];
    const shown = field.display(field.values[at]);
    const label = getFieldDisplayName(field, aligned, frames);
    return [{ color: shown.color, label, value: formattedValueToString(shown), number: field.values[at], isActive: index === seriesIndex }];
  });
  return sort === 'desc' ? rows.sort((a, b) => b.number - a.number) : rows;
}

export function TimeSeriesPanel({ frames, options, width, height, range, timeZone, marks, onZoom }) {
  return (
    <TimeSeries frames={frames} timeRange={range} timeZone={[timeZone]} width={width} height={height} legend={options.legend} options={options}>
      {(config, aligned) => (
        <>
          <Marks config={config} marks={marks} timeZone={timeZone} />
          {options.tooltip.mode !== 'none' && (
            <TooltipPlugin2
              config={config}
              hoverMode={options.tooltip.mode === 'multi' ? ALL_SERIES : ONE_SERIES}
              queryZoom={onZoom}
              render={(_, indexes, seriesIndex) => {
                const at = aligned.fields[0].values[indexes.find((index, field) => field > 0 && index != null) ?? indexes[0]];
                const rows = listValues(aligned, frames, indexes, seriesIndex, options.tooltip);
                return (
                  <div style={{ padding: 8 }}>
                    <SeriesTable timestamp={at && dateTimeFormat(at, { timeZone })} series={rows} />
                  </div>
                );
              }}
            />
          )}
        </>
      )}
    </TimeSeries>
  );
}
