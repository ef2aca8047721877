// A list of marks from Grafana's store, newest first. @grafana/ui has no such panel: the list is ours, in Grafana's styles.
import { dateTimeFormat } from '@grafana/data';
import { TagList, useTheme2 } from '@grafana/ui';

export function EventsPanel({ events, options, height, timeZone }) {
  const theme = useTheme2();
  const small = { ...theme.typography.bodySmall, color: theme.colors.text.secondary };
  return (
    <ul style={{ height, overflow: 'auto', listStyle: 'none', margin: 0 }}>
      {events.slice(0, options.limit).map((event) => (
        <li key={event.id} style={{ padding: '6px 0', borderBottom: `1px solid ${theme.colors.border.weak}` }}>
          <div>{event.text}</div>
          <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, alignItems: 'center', justifyContent: 'space-between', ...small }}>
            {options.showTime && <span style={{ whiteSpace: 'nowrap' }}>{dateTimeFormat(event.time, { timeZone })}</span>}
            {options.showTags && <TagList tags={event.tags} displayMax={4} />}
          </div>
        </li>
      ))}
    </ul>
  );
}
