"""Matplotlib as the page wants it: small inline SVG whose colours follow the page, light or dark."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

from contract.wording import ROLES

STYLE_SHEET = Path(__file__).parent / "templates" / "style.css"

# Stand-ins that become CSS variables, so that one drawing fits both colour schemes.
INK, GRID, CANDIDATE, CHAMPION, RULE, BAD = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
VARIABLES = {INK: "ink", GRID: "grid", CANDIDATE: "candidate", CHAMPION: "champion", RULE: "rule", BAD: "fail"}
COLOURS = {"candidate": CANDIDATE, "champion": CHAMPION, "rule": RULE}

SIZE_INCHES = (4.6, 3.3)
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9.5,
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "axes.edgecolor": GRID,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))

Draw = Callable[[Axes], None]


def draw_svg(name: str, title: str, draw: Draw, height_inches: float = SIZE_INCHES[1]) -> str:
    """An SVG element for HTML: `draw` fills the axes, `title` is what a screen reader says.

    The same input gives the same text; ids begin with `name`, so that drawings on one page do not meet.
    """
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        figure = Figure(figsize=(SIZE_INCHES[0], height_inches), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        draw(axes)
        buffer = StringIO()
        FigureCanvasSVG(figure).print_svg(buffer, metadata=NO_METADATA)  # type: ignore[no-untyped-call]
    return _fit_page(buffer.getvalue(), name, title)


def _fit_page(text: str, name: str, title: str) -> str:
    svg = text[text.index("<svg") :]
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg).replace("xlink:href", "href")
    svg = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', svg)
    svg = re.sub(r'(url\(|href=")#', rf"\1#{name}-", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    opening, rest = svg.split(">", 1)
    opening = re.sub(r' (width|height)="[^"]*"', "", opening)  # the viewBox stays, the page gives the size
    return opening.replace("<svg", f'<svg role="img" aria-label="{title}"') + ">" + rest


@dataclass(frozen=True)
class Picture:
    """A drawing with the words around it."""

    title: str
    caption: str
    svg: str


def draw_picture(name: str, title: str, caption: str, draw: Draw, height_inches: float = SIZE_INCHES[1]) -> Picture:
    return Picture(title, caption, draw_svg(name, title, draw, height_inches))


def export_picture(picture: Picture) -> bytes:
    """The drawing as a file of its own: on white, in the page's colours for light."""
    style = STYLE_SHEET.read_text(encoding="utf-8")
    colours = style[: style.index("@media")]  # the first block of the page's variables
    background = '<rect width="100%" height="100%" fill="#ffffff"/>'
    opening, rest = picture.svg.split(">", 1)
    opening = opening.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    return f"{opening}><title>{escape(picture.title)}</title><style>{colours}</style>{background}{rest}".encode()


def add_legend(axes: Axes) -> None:
    """A legend if anything drawn has a label."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best")


def draw_histograms(axes: Axes, values: Mapping[str, NDArray[np.float64]], edges: NDArray[np.float64]) -> None:
    """The candidate filled, others as lines, all over the same bins."""
    for name, sample in values.items():
        filled = name == "candidate"
        axes.hist(
            sample,
            edges.tolist(),
            color=COLOURS[name],
            label=ROLES[name],
            histtype="stepfilled" if filled else "step",
            alpha=0.45 if filled else None,
            linewidth=1.6,
        )
