import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from training.report.drawing import CANDIDATE, VARIABLES, draw_histograms, draw_svg


def draw_line(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], color=CANDIDATE, label="a < b & c")
    axes.scatter([0.5], [0.5], rasterized=True)
    axes.legend()


def test_same_drawing_is_the_same_text() -> None:
    assert draw_svg("one", "One", draw_line) == draw_svg("one", "One", draw_line)


def test_colours_follow_the_page() -> None:
    svg = draw_svg("one", "One", draw_line)
    assert "var(--candidate)" in svg
    assert not [colour for colour in VARIABLES if colour in svg]


def test_drawing_is_well_formed_and_needs_nothing_from_outside() -> None:
    svg = draw_svg("one", "One", draw_line)
    ET.fromstring(svg)  # noqa: S314 - drawn here
    assert "http" not in svg
    assert "data:image/png;base64," in svg


def test_ids_of_two_drawings_do_not_meet_and_every_reference_is_answered() -> None:
    ids = []
    for name in ("one", "two"):
        root = ET.fromstring(draw_svg(name, name, draw_line))  # noqa: S314 - drawn here
        found = {element.get("id") for element in root.iter() if element.get("id")}
        asked = {element.get("href", "")[1:] for element in root.iter("use")}
        assert asked <= found
        ids.append(found)
    assert not ids[0] & ids[1]


def test_page_gives_the_size_and_a_screen_reader_the_title() -> None:
    root = ET.fromstring(draw_svg("one", "Precision and recall", draw_line))  # noqa: S314 - drawn here
    assert root.get("aria-label") == "Precision and recall"
    assert root.get("viewBox")
    assert root.get("width") is None
    assert root.get("height") is None


def test_drawing_leaves_the_settings_of_matplotlib_alone() -> None:
    before = dict(mpl.rcParams)
    draw_svg("one", "One", draw_line)
    assert dict(mpl.rcParams) == before


def test_histograms_of_all_roles_share_their_bins() -> None:
    seen: list[Axes] = []

    def draw(axes: Axes) -> None:
        values = {"candidate": np.array([0.1, 0.1, 0.9]), "champion": np.array([0.2])}
        draw_histograms(axes, values, np.linspace(0, 1, 3))
        seen.append(axes)

    svg = draw_svg("bins", "Bins", draw)
    assert "var(--candidate)" in svg
    assert "var(--champion)" in svg
    assert len(seen[0].patches) == 2
