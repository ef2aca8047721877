"""A real Chromium on the real page; every test ends with a look at what it must never do."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from contract.bundle import Bundle
from tests.app.predictor.page.browsing import Watch, open_page, start_chromium
from tests.app.predictor.running import RunningServer
from tests.conftest import make_bundle
from tests.patience import LAST_RESORT_SECONDS
from training.data.table import Table
from training.params import Params

OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module, not the session: Playwright's event loop would be in the way of tests that run their own."""
    with start_chromium() as chromium:
        yield chromium


@pytest.fixture
def open_view(browser: Browser) -> Iterator[OpenPage]:
    """Opens views of a server, each in a browser of its own, and checks afterwards that nothing odd happened."""
    watches: list[Watch] = []

    def open_one(server: RunningServer, view: str = "predict", **context: object) -> Page:
        page, watch = open_page(browser, server.url, view, **context)
        watches.append(watch)
        return page

    yield open_one
    for watch in watches:
        watch.page.context.close()
        assert watch.troubles == []


@pytest.fixture
def page(open_view: OpenPage, server: RunningServer) -> Page:
    """The first view of the usual server."""
    return open_view(server)


@pytest.fixture(scope="session")
def other_server(
    other_table: Table, small_params: Params, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, Bundle]]:
    """A server of each other dataset: text categories and missing values; a number instead of a risk."""
    folder = tmp_path_factory.mktemp("other-server")
    bundle = make_bundle(folder / "bundle", other_table, small_params)
    running = RunningServer(folder / "bundle", folder / "stderr")
    try:
        yield running.wait_until_ready(), bundle
    finally:
        running.kill()


expect.set_options(timeout=LAST_RESORT_SECONDS * 1000)
