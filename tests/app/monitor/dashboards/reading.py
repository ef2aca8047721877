"""The dashboards as checked in, their panels and queries, and the series that a query reads."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import promql_parser

from app.monitor.dashboards.place import FOLDER, ORDER
from app.monitor.dashboards.variables import WINDOWS
from tests.app.predictor.running import ROOT

# one value for each variable, in the form in which Grafana fills it in
FILLED = {"environment": "lathe-test", "model": "ai4i", "version": ".*", "slice": ".*", "__rate_interval": "1m"}


@dataclass(frozen=True)
class Query:
    """`text` with every variable filled in, `place` for a person to find it by."""

    place: str
    text: str
    panel: int
    dashboard: str


@cache
def read_dashboard(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((ROOT / FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return document


def list_panels(name: str) -> list[dict[str, Any]]:
    """Without the rows' titles."""
    return [panel for panel in read_dashboard(name)["panels"] if panel["type"] != "row"]


def fill_in(text: str, **values: str) -> str:
    for name, value in (FILLED | values).items():
        text = text.replace(f"${name}", value)
    return text


def list_queries(*names: str) -> Iterator[Query]:
    """Each query of panels and annotations, once for each window if it has one."""
    for name in names or ORDER:
        texts = [
            (f"{name} / {panel['title']} {target['refId']}", target["expr"], panel["id"])
            for panel in list_panels(name)
            for target in panel.get("targets", [])
        ]
        marks = [mark for mark in read_dashboard(name)["annotations"]["list"] if "expr" in mark]
        texts += [(f"{name} / mark {mark['name']}", mark["expr"], 0) for mark in marks]
        for place, text, panel in texts:
            for window in WINDOWS if "$window" in text else ("",):
                yield Query(f"{place} {window}".strip(), fill_in(text, window=window), panel, name)


def list_selectors(text: str) -> list[tuple[str, set[str]]]:
    """Each series that a query reads, with the labels that it selects by.

    Raises: ValueError if the query cannot be parsed.
    """
    found: list[tuple[str, set[str]]] = []

    def note(node: Any) -> bool:
        if isinstance(node, promql_parser.VectorSelector):
            found.append((node.name or "", {matcher.name for matcher in node.matchers.matchers}))
        return True

    promql_parser.walk(promql_parser.parse(text), note)
    return found
