"""How the tests drive Chromium, and what they watch while they do."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, sync_playwright

from tests.needs import leave_out
from tests.patience import LAST_RESORT_SECONDS

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REFUSED = "Failed to load resource"  # Chromium's line for each answer of 400 and above; tests ask for some


def find_chromium() -> str:
    """The path of the browser.

    Raises: RuntimeError if there is none, with how to get it.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise RuntimeError("the page's tests need Chromium: `apt-get install chromium` (Debian), then run them again")
    return path


@contextmanager
def start_chromium() -> Iterator[Browser]:
    """The browser, for a test's fixture; where there is none the test is left out with its reason."""
    try:
        find_chromium()
    except RuntimeError as error:
        leave_out(str(error))
    with launch_chromium() as chromium:
        yield chromium


@contextmanager
def launch_chromium() -> Iterator[Browser]:
    """Raises: RuntimeError if there is none, with how to get it."""
    program = find_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


@dataclass
class Watch:
    """What a page must never do: ask another origin, break its policy, write an error, throw."""

    page: Page
    url: str
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", self._check_request)
        self.page.on("console", self._check_line)
        self.page.on("pageerror", lambda error: self.troubles.append(f"threw {error}"))

    def _check_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.url}/", "blob:")):
            self.troubles.append(f"asked {request.url}")

    def _check_line(self, line: ConsoleMessage) -> None:
        if line.type in ("error", "warning") and not line.text.startswith(REFUSED):
            self.troubles.append(f"console: {line.text}")


def open_page(browser: Browser, url: str, view: str, **context: Any) -> tuple[Page, Watch]:
    """A view of the page at `url` in a browser context of its own, once it has read the model's card."""
    page = browser.new_context(**context).new_page()
    page.set_default_timeout(LAST_RESORT_SECONDS * 1000)
    watch = Watch(page, url)
    page.goto(f"{url}/#{view}")
    page.locator("body[data-ready]").wait_for()
    return page, watch


def write_value(value: Any) -> str:
    """A value as a field shows it; a null leaves it empty."""
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.10g}"


def fill_row(page: Page, row: dict[str, Any]) -> None:
    """Puts a row into the form."""
    for name, value in row.items():
        shown = page.locator(f"[id='field-{name}']")
        text = write_value(value)
        if shown.evaluate("element => element.tagName") == "SELECT":
            shown.select_option(text)
        else:
            shown.fill(text)


def press_predict(page: Page) -> None:
    page.get_by_role("button", name="Predict", exact=True).click()
    page.locator("#what-if-slider").wait_for()


def read_cells(table: Locator) -> list[list[str]]:
    """The texts of a table's body."""
    found: list[list[str]] = table.evaluate(
        "element => [...element.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent))"
    )
    return found
