"""A dashboard of its parts: rows of panels, variables, marks, and links to the other dashboards."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import dashboard

from app.monitor.dashboards.elements import PanelBuilder
from app.monitor.dashboards.variables import Variable

TAG = "lathe"  # by which the dashboards find each other
USUAL_TIME = "now-6h"


class Parts(NamedTuple):
    """Of one dashboard; `uid` is in its address, and stays whatever its title becomes."""

    uid: str
    title: str
    description: str
    variables: Sequence[Variable]
    marks: Sequence[dashboard.AnnotationQuery]
    rows: Mapping[str, Sequence[PanelBuilder]]


def assemble(parts: Parts) -> dashboard.Dashboard:
    """Panels have numbers in their order, so that links to one of them last."""
    board = (
        build.Dashboard(parts.title)
        .uid(parts.uid)
        .description(parts.description)
        .tags([TAG])
        .time(USUAL_TIME, "now")
        .refresh("1m")
        .timezone("browser")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(_link_others())
    )
    for variable in parts.variables:
        board.with_variable(variable)
    for title, panels in parts.rows.items():
        board.with_row(build.Row(title))
        for panel in panels:
            board.with_panel(panel)
    built = board.build()
    built.annotations = dashboard.AnnotationContainer(list(parts.marks))
    for number, placed in enumerate(built.panels or [], 1):
        placed.id_val = number
    return built


def _link_others() -> build.DashboardLink:
    link = build.DashboardLink("Lathe").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.include_vars(True).keep_time(True)
