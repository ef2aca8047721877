"""What really happened, told on the page, counted by the server."""

from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from contract.bundle import Bundle
from tests.app.predictor.page.browsing import fill_row, press_predict
from tests.app.predictor.running import read_metrics

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Page]


def test_an_outcome_goes_back_with_the_answers_receipt(page: Page, client: httpx.Client, bundle: Bundle) -> None:
    riskiest = max(bundle.manifest.golden, key=lambda entry: entry.score)
    fill_row(page, dict(riskiest.row))
    press_predict(page)
    before = read_metrics(client)
    page.get_by_role("button", name="No, it did not").click()
    expect(page.locator("#feedback")).to_contain_text("the decision was wrong")
    after = read_metrics(client)
    grown = {name for name, value in after.items() if "feedback" in name and value > before.get(name, 0)}
    assert any('outcome="false_positive"' in name for name in grown), grown


def test_each_answer_asks_anew(page: Page, bundle: Bundle) -> None:
    for entry in (bundle.manifest.golden[0], bundle.manifest.golden[0]):
        fill_row(page, dict(entry.row))
        press_predict(page)
        page.get_by_role("button", name="No, it did not").click()
        expect(page.locator("#feedback")).to_contain_text("the decision was right")
