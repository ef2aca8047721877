"""The page with an API key: asked for when it is needed, kept for the tab, never in an address."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.predictor.auth.key_file import make_key
from contract.bundle import Bundle
from tests.app.predictor.page.browsing import press_predict
from tests.app.predictor.page.test_batch import write_rows
from tests.app.predictor.running import RunningServer

pytestmark = pytest.mark.slow

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


def test_a_file_and_an_outcome_go_with_the_key(
    open_view: OpenPage, locked_server: RunningServer, key: tuple[str, str], bundle: Bundle
) -> None:
    page = open_view(locked_server, "batch")
    page.set_input_files("#file", {"name": "a.csv", "mimeType": "text/csv", "buffer": write_rows(bundle, 50)})
    page.get_by_role("dialog", name="API key").wait_for()
    page.keyboard.type(key[0])
    page.keyboard.press("Enter")
    expect(page.locator("#batch-status")).to_contain_text("50 rows done")
    page.get_by_role("link", name="Predict").click()
    press_predict(page)
    page.get_by_role("button", name="No, it did not").click()
    expect(page.locator("#feedback")).to_contain_text("noted")


def test_a_busy_server_is_asked_again_and_the_page_says_so(
    open_view: OpenPage, bundle_folder: Path, tmp_path: Path, key: tuple[str, str]
) -> None:
    (tmp_path / "keys").write_text(f"{key[1]} requests_per_second=0.5\n")
    server = RunningServer(bundle_folder, tmp_path / "log", api_keys_file=tmp_path / "keys")
    try:
        page = open_view(server.wait_until_ready())
        press_key(page, key[0])
        page.get_by_role("button", name="Predict", exact=True).click()
        expect(page.locator("#waiting")).to_contain_text(re.compile(r"Trying again in \d+ s"))
        expect(page.locator("#waiting")).to_have_attribute("role", "status")
        page.locator("#what-if-slider").wait_for()
        expect(page.locator("#waiting")).to_be_empty()
    finally:
        server.kill()


def press_key(page: Page, key: str) -> None:
    page.get_by_role("button", name="API key").click()
    page.get_by_role("dialog").get_by_label("Key").fill(key)
    page.keyboard.press("Enter")


def test_a_server_that_wants_a_long_wait_is_not_waited_for(
    open_view: OpenPage, bundle_folder: Path, tmp_path: Path, key: tuple[str, str]
) -> None:
    (tmp_path / "keys").write_text(f"{key[1]} requests_per_second=0.01\n")
    server = RunningServer(bundle_folder, tmp_path / "log", api_keys_file=tmp_path / "keys")
    try:
        page = open_view(server.wait_until_ready())
        press_key(page, key[0])
        page.get_by_role("button", name="Predict", exact=True).click()
        page.locator("#answer #score").wait_for()
        page.get_by_role("button", name="Predict", exact=True).click()
        expect(page.locator("#form-error")).to_contain_text(re.compile(r"Try again in \d+ s"))
    finally:
        server.kill()
