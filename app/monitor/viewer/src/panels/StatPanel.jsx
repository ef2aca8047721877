// Large numbers, drawn by Grafana's BigValue.
import { getDisplayValueAlignmentFactors, getFieldDisplayValues } from '@grafana/data';
import { BigValue, VizRepeater, useTheme2 } from '@grafana/ui';

export function StatPanel({ panel, frames, options, width, height, range, timeZone, replaceVariables }) {
  const theme = useTheme2();
  const getValues = () =>
    getFieldDisplayValues({
      fieldConfig: { defaults: {}, overrides: [], ...panel.fieldConfig },
      reduceOptions: options.reduceOptions,
      replaceVariables,
      theme,
      data: frames,
      sparkline: options.graphMode !== 'none',
      timeZone,
    });
  const renderValue = ({ value, width: w, height: h, alignmentFactors, count }) => (
    <BigValue
      width={w}
      height={h}
      theme={theme}
      text={options.text}
      // one value is named by the panel's own title
      value={count === 1 ? { ...value.display, title: undefined } : value.display}
      count={count}
      sparkline={value.sparkline && { ...value.sparkline, timeRange: range }}
      colorMode={options.colorMode}
      graphMode={options.graphMode}
      justifyMode={options.justifyMode}
      textMode={options.textMode}
      alignmentFactors={alignmentFactors}
      disableWideLayout={!options.wideLayout}
    />
  );
  return (
    <VizRepeater
      autoGrid
      itemSpacing={3}
      getValues={getValues}
      getAlignmentFactors={getDisplayValueAlignmentFactors}
      renderValue={renderValue}
      width={width}
      height={height}
      source={frames}
      renderCounter={0}
      orientation={options.orientation}
    />
  );
}
