"""The page of a load: the verdicts, and each second's latencies beside the objective."""

import math
from collections.abc import Iterable, Sequence
from html import escape

from app.monitor.load.judgement import OK, WORDS, LoadJudgement, measure_percentiles
from app.monitor.load.open_loop import Reply

WIDTH, HEIGHT, LEFT, BOTTOM = 960, 360, 70, 40
COLOURS = {"p50": "#1b6e3c", "p90": "#0b57d0", "p99": "#8a5a00", "longest": "#b3261e"}
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 66rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733 }
.kept { color: #1b6e3c } .missed { color: #b3261e } .unknown { color: #8a5a00 }
h1 { overflow-wrap: anywhere }
.wide { overflow-x: auto }
svg { width: 100%; min-width: 44rem; background: #f6f8fa; border-radius: 4px } text { font-size: 12px; fill: #55606d }
"""


def render_page(
    url: str, rate: float, replies: Sequence[Reply], judgement: LoadJudgement, latency_seconds: float
) -> str:
    """One HTML file that needs nothing else."""
    title = f"Load on {url}"
    items = "".join(
        f"<li><strong class={one.verdict}>{escape(one.name)}: {WORDS[one.verdict]}</strong>. {escape(one.text)}</li>"
        for one in judgement.promises
    )
    figures = ", ".join(f"{name} {1000 * value:.1f} ms" for name, value in judgement.percentiles.items())
    sent = f"{judgement.requests:,} requests at {rate:g} a second; counted from when each was due: {figures or 'none'}."
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<body><h1>{escape(title)}</h1><p>{escape(sent)}</p><ul>{items}</ul>"
        f"<div class=wide>{draw_latencies(replies, latency_seconds)}</div></body></html>"
    )


def draw_latencies(replies: Sequence[Reply], latency_seconds: float) -> str:
    """Percentiles by the second in which requests were due, on a logarithmic scale; failures below the axis."""
    seconds = group_seconds(replies)
    span = max(1, len(seconds))
    found = [measure_percentiles(sorted(one.seconds for one in part if one.status == OK)) for part in seconds]
    values = [value for one in found for value in one.values()] or [latency_seconds]
    low = math.log10(max(1e-5, min(*values, latency_seconds)) / 1.5)
    high = math.log10(max(*values, latency_seconds) * 1.5)

    def place(index: int, value: float) -> tuple[float, float]:
        x = LEFT + (index + 0.5) / span * (WIDTH - LEFT)
        return x, (HEIGHT - BOTTOM) * (1 - (math.log10(max(1e-5, value)) - low) / (high - low))

    parts = [*_draw_scale(low, high), _draw_objective(place(0, latency_seconds)[1], latency_seconds)]
    for name, colour in COLOURS.items():
        points = [place(index, one[name]) for index, one in enumerate(found) if name in one]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{colour}"/>' for x, y in points[:1]]
    for index, part in enumerate(seconds):
        if failed := sum(one.status != OK for one in part):
            x, _ = place(index, 1)
            parts.append(f'<circle cx="{x:.1f}" cy="{HEIGHT - BOTTOM / 2}" r="4" fill="#b3261e"><title>{failed} failed'
                         "</title></circle>")  # fmt: skip # one tag
    parts += _draw_legend()
    label = "latency by the second in which a request was due"
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def group_seconds(replies: Iterable[Reply]) -> list[list[Reply]]:
    """By the whole second in which they were due."""
    groups: list[list[Reply]] = []
    for reply in replies:
        while len(groups) <= int(reply.due):
            groups.append([])
        groups[int(reply.due)].append(reply)
    return groups


def _draw_scale(low: float, high: float) -> Iterable[str]:
    for exponent in range(math.ceil(low), math.floor(high) + 1):
        y = (HEIGHT - BOTTOM) * (1 - (exponent - low) / (high - low))
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH}" stroke="#dde3ea"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{1000 * 10**exponent:g} ms</text>'
    yield f'<text x="{LEFT - 8}" y="{HEIGHT - BOTTOM / 2 + 4}" text-anchor="end">failed</text>'


def _draw_objective(y: float, seconds: float) -> str:
    return (
        f'<path d="M{LEFT} {y:.1f}H{WIDTH}" stroke="#1c2733" stroke-dasharray="6 4"/>'
        f'<text x="{WIDTH - 6}" y="{y - 5:.1f}" text-anchor="end">objective {1000 * seconds:g} ms</text>'
    )


def _draw_legend() -> Iterable[str]:
    for index, (name, colour) in enumerate(COLOURS.items()):
        x = LEFT + 10 + 90 * index
        yield f'<path d="M{x} {HEIGHT - 8}h18" stroke="{colour}" stroke-width="2"/>'
        yield f'<text x="{x + 24}" y="{HEIGHT - 4}">{name}</text>'
