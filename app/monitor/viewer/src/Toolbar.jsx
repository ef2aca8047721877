// Above the panels: the name, the other dashboards, the variables, the time and how often it is asked anew.
import { dateTime } from '@grafana/data';
import { Icon, MultiSelect, RefreshPicker, Select, TimeRangePicker, useTheme2 } from '@grafana/ui';
import { ALL } from './interpolate.js';

// of several values the last one chosen decides whether it is all of them
const keepMeaning = (values) => (values.at(-1) === ALL || !values.length ? [ALL] : values.filter((value) => value !== ALL));

function Choice({ variable, onChange }) {
  const theme = useTheme2();
  const { definition, options, value } = variable;
  const offered = definition.includeAll ? [ALL, ...options] : options;
  const labelled = offered.map((option) => ({ value: option, label: option === ALL ? 'All' : option }));
  const choose = (chosen) => onChange(Array.isArray(chosen) ? keepMeaning(chosen.map((one) => one.value)) : chosen.value);
  const Picker = definition.multi ? MultiSelect : Select;
  const frame = {
    ...theme.typography.bodySmall,
    fontWeight: theme.typography.fontWeightMedium,
    lineHeight: '30px',
    padding: '0 8px',
    whiteSpace: 'nowrap',
    background: theme.colors.background.primary,
    border: `1px solid ${theme.components.input.borderColor}`,
    borderRight: 0,
    borderRadius: '2px 0 0 2px',
  };
  return (
    <div style={{ display: 'flex' }}>
      <label style={frame}>{definition.label || definition.name}</label>
      <Picker aria-label={definition.name} width="auto" options={labelled} value={value} onChange={choose} />
    </div>
  );
}

export function Header({ title, dashboards, query }) {
  const theme = useTheme2();
  const bar = {
    display: 'flex',
    gap: 8,
    alignItems: 'center',
    flexWrap: 'wrap',
    minHeight: 40,
    padding: '0 16px',
    background: theme.colors.background.primary,
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  };
  const others = dashboards.filter((other) => other.title !== title);
  return (
    <header style={bar}>
      <Icon name="apps" />
      <span style={{ color: theme.colors.text.secondary }}>Dashboards</span>
      <Icon name="angle-right" />
      <span>{title}</span>
      <nav style={{ marginLeft: 'auto', display: 'flex', flexWrap: 'wrap', gap: '4px 16px' }}>
        {others.map((other) => (
          <a key={other.name} style={{ whiteSpace: 'nowrap' }} href={`/?${new URLSearchParams({ ...query, dashboard: other.name })}`}>
            {other.title}
          </a>
        ))}
      </nav>
    </header>
  );
}

export function Toolbar({ variables, onVariable, range, timeZone, onRange, refresh, onRefresh, onInterval }) {
  const span = range.to.valueOf() - range.from.valueOf();
  const move = (share) => {
    const [from, to] = [range.from, range.to].map((time) => dateTime(time.valueOf() + span * share));
    onRange({ from, to, raw: { from, to } });
  };
  const widen = () => {
    const [from, to] = [dateTime(range.from.valueOf() - span / 2), dateTime(range.to.valueOf() + span / 2)];
    onRange({ from, to, raw: { from, to } });
  };
  return (
    <div style={{ display: 'flex', gap: 8, flexWrap: 'wrap', padding: '16px 16px 8px' }}>
      {Object.values(variables).map((variable) => (
        <Choice key={variable.definition.name} variable={variable} onChange={(value) => onVariable(variable.definition.name, value)} />
      ))}
      <span style={{ flexGrow: 1 }} />
      <TimeRangePicker
        value={range}
        timeZone={timeZone}
        onChange={onRange}
        onChangeTimeZone={() => {}}
        onMoveBackward={() => move(-0.5)}
        onMoveForward={() => move(0.5)}
        onZoom={widen}
        isOnCanvas
      />
      <RefreshPicker value={refresh} onRefresh={onRefresh} onIntervalChanged={onInterval} isOnCanvas text="Refresh" />
    </div>
  );
}
