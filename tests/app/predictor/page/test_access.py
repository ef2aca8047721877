"""The page with an API key: asked for when it is needed, kept for the tab, never in an address."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.predictor.key_file import make_key
from tests.app.predictor.running import RunningServer

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def key() -> tuple[str, str]:
    """A key and its line for the file."""
    return make_key("operator")


@pytest.fixture(scope="module")
def locked_server(
    bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory, key: tuple[str, str]
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("locked")
    (folder / "keys").write_text(f"{key[1]}\n")
    server = RunningServer(bundle_folder, folder / "stderr", api_keys_file=folder / "keys")
    try:
        yield server.wait_until_ready()
    finally:
        server.kill()


def test_a_key_is_asked_for_once_and_then_used(
    open_view: OpenPage, locked_server: RunningServer, key: tuple[str, str]
) -> None:
    page = open_view(locked_server)
    sent: list[str | None] = []
    page.on("request", lambda request: sent.append(request.headers.get("authorization")))
    page.get_by_role("button", name="Predict", exact=True).click()
    dialog = page.get_by_role("dialog", name="API key")
    expect(dialog).to_contain_text("an API key is missing")
    expect(dialog.get_by_label("Key")).to_be_focused()
    page.keyboard.type("lathe.operator.wrong")
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("not known here")
    page.keyboard.type(key[0])
    page.keyboard.press("Enter")
    page.locator("#what-if-slider").wait_for()
    expect(dialog).not_to_be_visible()
    assert sent[-1] == f"Bearer {key[0]}"
    expect(page.get_by_role("button", name="API key is set")).to_be_visible()
    assert page.evaluate("localStorage.length") == 0
    assert page.context.cookies() == []
    page.reload()
    page.get_by_role("button", name="Predict", exact=True).click()
    page.locator("#what-if-slider").wait_for()


def test_without_a_key_the_page_says_why_it_has_no_answer(open_view: OpenPage, locked_server: RunningServer) -> None:
    page = open_view(locked_server)
    page.get_by_role("button", name="Predict", exact=True).click()
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    expect(page.locator("#form-error")).to_contain_text("an API key is missing")


def test_a_key_may_be_forgotten(open_view: OpenPage, locked_server: RunningServer, key: tuple[str, str]) -> None:
    page = open_view(locked_server)
    page.get_by_role("button", name="API key").click()
    page.get_by_label("Key", exact=True).fill(key[0])
    page.get_by_role("button", name="Use this key").click()
    page.get_by_role("button", name="API key is set").click()
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_role("button", name="API key", exact=True)).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
