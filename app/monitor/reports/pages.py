"""The pages around Evidently's: one a run with the guards' verdicts, and one of all runs with the trend."""

from collections.abc import Iterable, Sequence
from html import escape

from app.monitor.reports.guards import ColumnVerdict
from app.monitor.reports.runs import ReportRun
from app.monitor.rules.objectives import DriftLimits

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733 }
table { border-collapse: collapse; width: 100%; min-width: 44rem; margin: 1rem 0 }
h1, li { overflow-wrap: anywhere }
.wide { overflow-x: auto }
th, td { text-align: left; padding: .3rem .7rem; border-bottom: 1px solid #dde3ea; vertical-align: top }
.drift { color: #b3261e; font-weight: 600 }
.none, .measured { color: #1b6e3c }
.unknown { color: #8a5a00; font-weight: 600 }
.about, figcaption { color: #55606d }
svg { background: #f6f8fa; border-radius: 4px }
figure { margin: .5rem .7rem .5rem 0; display: inline-block; width: 20rem }
figcaption { font-size: .85rem }
a { color: #0b57d0 }
"""
PAGE_TITLES = {"drift": "Drift", "quality": "Data quality", "outcomes": "Predictions and outcomes"}
WORDS = {"none": "no drift", "drift": "drift", "unknown": "unknown"}
WIDTH, HEIGHT, TREND_RUNS = 320, 72, 60


def render_run(run: ReportRun, limits: DriftLimits) -> str:
    """The page of one run."""
    about = (
        f"Model {run.model}, version {run.version}. Rows logged from {run.begin} to {run.end}: {run.rows:,}, "
        f"{_show_shares(run.shares)}. Evidently's pages are of {run.sampled:,} of them, drawn at random; the verdicts "
        "below are of all."
    )
    parts = [
        f"<h1>Report of {escape(run.created)}</h1><p class=about>{escape(about)}</p>",
        "<h2>Evidently's pages</h2>",
        _list_items(_link_page(name, reason) for name, reason in run.pages.items()),
        f"<p class=about>{escape(_explain_index(run, limits))}</p>",
        "<h2>Verdicts</h2>",
        _render_table(
            ("column", "verdict", "why", "use", "rows", "missing", "PSI"), (_list_cells(one) for one in run.columns)
        ),
        "<h2>Outcomes</h2>",
        f"<p><span class={run.labels.verdict}>{run.labels.verdict}</span>: {escape(run.labels.reason)}</p>",
        _list_items(
            f"{escape(one.name)} {one.value:.3f}, 95 % interval {one.low:.3f} to {one.high:.3f}" for one in run.quality
        ),
    ]
    if run.left_out:
        parts.append("<h2>Left out</h2>")
        parts.append(_list_items(f"{count:,}: {escape(reason)}" for reason, count in run.left_out.items()))
    return _render_page(f"Report of {run.created}", parts)


def render_index(runs: Sequence[ReportRun], kept: Iterable[str], limits: DriftLimits) -> str:
    """The page of all runs, the newest first; those in `kept` have their pages still."""
    known = set(kept)
    latest = runs[-1]
    rows = [
        (
            f'<a href="{escape(run.folder)}/index.html">{escape(run.created)}</a>' if run.folder in known
            else escape(run.created),
            escape(run.version),
            f"{run.rows:,}",
            *(_mark(verdict, str(run.count(verdict))) for verdict in ("drift", "none", "unknown")),
            escape(run.labels.verdict),
        )
        for run in reversed(runs)
    ]  # fmt: skip # a table
    parts = [
        f"<h1>Reports of {escape(latest.model)}</h1>",
        "<p class=about>Alerts come from the predictor's counters; these pages explain them. Verdicts are of columns: "
        "unknown means that too few rows, or none that vary, could tell.</p>",
        "<h2>Trend</h2>",
        *(_draw_trend(column.name, runs[-TREND_RUNS:], limits) for column in latest.columns),
        "<h2>Runs</h2>",
        _render_table(("report", "version", "rows", "drift", "no drift", "unknown", "outcomes"), rows),
    ]
    return _render_page(f"Reports of {latest.model}", parts)


def _explain_index(run: ReportRun, limits: DriftLimits) -> str:
    if run.apart is None:
        return "No index of Evidently is there to compare."
    return (
        f"Evidently's PSI of the same rows in the same bins is ours, at most {run.apart:.1e} apart in any column. "
        f"It marks drift from {limits.retrain:g} on without taking off what chance adds; the verdicts below do."
    )


def _show_shares(shares: Sequence[float]) -> str:
    found = " and ".join(f"{100 * share:g} %" for share in shares) or "none"
    return f"{found} of what was scored"


def _link_page(name: str, reason: str | None) -> str:
    title = PAGE_TITLES[name]
    return f'<a href="{name}.html">{title}</a>' if reason is None else f"{title}: none, {escape(reason)}"


def _list_cells(column: ColumnVerdict) -> tuple[str, ...]:
    psi = "" if column.psi is None else f"{column.psi:.3f} ({column.low:.3f} to {column.high:.3f})"
    return (
        escape(column.name),
        _mark(column.verdict, WORDS[column.verdict]),
        escape(column.reason),
        column.use,
        f"{column.rows:,}",
        f"{column.missing:,}",
        psi,
    )


def _draw_trend(name: str, runs: Sequence[ReportRun], limits: DriftLimits) -> str:
    """The index with its bounds by run; where nothing could be computed there is a gap."""
    found = [next((column for column in run.columns if column.name == name), None) for run in runs]
    top = max([2 * limits.retrain, *(one.high for one in found if one is not None and one.high is not None)])
    step = WIDTH / max(1, len(runs))
    marks = [_draw_line(0, WIDTH, limit, top, "#c3ccd6") for limit in (limits.warn, limits.retrain)]
    for place, one in enumerate(found):
        if one is None or one.psi is None or one.low is None or one.high is None:
            continue
        x = (place + 0.5) * step
        colour = {"drift": "#b3261e", "none": "#1b6e3c", "unknown": "#c98a00"}[one.verdict]
        y, low, high = (_scale(value, top) for value in (one.psi, one.low, one.high))
        marks.append(f'<path d="M{x:.1f} {low:.1f}V{high:.1f}" stroke="{colour}" stroke-opacity=".45"/>')
        marks.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>')
    last = found[-1]
    verdict = "" if last is None else f": {_mark(last.verdict, WORDS[last.verdict])}"
    label = f"PSI of {name} over {len(runs)} reports, 0 to {top:.2f}"
    return (
        f'<figure><svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" aria-label="{escape(label)}" fill="none">'
        f"{''.join(marks)}</svg><figcaption>{escape(name)}{verdict}, 0 to {top:.2f}</figcaption></figure>"
    )


def _draw_line(left: float, right: float, value: float, top: float, colour: str) -> str:
    y = _scale(value, top)
    return f'<path d="M{left} {y:.1f}H{right}" stroke="{colour}" stroke-dasharray="4 3"/>'


def _scale(value: float, top: float) -> float:
    """From an index to a place on the drawing, upwards."""
    return HEIGHT - 4 - (HEIGHT - 8) * min(max(value, 0.0), top) / top


def _mark(verdict: str, text: str) -> str:
    return f"<span class={verdict}>{escape(text)}</span>"


def _list_items(items: Iterable[str]) -> str:
    return "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _render_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=wide><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def _render_page(title: str, parts: Iterable[str]) -> str:
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style><body>{"".join(parts)}</body></html>'
    )
