"""The page's security policy holds in a real browser, and the tests' own watch is awake."""

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app.predictor.page.browsing import open_page
from tests.app.predictor.running import RunningServer
from tests.ports import take_free_port

pytestmark = pytest.mark.slow


def test_the_policy_keeps_other_origins_and_inline_code_out(browser: Browser, server: RunningServer) -> None:
    page, watch = open_page(browser, server.url, "predict")
    blocked = page.evaluate(
        "url => fetch(url).then(() => 'answered', () => 'blocked')", f"http://127.0.0.1:{take_free_port()}/"
    )
    assert blocked == "blocked"
    page.evaluate(
        """() => {
            const script = document.createElement("script");
            try { script.textContent = "window.ran = true"; } catch { /* trusted types refuse it already */ }
            document.head.append(script);
            document.body.setAttribute("style", "color: red");
        }"""
    )
    assert page.evaluate("window.ran") is None
    assert page.evaluate("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
    page.context.close()
    told = " ".join(watch.troubles)
    assert "connect-src" in told or "default-src" in told
    assert "style" in told


def test_markup_in_an_answer_stays_text(page: Page) -> None:
    markup = "<img src=x onerror=alert(1)>"
    page.route(
        "**/v1/predict", lambda route: route.fulfill(status=422, json={"error": {"code": "x", "message": markup}})
    )
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator("#form-error")).to_have_text(markup)
    expect(page.locator("#form-error img")).to_have_count(0)


def test_the_html_has_no_script_or_style_of_its_own(client: httpx.Client) -> None:
    text = client.get("/").text
    assert "<style" not in text
    assert " style=" not in text
    assert text.count("<script") == 1
    assert "http:" not in text
    assert "https:" not in text
