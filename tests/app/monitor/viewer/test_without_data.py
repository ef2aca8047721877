"""A page where there is nothing to show, or nobody to ask."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.monitor.dashboards.place import FOLDER, ORDER
from app.monitor.viewer.page import find_page, read_dashboards
from app.monitor.viewer.prometheus import open_prometheus
from app.monitor.viewer.server import Content, ViewerServer
from tests.app.monitor.dashboards.reading import list_panels
from tests.app.monitor.viewer.looking import look_at, open_dashboard
from tests.app.predictor.running import ROOT
from tests.gitops.prometheus import RunningPrometheus
from tests.ports import take_free_port

pytestmark = pytest.mark.slow


@contextmanager
def serve(page: Path, prometheus: str) -> Iterator[str]:
    with open_prometheus(prometheus) as client:
        content = Content(find_page(page), read_dashboards(ROOT / FOLDER), client)
        with ViewerServer(content) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            yield server.url
            server.shutdown()
            thread.join()


def test_a_prometheus_without_predictors_gives_pages_without_data_and_without_errors(
    built_page: Path, browser: Browser, tmp_path: Path
) -> None:
    prometheus = RunningPrometheus(tmp_path, {"gone": take_free_port()}, "lathe-test")
    try:
        prometheus.wait_for(lambda one: one.ask("up") == [0.0])
        with serve(built_page, prometheus.url) as url:
            for name in ORDER:
                page, watch = open_dashboard(browser, url, name)
                look = look_at(page)
                page.context.close()
                assert look.errors == []
                assert look.panels == [panel["title"] for panel in list_panels(name)]
                assert len(look.empty) > len(look.panels) / 3
                assert watch.troubles == []
    finally:
        prometheus.stop()


def test_where_nobody_answers_the_page_says_which_prometheus(built_page: Path, browser: Browser) -> None:
    gone = f"http://127.0.0.1:{take_free_port()}"
    with serve(built_page, gone) as url:
        page, _ = open_dashboard(browser, url, "lathe-fleet")
        errors = look_at(page).errors
        page.context.close()
    assert errors
    assert all(f"Prometheus at {gone} does not answer" in error for error in errors)
