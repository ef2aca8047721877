// Where each panel stands on Grafana's grid of 24 columns.
import { listValues } from './interpolate.js';

export const COLUMNS = 24;
export const CELL = 30; // pixels of a row of the grid
export const GAP = 8;
export const NARROW = 769; // pixels of a window: below, panels stand one under the other, as Grafana has them on a phone

// a panel with `repeat` stands once for each value of its variable, which the copy sees as the only one
function repeatPanel(panel, variables) {
  const variable = panel.repeat && variables[panel.repeat];
  if (!variable) return [{ panel, scope: {} }];
  const values = listValues(variable);
  const perRow = panel.repeatDirection === 'v' ? 1 : Math.min(panel.maxPerRow || 4, values.length || 1);
  const { x, y, w, h } = panel.gridPos;
  const width = panel.repeatDirection === 'v' ? w : Math.floor(COLUMNS / perRow);
  return values.map((value, index) => ({
    panel: {
      ...panel,
      gridPos: {
        x: panel.repeatDirection === 'v' ? x : (index % perRow) * width,
        y: y + Math.floor(index / perRow) * h,
        w: width,
        h,
      },
    },
    scope: { [panel.repeat]: { ...variable, value } },
  }));
}

// A closed row hides the panels under it; what follows moves up. What repeats moves down what follows.
export function placePanels(panels, closedRows, variables = {}) {
  const placed = [];
  let shift = 0;
  let row = null;
  for (const panel of panels.flatMap((one) => (one.type === 'row' && one.panels?.length ? [one, ...one.panels] : [one]))) {
    if (panel.type === 'row') {
      if (row && closedRows.has(row)) shift -= panel.gridPos.y - row.gridPos.y - 1;
      row = panel;
    } else if (row && closedRows.has(row)) {
      continue;
    }
    const copies = repeatPanel(panel, variables);
    for (const copy of copies) {
      const { gridPos } = copy.panel;
      placed.push({ ...copy, source: panel, gridPos: { ...gridPos, y: gridPos.y + shift } });
    }
    const rows = new Set(copies.map((copy) => copy.panel.gridPos.y)).size;
    shift += Math.max(0, rows - 1) * panel.gridPos.h;
  }
  return placed;
}

// one column, in the order in which the grid is read
export function stackPanels(placed) {
  let bottom = 0;
  const read = [...placed].sort((one, other) => one.gridPos.y - other.gridPos.y || one.gridPos.x - other.gridPos.x);
  return read.map((one) => {
    const gridPos = { x: 0, y: bottom, w: COLUMNS, h: one.gridPos.h };
    bottom += gridPos.h;
    return { ...one, gridPos };
  });
}

// the pixels of a place on a page of this width
export function measurePlace({ x, y, w, h }, pageWidth) {
  const column = (pageWidth - GAP * (COLUMNS - 1)) / COLUMNS;
  return {
    left: x * (column + GAP),
    top: y * (CELL + GAP),
    width: w * column + (w - 1) * GAP,
    height: h * CELL + (h - 1) * GAP,
  };
}
