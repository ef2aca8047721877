// Marks as Grafana draws annotations: a dashed line, a triangle at the axis, and the text where the pointer rests.
import { dateTimeFormat } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import { useLayoutEffect, useRef } from 'react';

const TRIANGLE = 5; // pixels

function drawLines(plot, marks, theme) {
  const { ctx, bbox } = plot;
  const pixels = devicePixelRatio;
  ctx.save();
  for (const mark of marks) {
    const [from, to] = [mark.time, mark.timeEnd].map((time) => plot.valToPos(time, 'x', true));
    if (to < bbox.left || from > bbox.left + bbox.width) continue;
    const colour = theme.visualization.getColorByName(mark.colour);
    ctx.fillStyle = ctx.strokeStyle = colour;
    if (to > from) {
      ctx.globalAlpha = 0.1;
      ctx.fillRect(from, bbox.top, to - from, bbox.height);
      ctx.globalAlpha = 1;
    }
    ctx.lineWidth = 2 * pixels;
    ctx.setLineDash([5 * pixels, 5 * pixels]);
    ctx.beginPath();
    ctx.moveTo(from, bbox.top);
    ctx.lineTo(from, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

export function describeMark({ name, title, text, tags }) {
  return [name, title, text, tags?.join(', ')].filter(Boolean).join(' · ');
}

// an element for each mark that is in sight, which has the text and is found by whoever reads the page by program
function placeHandles(plot, marks, theme, timeZone) {
  plot.over.querySelectorAll('[data-mark]').forEach((old) => old.remove());
  for (const mark of marks) {
    const left = plot.valToPos(mark.time, 'x');
    if (left < 0 || left > plot.over.clientWidth) continue;
    const handle = document.createElement('div');
    handle.dataset.mark = describeMark(mark);
    handle.title = `${dateTimeFormat(mark.time, { timeZone })}\n${handle.dataset.mark}`;
    const colour = theme.visualization.getColorByName(mark.colour);
    handle.style.cssText = `position: absolute; bottom: ${-TRIANGLE}px; left: ${left - TRIANGLE}px; z-index: 1; width: 0; height: 0;
      border: ${TRIANGLE}px solid transparent; border-top: 0; border-bottom-color: ${colour}`;
    plot.over.append(handle);
  }
}

export function Marks({ config, marks, timeZone }) {
  const theme = useTheme2();
  const newest = useRef(marks);
  const drawn = useRef(null);
  newest.current = marks;
  useLayoutEffect(() => {
    config.addHook('draw', (plot) => {
      drawn.current = plot;
      drawLines(plot, newest.current, theme);
      placeHandles(plot, newest.current, theme, timeZone);
    });
  }, [config, theme, timeZone]);
  useLayoutEffect(() => drawn.current?.redraw(false), [marks]);
  return null;
}
