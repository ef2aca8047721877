// The page: which dashboard, from when to when, light or dark, stands in its address.
import { ThemeContext, createTheme } from '@grafana/data';
import { GlobalStyles } from '@grafana/ui';
import { createRoot } from 'react-dom/client';
import { Dashboard } from './Dashboard.jsx';

async function read(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${answer.statusText}`);
  return answer.json();
}

async function start() {
  const query = Object.fromEntries(new URLSearchParams(location.search));
  const theme = createTheme({ colors: { mode: query.theme === 'light' ? 'light' : 'dark' } });
  document.body.classList.add(`theme-${theme.isDark ? 'dark' : 'light'}`, 'app-grafana');
  document.body.style.background = theme.colors.background.canvas;
  const { dashboards, scrapeInterval } = await read('/api/viewer');
  const name = query.dashboard || dashboards[0].name;
  const dashboard = await read(`/dashboards/${encodeURIComponent(name)}.json`);
  document.title = dashboard.title;
  await document.fonts.load('12px Inter').catch(() => {}); // texts are measured before they are drawn
  createRoot(document.getElementById('root')).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles hackNoBackdropBlur={false} />
      <Dashboard dashboard={dashboard} dashboards={dashboards} scrapeInterval={scrapeInterval} query={query} />
    </ThemeContext.Provider>,
  );
}

start().catch((error) => {
  document.body.dataset.problem = document.body.textContent = `This page could not start: ${error.message}`;
});
