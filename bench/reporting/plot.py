"""Results as a picture: requests a second and tail latency, on logarithmic axes."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.reporting.summary import Figures

COLOURS = {"lathe": "#0b6e4f", "peer": "#7a8b99", "ceiling": "#c9a14a"}
CONNECTIONS = "16"


def draw_plot(figures: list[Figures], folder: Path) -> list[Path]:
    """Writes benchmark.png and benchmark.svg, the fastest system on top."""
    ordered = sorted(figures, key=lambda one: one.requests_per_second[CONNECTIONS])
    figure = Figure(figsize=(12, 1.8 + 0.42 * len(ordered)), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, sharey=True)
    _draw_points(left, ordered, [one.requests_per_second[CONNECTIONS] for one in ordered], "requests a second", ",.0f")
    _draw_points(right, ordered, [one.p99_ms[CONNECTIONS] for one in ordered], "p99 latency, ms", ".1f")
    figure.suptitle(f"One row, {CONNECTIONS} connections, logarithmic axes")
    marks = [Line2D([], [], marker="o", linestyle="", color=colour, label=kind) for kind, colour in COLOURS.items()]
    figure.legend(handles=marks, loc="outside lower center", ncols=3, frameon=False)
    paths = [folder / "benchmark.png", folder / "benchmark.svg"]
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        figure.savefig(path, dpi=120)
    return paths


def _draw_points(axes: Axes, figures: list[Figures], values: list[float], label: str, form: str) -> None:
    """Points, not bars: a bar's length means nothing on a logarithmic axis."""
    for one, value in zip(figures, values, strict=True):
        axes.plot(value, one.entry.title, "o", markersize=9, color=COLOURS[one.entry.kind])
        axes.annotate(format(value, form), (value, one.entry.title), (9, 0), textcoords="offset points", va="center")
    axes.set_xscale("log")
    axes.set_xlim(min(values) / 2, max(values) * 4)
    axes.set_xlabel(label)
    axes.margins(y=0.1)
    axes.grid(which="major", alpha=0.4)
    axes.spines[["top", "right"]].set_visible(False)
