"""Chromium, to look at the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.app.predictor.page.browsing import start_chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module, not the session: Playwright's event loop would be in the way of tests that run their own."""
    with start_chromium() as chromium:
        yield chromium
