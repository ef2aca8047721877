// A dashboard's JSON as a page.
import { dateMath, dateTime, rangeUtil } from '@grafana/data';
import { Alert, Icon, useTheme2 } from '@grafana/ui';
import { useEffect, useMemo, useRef, useState } from 'react';
import { askMarks } from './askMarks.js';
import { whileBusy } from './busy.js';
import { interpolate } from './interpolate.js';
import { CELL, GAP, NARROW, measurePlace, placePanels, stackPanels } from './layout.js';
import { Panel } from './panels/Panel.jsx';
import { Header, Toolbar } from './Toolbar.jsx';
import { resolveVariables } from './variables.js';

const TIME_ZONE = 'browser';
const MARGIN = 16;

const writeTime = (time) => (typeof time === 'string' ? time : time.toISOString());
const makeRange = (raw) => ({ from: dateMath.parse(raw.from, false), to: dateMath.parse(raw.to, true), raw });

function useWidth() {
  const element = useRef(null);
  const [width, setWidth] = useState(innerWidth - 2 * MARGIN);
  useEffect(() => {
    const measure = () => setWidth(element.current.clientWidth);
    measure();
    addEventListener('resize', measure);
    return () => removeEventListener('resize', measure);
  }, []);
  return [element, width];
}

// the range in the dashboard's own words, and when it was last worked out
function useRange(given) {
  const [raw, setRaw] = useState(given);
  const [range, setRange] = useState(() => makeRange(given));
  const refresh = () => setRange(makeRange(raw));
  const change = ({ raw: wanted }) => {
    const next = { from: writeTime(wanted.from), to: writeTime(wanted.to) };
    setRaw(next);
    setRange(makeRange(next));
  };
  return { range, refresh, change };
}

function Row({ panel, place, isClosed, title, onToggle }) {
  const theme = useTheme2();
  const style = { position: 'absolute', ...place, display: 'flex', alignItems: 'center', gap: 4, cursor: 'pointer' };
  return (
    <div style={style} role="button" aria-expanded={!isClosed} data-row={panel.title} onClick={onToggle}>
      <Icon name={isClosed ? 'angle-right' : 'angle-down'} />
      <span style={{ ...theme.typography.h6, margin: 0 }}>{title}</span>
    </div>
  );
}

export function Dashboard({ dashboard, dashboards, scrapeInterval, query }) {
  const { range, refresh, change } = useRange({ from: query.from || dashboard.time.from, to: query.to || dashboard.time.to });
  const [interval, setInterval] = useState(dashboard.refresh || '');
  const [chosen, setChosen] = useState(() =>
    Object.fromEntries(Object.entries(query).flatMap(([key, value]) => (key.startsWith('var-') ? [[key.slice(4), value]] : []))),
  );
  const [variables, setVariables] = useState(null);
  const [marks, setMarks] = useState([]);
  const [problem, setProblem] = useState('');
  const [closed, setClosed] = useState(() => new Set(dashboard.panels.filter((panel) => panel.type === 'row' && panel.collapsed)));
  const [element, width] = useWidth();

  useEffect(() => {
    if (!interval) return undefined;
    const timer = window.setInterval(refresh, rangeUtil.intervalToMs(interval));
    return () => window.clearInterval(timer);
  }, [interval, range.raw]);
  useEffect(() => {
    const definitions = dashboard.templating?.list || [];
    whileBusy(() => resolveVariables(definitions, chosen, range)).then(
      (resolved) => {
        setProblem('');
        // the same choices are the same object: no panel asks twice
        setVariables((old) => (JSON.stringify(old) === JSON.stringify(resolved) ? old : resolved));
      },
      (error) => setProblem(error.message),
    );
  }, [chosen, range]);
  useEffect(() => {
    if (!variables) return;
    const annotations = dashboard.annotations?.list || [];
    whileBusy(() => askMarks(annotations, { range, variables, scrapeInterval })).then(setMarks, (error) => setProblem(error.message));
  }, [variables, range]);

  const onGrid = useMemo(() => (variables ? placePanels(dashboard.panels, closed, variables) : []), [closed, variables]);
  const placed = width + 2 * MARGIN < NARROW ? stackPanels(onGrid) : onGrid;
  const zoom = ({ from, to }) => change({ raw: { from: dateTime(from), to: dateTime(to) } });
  const toggle = (row) => setClosed((old) => new Set(old.has(row) ? [...old].filter((one) => one !== row) : [...old, row]));
  const bottom = Math.max(0, ...placed.map(({ gridPos }) => (gridPos.y + gridPos.h) * (CELL + GAP)));
  return (
    <>
      <Header title={dashboard.title} dashboards={dashboards} query={query} />
      {variables && (
        <Toolbar
          variables={variables}
          onVariable={(name, value) => setChosen({ ...chosen, [name]: value })}
          range={range}
          timeZone={TIME_ZONE}
          onRange={change}
          refresh={interval}
          onRefresh={refresh}
          onInterval={setInterval}
        />
      )}
      {problem && <Alert title={problem} severity="error" data-problem={problem} style={{ margin: MARGIN }} />}
      <main ref={element} style={{ position: 'relative', margin: `0 ${MARGIN}px ${MARGIN}px`, height: bottom }}>
        {placed.map(({ panel, source, scope, gridPos }, index) => {
          const place = measurePlace(gridPos, width);
          if (panel.type === 'row') {
            const title = interpolate(panel.title, variables);
            return <Row key={panel.id} panel={panel} place={place} title={title} isClosed={closed.has(source)} onToggle={() => toggle(source)} />;
          }
          return (
            <PlacedPanel
              key={`${panel.id} ${JSON.stringify(scope)} ${index}`}
              panel={source}
              box={place}
              scope={scope}
              variables={variables}
              range={range}
              marks={marks}
              scrapeInterval={scrapeInterval}
              timeZone={TIME_ZONE}
              onZoom={zoom}
            />
          );
        })}
      </main>
    </>
  );
}

function PlacedPanel({ variables, scope, ...rest }) {
  const own = useMemo(() => (Object.keys(scope).length ? { ...variables, ...scope } : variables), [variables, JSON.stringify(scope)]);
  return <Panel variables={own} {...rest} />;
}
