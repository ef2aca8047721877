"""How the tests look at a dashboard's page: which panels there are, which are empty, and which show an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, Page

from tests.app.monitor.phone import PHONE
from tests.app.predictor.page.browsing import Watch
from tests.patience import LAST_RESORT_SECONDS

DESK: dict[str, Any] = {"viewport": {"width": 1500, "height": 1000}}
HAND: dict[str, Any] = {"viewport": PHONE, "is_mobile": True, "has_touch": True}


@dataclass(frozen=True)
class Look:
    """What a page showed once all its answers were there: titles of panels, texts of errors and marks."""

    panels: list[str]
    empty: list[str]
    errors: list[str]
    marks: list[str]


def open_dashboard(browser: Browser, url: str, name: str, **query: str) -> tuple[Page, Watch]:
    """The page of a dashboard on a desk, with all its answers there and every panel in sight."""
    return open_on_device(DESK, browser, url, name, query)


def open_on_device(
    device: dict[str, Any], browser: Browser, url: str, name: str, query: Mapping[str, str]
) -> tuple[Page, Watch]:
    page = browser.new_context(**device).new_page()
    page.set_default_timeout(LAST_RESORT_SECONDS * 1000)
    watch = Watch(page, url)
    asked = "&".join(f"{key}={value}" for key, value in {"dashboard": name, **query}.items())
    page.goto(f"{url}/?{asked}")
    page.locator("section[data-panel], [data-problem]").first.wait_for()
    wait_for_answers(page)
    bottom = page.evaluate("document.querySelector('main').getBoundingClientRect().bottom + scrollY")
    page.set_viewport_size({"width": device["viewport"]["width"], "height": int(bottom) + 16})
    wait_for_answers(page)
    return page, watch


def wait_for_answers(page: Page) -> None:
    """Until nothing is waited for, for two frames: an answer may lead to a question."""
    settled = """async () => {
      for (let frame = 0; frame < 2; frame += 1) {
        await new Promise(requestAnimationFrame);
        if (document.body.dataset.busy !== '0') return false;
      }
      return true;
    }"""
    page.wait_for_function(settled)


def look_at(page: Page) -> Look:
    def read(selector: str, attribute: str) -> list[str]:
        found: list[str] = page.eval_on_selector_all(selector, f"found => found.map(one => one.dataset.{attribute})")
        return found

    return Look(
        read("section[data-panel]", "panel"),
        read("section[data-panel]:has([data-empty])", "panel"),
        read("[data-error]", "error") + read("[data-problem]", "problem"),
        sorted(set(read("[data-mark]", "mark"))),
    )
