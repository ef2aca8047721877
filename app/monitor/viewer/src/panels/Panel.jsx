// One panel: its queries asked, its frames prepared, and drawn inside Grafana's frame with description and links.
import { LoadingState, renderTextPanelMarkdown } from '@grafana/data';
import { Icon, PanelChrome, Table, useTheme2 } from '@grafana/ui';
import { useEffect, useMemo, useState } from 'react';
import { whileBusy } from '../busy.js';
import { isKnown, optionsOf, prepareFrames } from '../fieldConfig.js';
import { interpolate } from '../interpolate.js';
import { keepVisible } from '../marks.js';
import { runTarget } from '../prometheus.js';
import { askStore } from '../store.js';
import { EventsPanel } from './EventsPanel.jsx';
import { StatPanel } from './StatPanel.jsx';
import { StateTimelinePanel } from './StateTimelinePanel.jsx';
import { TimeSeriesPanel } from './TimeSeriesPanel.jsx';

const FEWEST_POINTS = 100;

async function askPanel(panel, options, context) {
  if (!isKnown(panel.type)) throw new Error(`Panel plugin not found: ${panel.type}`);
  if (panel.type === 'annolist') {
    const tags = options.tags.map((tag) => interpolate(tag, context.variables));
    return { events: await askStore({ tags, limit: options.limit }, options.onlyInTimeRange && context.range) };
  }
  const targets = (panel.targets || []).filter(({ hide }) => !hide);
  const width = panel.maxDataPoints || Math.max(FEWEST_POINTS, Math.floor(context.width));
  const asked = targets.map((target) => runTarget(target, { ...context, width, isOneOfMany: targets.length > 1 }));
  const frames = (await Promise.all(asked)).flat();
  return { frames: await prepareFrames(panel, frames, context) };
}

// what the panel shows, and of which range: the old answer stays until the new one is there
function useAnswer(panel, options, context) {
  const [state, setState] = useState({ isLoading: true });
  const { range, variables, width } = context;
  useEffect(() => {
    let isWanted = true;
    setState((old) => ({ ...old, isLoading: true }));
    whileBusy(() => askPanel(panel, options, context))
      .then((answer) => isWanted && setState({ ...answer, range }))
      .catch((error) => isWanted && setState({ error: error.message || String(error) }));
    return () => {
      isWanted = false;
    };
  }, [panel, options, range, variables, width]);
  return state;
}

function Nothing({ height, children }) {
  const theme = useTheme2();
  const style = { height, display: 'grid', placeItems: 'center', color: theme.colors.text.secondary };
  return (
    <div data-empty style={style}>
      {children}
    </div>
  );
}

function Body({ panel, events, frames, ...rest }) {
  const shown = frames?.filter((frame) => frame.length);
  if (!(events || shown)?.length) return <Nothing height={rest.height}>{panel.fieldConfig?.defaults?.noValue || 'No data'}</Nothing>;
  switch (panel.type) {
    case 'annolist':
      return <EventsPanel events={events} {...rest} />;
    case 'timeseries':
      return <TimeSeriesPanel frames={shown} {...rest} />;
    case 'stat':
      return <StatPanel panel={panel} frames={shown} {...rest} />;
    case 'state-timeline':
      return <StateTimelinePanel frames={shown} {...rest} />;
    default: {
      const { options } = rest;
      return (
        <Table
          data={shown[options.frameIndex] || shown[0]}
          width={rest.width}
          height={rest.height}
          noHeader={!options.showHeader}
          cellHeight={options.cellHeight}
          initialSortBy={options.sortBy}
          footerOptions={options.footer}
          timeRange={rest.range}
          resizable
        />
      );
    }
  }
}

export function Panel({ panel, box, range, variables, marks, scrapeInterval, timeZone, onZoom }) {
  const theme = useTheme2();
  const fill = (text) => interpolate(text, variables);
  const options = useMemo(() => optionsOf(panel), [panel]);
  const context = { range, variables, scrapeInterval, timeZone, theme, width: box.width, replaceVariables: fill };
  const state = useAnswer(panel, options, context);
  const links = (panel.links || []).map(({ title, url }) => (
    <PanelChrome.TitleItem key={title} title={fill(title)} href={fill(url)} target="_blank">
      <Icon name="external-link-alt" size="md" />
    </PanelChrome.TitleItem>
  ));
  const title = fill(panel.title);
  return (
    <section data-panel={title} data-kind={panel.type} data-error={state.error} style={{ position: 'absolute', ...box }}>
      <PanelChrome
        title={title}
        description={() => renderTextPanelMarkdown(fill(panel.description))}
        titleItems={links}
        width={box.width}
        height={box.height}
        statusMessage={state.error}
        loadingState={state.isLoading ? LoadingState.Loading : LoadingState.Done}
      >
        {(width, height) =>
          (state.frames || state.events) && (
            <Body
              panel={panel}
              options={options}
              events={state.events}
              frames={state.frames}
              width={width}
              height={height}
              range={state.range}
              timeZone={timeZone}
              marks={keepVisible(marks, state.range.from.valueOf(), state.range.to.valueOf())}
              onZoom={onZoom}
              replaceVariables={fill}
            />
          )
        }
      </PanelChrome>
    </section>
  );
}
