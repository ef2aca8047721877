"""The few kinds of panel that the dashboards are made of, each with description, unit and the way to its runbook."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, Self, TypeVar

from grafana_foundation_sdk.builders import annotationslist, prometheus, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders import common as look
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import common, dashboard

from app.monitor.dashboards.runbook import link_to

# a variable of type datasource: the sidecar of kube-prometheus-stack fills in no import inputs
SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
LETTERS = "ABCDEFGHIJ"
LINE_WIDTH = 2
# how far an axis reaches at least, by unit: where all is nought, Grafana would draw 0 to 100, of shares 0 to 10,000 %
LEAST_REACH = {"percentunit": 0.01, "reqps": 1, "rowsps": 1, "cps": 1, "s": 0.001, "bytes": 2**20, "short": 1}

PanelBuilder = Builder[dashboard.Panel]
Steps = Sequence[tuple[float | None, str]]  # from this value on, this colour
NEUTRAL: Steps = [(None, "text")]


class About(NamedTuple):
    """What every panel says of itself: `alert` names the heading of docs/runbook.md that belongs to it."""

    title: str
    description: str
    unit: str
    alert: str


class Describable(Protocol):
    """The builder of a panel of any kind."""

    def title(self, title: str) -> Self: ...
    def description(self, description: str) -> Self: ...
    def unit(self, unit: str) -> Self: ...
    def datasource(self, datasource: dashboard.DataSourceRef) -> Self: ...
    def links(self, links: list[Builder[dashboard.DashboardLink]]) -> Self: ...


Kind = TypeVar("Kind", bound=Describable)


def describe(panel: Kind, about: About) -> Kind:
    """The panel with title, description, unit, data source and link."""
    panel.title(about.title).description(about.description).unit(about.unit)
    return panel.datasource(SOURCE).links([link_to(about.alert)])


def over_time(expr: str, legend: str, letter: str) -> prometheus.Dataquery:
    return prometheus.Dataquery().expr(expr).legend_format(legend).ref_id(letter).datasource(SOURCE).range()


def choose_colours(steps: Steps) -> build.ThresholdsConfig:
    levels = [dashboard.Threshold(value=value, color=colour) for value, colour in steps]
    return build.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(levels)


def colour_by(mode: dashboard.FieldColorModeId) -> build.FieldColor:
    return build.FieldColor().mode(mode)


def number(
    about: About, expr: str, *, width: int = 4, steps: Steps = NEUTRAL, decimals: int | None = None, nothing: str = ""
) -> stat.Panel:
    """The newest value in large letters, its course behind it; `nothing` stands where there is none."""
    panel = describe(stat.Panel(), about)
    if nothing:
        panel.no_value(nothing)
    if decimals is not None:
        panel.decimals(decimals)
    return (
        panel.height(4)
        .span(width)
        .reduce_options(look.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_scheme(colour_by(dashboard.FieldColorModeId.THRESHOLDS))
        .thresholds(choose_colours(steps))
        .with_target(over_time(expr, "", LETTERS[0]))
    )


def lines(
    about: About,
    exprs: Mapping[str, str],
    *,
    width: int = 12,
    height: int = 9,
    limits: Steps = (),
    many: bool = False,
    signed: bool = False,
) -> timeseries.Panel:
    """Lines over time by legend, a legend as `{{model_version}}`; `limits` are dashed lines.

    `many` lines have their names side by side and no numbers; `signed` values may be below nought.
    """
    panel = describe(timeseries.Panel(), about)
    for letter, (legend, expr) in zip(LETTERS, exprs.items(), strict=False):
        panel.with_target(over_time(expr, legend, letter))
    if not signed:
        panel.axis_soft_min(0).axis_soft_max(LEAST_REACH[about.unit])
    if limits:
        panel.thresholds(choose_colours(limits))
        panel.thresholds_style(look.GraphThresholdsStyleConfig().mode(common.GraphThresholdsStyleMode.DASHED))
    return (
        panel.height(height)
        .span(width)
        .color_scheme(colour_by(dashboard.FieldColorModeId.PALETTE_CLASSIC))
        .line_width(LINE_WIDTH)
        .fill_opacity(0)
        .show_points(common.VisibilityMode.NEVER)
        .legend(show_legend([] if many else ["lastNotNull", "max"]))
        .tooltip(look.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    )


def show_legend(calcs: list[str]) -> look.VizLegendOptions:
    return (
        look.VizLegendOptions()
        .display_mode(common.LegendDisplayMode.TABLE if calcs else common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs(calcs)
    )


def stacked(panel: timeseries.Panel) -> timeseries.Panel:
    """The lines one upon the other."""
    stack = look.StackingConfig().mode(common.StackingMode.NORMAL).group("A")
    return panel.fill_opacity(30).line_width(1).stacking(stack).min(0)


def with_band(panel: timeseries.Panel, name: str, colour: str) -> timeseries.Panel:
    """A line `name` in its colour, the area between `name, low` and `name, high` around it."""
    fixed = dashboard.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": colour})
    thin = dashboard.DynamicConfigValue(id_val="custom.lineWidth", value=0)
    hidden = dashboard.DynamicConfigValue(
        id_val="custom.hideFrom", value={"legend": True, "tooltip": False, "viz": False}
    )
    filled = [
        dashboard.DynamicConfigValue(id_val="custom.fillBelowTo", value=f"{name}, low"),
        dashboard.DynamicConfigValue(id_val="custom.fillOpacity", value=15),
    ]
    panel.override_by_name(name, [fixed])
    panel.override_by_name(f"{name}, low", [fixed, thin, hidden])
    return panel.override_by_name(f"{name}, high", [fixed, thin, hidden, *filled])


def states(
    about: About,
    exprs: Mapping[str, str],
    mappings: Sequence[dashboard.ValueMapping],
    *,
    width: int = 12,
    height: int = 8,
) -> statetimeline.Panel:
    """One bar a series over time, its colour the state."""
    panel = describe(statetimeline.Panel(), about)
    for letter, (legend, expr) in zip(LETTERS, exprs.items(), strict=False):
        panel.with_target(over_time(expr, legend, letter))
    return (
        panel.height(height)
        .span(width)
        .mappings(list(mappings))
        .color_scheme(colour_by(dashboard.FieldColorModeId.THRESHOLDS))
        .thresholds(choose_colours(NEUTRAL))
        .show_value(common.VisibilityMode.NEVER)
        .row_height(0.8)
        .legend(show_legend([]))
    )


def name_values(names: Mapping[int, tuple[str, str]]) -> list[dashboard.ValueMapping]:
    """The text and the colour of each value."""
    return [
        dashboard.ValueMap(
            options={
                str(value): dashboard.ValueMappingResult(text=text, color=colour, index=index)
                for index, (value, (text, colour)) in enumerate(names.items())
            }
        )
    ]


def events(about: About, tags: list[str], *, width: int = 12, height: int = 9) -> annotationslist.Panel:
    """The annotations of Grafana's store that have all of these tags, newest first."""
    panel = describe(annotationslist.Panel(), about).height(height).span(width)
    return panel.tags(tags).limit(20).show_user(False).show_time(True).show_tags(True).only_from_this_dashboard(False)
