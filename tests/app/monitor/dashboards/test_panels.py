"""What every panel has: a description, a unit, a way to the runbook; and no data source of one cluster."""

import re
from typing import Any

import pytest

from app.monitor.dashboards.place import ORDER
from app.monitor.dashboards.runbook import load_runbook
from app.monitor.rules.groups import list_alert_names, load_datasets, make_groups
from app.monitor.rules.objectives import load_objectives
from tests.app.monitor.dashboards.reading import list_panels, read_dashboard
from tests.app.predictor.running import ROOT

RUNBOOK = ROOT / "docs" / "runbook.md"
VARIABLES = {
    "lathe-fleet": ["datasource", "environment", "model", "version"],
    "lathe-model": ["datasource", "environment", "model", "version", "slice", "window"],
    "lathe-release": ["datasource", "environment", "model", "version"],
    "lathe-loop": ["datasource", "environment", "model"],
}


def list_sources(value: Any) -> list[dict[str, str]]:
    """Every reference to a data source, however deep."""
    if isinstance(value, list):
        return [source for inner in value for source in list_sources(inner)]
    if not isinstance(value, dict):
        return []
    own = [value["datasource"]] if "datasource" in value else []
    return own + [source for key, inner in value.items() if key != "datasource" for source in list_sources(inner)]


@pytest.mark.parametrize("name", ORDER)
def test_every_panel_says_what_it_shows_in_which_unit(name: str) -> None:
    for panel in list_panels(name):
        assert len(panel["description"].split()) > 3, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["title"], panel["id"]


@pytest.mark.parametrize("name", ORDER)
def test_every_panel_leads_to_a_heading_of_the_runbook(name: str) -> None:
    headings = re.findall(r"^#+ (\w+)$", RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
    known = {f"{load_runbook()}#{heading.lower()}" for heading in headings}
    for panel in list_panels(name):
        assert [link["url"] for link in panel["links"] if link["url"] not in known] == [], panel["title"]
        assert panel["links"], panel["title"]


@pytest.mark.parametrize("name", ORDER)
def test_every_panel_belongs_to_an_alert_that_the_rules_have(name: str) -> None:
    alerts = list_alert_names(make_groups(load_objectives(), load_datasets()))
    known = {f"{load_runbook()}#{alert.lower()}" for alert in alerts}
    assert [panel["title"] for panel in list_panels(name) if panel["links"][0]["url"] not in known] == []


@pytest.mark.parametrize("name", ORDER)
def test_the_data_source_is_chosen_by_a_variable_and_never_an_input(name: str) -> None:
    dashboard = read_dashboard(name)
    allowed = ({"type": "prometheus", "uid": "${datasource}"}, {"type": "grafana", "uid": "-- Grafana --"})
    sources = list_sources(dashboard)
    assert [source for source in sources if source not in allowed] == []
    assert len(sources) > len(list_panels(name))
    assert "__inputs" not in dashboard
    first = dashboard["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")


@pytest.mark.parametrize("name", ORDER)
def test_a_person_chooses_environment_model_version_and_slice(name: str) -> None:
    assert [variable["name"] for variable in read_dashboard(name)["templating"]["list"]] == VARIABLES[name]


@pytest.mark.parametrize("name", ORDER)
def test_panels_stand_beside_each_other_without_gap_or_overlap(name: str) -> None:
    cells: set[tuple[int, int]] = set()
    for panel in read_dashboard(name)["panels"]:
        place = panel["gridPos"]
        own = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not own & cells, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        cells |= own
    assert len(cells) == 24 * (1 + max(y for _, y in cells)), "the grid has holes"


@pytest.mark.parametrize("name", ORDER)
def test_releases_are_marked_on_every_dashboard(name: str) -> None:
    marks = read_dashboard(name)["annotations"]["list"]
    assert {"Released", "Started"} <= {mark["name"] for mark in marks if mark["enable"]}


def test_the_dashboards_find_each_other_and_have_lasting_addresses() -> None:
    found = [read_dashboard(name) for name in ORDER]
    assert [one["uid"] for one in found] == list(ORDER)
    assert all(one["tags"] == ["lathe"] and one["links"][0]["tags"] == ["lathe"] for one in found)
    numbers = [[panel["id"] for panel in one["panels"]] for one in found]
    assert all(len(set(ids)) == len(ids) for ids in numbers)
