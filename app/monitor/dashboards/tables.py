"""A table: one row for each set of labels, one column for each query."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from grafana_foundation_sdk.builders import common as look
from grafana_foundation_sdk.builders import prometheus, table
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from app.monitor.dashboards.elements import LETTERS, SOURCE, About, Steps, describe

LEAST_WIDTH = 80  # pixels of a column; Grafana's own 150 would cut off the last columns of ten
NO_WIDTHS: Mapping[str, int] = MappingProxyType({})


class NumberColumn(NamedTuple):
    """A column of numbers; coloured by its steps or by the mappings' colours, where there are any."""

    title: str
    expr: str
    unit: str = "short"
    decimals: int | None = None
    steps: Steps = ()
    mappings: Sequence[dashboard.ValueMapping] = ()
    width: int | None = None


def grid(
    about: About,
    labels: dict[str, str],
    columns: Sequence[NumberColumn],
    *,
    width: int = 24,
    height: int = 8,
    sort: str = "",
    widths: Mapping[str, int] = NO_WIDTHS,
) -> table.Panel:
    """A table with the labels, by their titles, and then the columns.

    Each query must give exactly these labels, or rows do not meet. `widths` are pixels of columns of labels by title.
    """
    panel = describe(table.Panel(), about)
    names = dict(zip((f"Value #{letter}" for letter in LETTERS), columns, strict=False))
    for letter, column in zip(LETTERS, columns, strict=False):
        panel.with_target(at_once(column.expr, letter))
        panel.override_by_name(column.title, list_properties(column))
    order = {name: index for index, name in enumerate([*labels, *names])}
    titles = labels | {name: column.title for name, column in names.items()}
    panel.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    panel.with_transformation(
        dashboard.DataTransformerConfig(
            id_val="organize", options={"excludeByName": {"Time": True}, "indexByName": order, "renameByName": titles}
        )
    )
    if sort:
        panel.sort_by([look.TableSortByFieldState().display_name(sort).desc(True)])
    for title in titles.values():
        if title in widths:
            panel.override_by_name(title, [dashboard.DynamicConfigValue(id_val="custom.width", value=widths[title])])
    return panel.height(height).span(width).min_width(LEAST_WIDTH).cell_height(common.TableCellHeight.SM)


def at_once(expr: str, letter: str) -> prometheus.Dataquery:
    query = prometheus.Dataquery().expr(expr).ref_id(letter).datasource(SOURCE)
    return query.instant().format(PromQueryFormat.TABLE)


def list_properties(column: NumberColumn) -> list[dashboard.DynamicConfigValue]:
    """What a column overrides of its panel."""
    values: dict[str, Any] = {"unit": column.unit}
    if column.decimals is not None:
        values["decimals"] = column.decimals
    if column.steps:
        steps = [{"value": value, "color": colour} for value, colour in column.steps]
        values["thresholds"] = {"mode": "absolute", "steps": steps}
        values["custom.cellOptions"] = {"type": "color-text"}
    if column.mappings:
        values["mappings"] = list(column.mappings)
        values["custom.cellOptions"] = {"type": "color-background", "mode": "basic"}
    if column.width:
        values["custom.width"] = column.width
    return [dashboard.DynamicConfigValue(id_val=name, value=value) for name, value in values.items()]
