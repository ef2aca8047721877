"""Each dashboard in a real browser, drawn from a real Prometheus: no error, no empty panel, what happened is marked."""

from itertools import pairwise

import pytest
from playwright.sync_api import Browser

from app.monitor.dashboards.place import ORDER
from app.monitor.watch.laptop import Laptop
from tests.app.monitor.dashboards.answers import wait_for_every_query
from tests.app.monitor.dashboards.reading import list_panels
from tests.app.monitor.phone import FIND_WIDE, PHONE
from tests.app.monitor.viewer.looking import HAND, Look, look_at, open_dashboard, open_on_device
from tests.patience import wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def with_data(laptop: Laptop) -> Laptop:
    wait_for_every_query(laptop)
    return laptop


def look(browser: Browser, laptop: Laptop, name: str, **query: str) -> Look:
    page, watch = open_dashboard(browser, laptop.viewer, name, **{"from": "now-5m", **query})
    found = look_at(page)
    page.context.close()
    assert watch.troubles == []
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ORDER)
def test_no_panel_shows_an_error_or_is_empty(browser: Browser, with_data: Laptop, name: str, theme: str) -> None:
    found = look(browser, with_data, name, theme=theme)
    assert found.errors == []
    assert found.panels == [panel["title"] for panel in list_panels(name)]
    assert found.empty == []


@pytest.mark.parametrize("name", ORDER)
def test_on_a_phone_panels_stand_one_under_the_other(browser: Browser, with_data: Laptop, name: str) -> None:
    page, watch = open_on_device(HAND, browser, with_data.viewer, name, {"from": "now-5m"})
    boxes = [box for one in page.locator("section[data-panel]").all() if (box := one.bounding_box())]
    titles = page.eval_on_selector_all("section[data-panel]", "found => found.map(one => one.dataset.panel)")
    wide = page.evaluate(FIND_WIDE)
    page.context.close()
    assert titles == [panel["title"] for panel in list_panels(name)]
    assert {box["width"] for box in boxes} == {PHONE["width"] - 32.0}  # the margins
    assert all(one["y"] + one["height"] <= other["y"] for one, other in pairwise(boxes))
    assert wide == []
    assert watch.troubles == []


def test_releases_and_starts_are_marked_where_they_happened(browser: Browser, with_data: Laptop) -> None:
    def read_marks(name: str) -> list[str]:
        return look(browser, with_data, name, **{"from": "now-30m"}).marks  # other tests came before

    def find_marks() -> list[str]:
        marks = read_marks("lathe-release")
        return marks if len([mark for mark in marks if mark.startswith("Started · ")]) == 2 else []

    marks = wait_until(find_marks, "both starts, which are looked for at whole minutes")
    assert "Released · v1.2.0: bump, by Ada · lathe-release, lathe-laptop, v1.2.0, 0123456789" in marks
    assert any(mark.startswith("Retraining · #12 open") for mark in read_marks("lathe-loop"))


def test_a_choice_above_the_panels_changes_what_they_ask(browser: Browser, with_data: Laptop) -> None:
    page, watch = open_dashboard(browser, with_data.viewer, "lathe-fleet", **{"from": "now-5m"})
    table = page.locator("section[data-panel='Versions'] [role=row]")
    table.nth(2).wait_for()  # the head and two versions
    page.get_by_label("version", exact=True).click()
    page.get_by_role("option").nth(1).click()
    table.nth(2).wait_for(state="detached")
    assert table.count() == 2
    page.context.close()
    assert watch.troubles == []


def test_a_row_is_closed_and_opened(browser: Browser, with_data: Laptop) -> None:
    page, _ = open_dashboard(browser, with_data.viewer, "lathe-fleet", **{"from": "now-5m"})
    panel = page.locator("section[data-panel='Requests by route']")
    assert panel.count() == 1
    page.locator("[data-row='Traffic']").click()
    panel.wait_for(state="detached")
    page.locator("[data-row='Traffic']").click()
    panel.wait_for()
    page.context.close()


def test_every_panel_has_its_description_and_the_link_to_its_runbook(browser: Browser, with_data: Laptop) -> None:
    page, _ = open_dashboard(browser, with_data.viewer, "lathe-fleet", **{"from": "now-5m"})
    links = page.eval_on_selector_all("section[data-panel] a[target=_blank]", "found => found.map(one => one.href)")
    page.context.close()
    assert links == [link["url"] for panel in list_panels("lathe-fleet") for link in panel["links"]]
