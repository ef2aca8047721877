"""The gate's page in a real Chromium: nothing is cut off, neither on a desk's screen nor on a phone's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests import planted
from tests.app.predictor.page.browsing import start_chromium
from training.gate.judge import GateResult
from training.report.write import HTML_NAME, write_report

pytestmark = pytest.mark.slow

CANDIDATES = {"a pass": planted.candidate, "a fail": planted.one_feature}
# what reaches beyond its own box or the window
CUT = """() => [...document.querySelectorAll("main *")]
  .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX != "visible" && e.clientWidth > 1
            || e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => `${e.tagName.toLowerCase()}: ${e.textContent.trim().slice(0, 60)}`)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start_chromium() as chromium:
        yield chromium


@pytest.fixture(scope="module", params=CANDIDATES)
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    result: GateResult = planted.judge(CANDIDATES[request.param](), planted.champion())
    folder: Path = tmp_path_factory.mktemp("gate")
    write_report(result, folder, reproduce="make gate DATA=a-folder/with-a-long-name/of-the-rows-that-were.csv")
    return (folder / HTML_NAME).as_uri()


def open_report(browser: Browser, address: str, width: int, scheme: str) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()  # type: ignore[arg-type]
    page.goto(address)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 768, 390])
def test_nothing_of_the_page_is_cut_off(browser: Browser, address: str, width: int, scheme: str) -> None:
    page = open_report(browser, address, width, scheme)
    try:
        assert page.evaluate(CUT) == []
    finally:
        page.context.close()


def test_on_a_phone_each_figure_stands_beside_the_name_of_its_column(browser: Browser, address: str) -> None:
    page = open_report(browser, address, 390, "light")
    try:
        cell = page.locator("table.wide td").first
        assert cell.evaluate("e => getComputedStyle(e, '::before').content") == '"Candidate"'
        assert cell.bounding_box() is not None
    finally:
        page.context.close()
