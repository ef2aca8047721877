"""The viewer's server: what it hands on to Prometheus, what it refuses, and what it says where nobody answers."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from app.monitor.annotations.marks import EventMark
from app.monitor.dashboards.place import FOLDER, ORDER
from app.monitor.viewer.page import read_dashboards
from app.monitor.viewer.prometheus import find_scrape_interval, open_prometheus
from app.monitor.viewer.server import Content, ViewerServer
from cli.errors import InputError, OutsideError
from tests.app.predictor.running import ROOT
from tests.gitops.prometheus import RunningPrometheus
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port

MARKS = [EventMark(1000, 1000, "v1", ["lathe-release", "lathe-test"]), EventMark(3000, 3000, "v2", ["lathe-release"])]
REFUSED = (
    "/api/v1/admin/tsdb/snapshot",
    "/api/v1/status/config",
    "/api/v1/label/../status/config/values",
    "/api/v1/query/../status/config",
    "/api/v1/targets",
    "/api/other",
)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPrometheus]:
    """It scrapes what is not there: that is a series too."""
    running = RunningPrometheus(tmp_path_factory.mktemp("prometheus"), {"gone": take_free_port()}, "lathe-test")
    running.wait_for(lambda one: one.ask("up") == [0.0])
    yield running
    running.stop()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "index.html").write_text("<!doctype html><title>the page</title>", encoding="utf-8")
    (folder / "viewer.js").touch()
    return folder


@pytest.fixture(scope="module")
def viewer(page: Path, prometheus: RunningPrometheus) -> Iterator[httpx.Client]:
    with open_prometheus(prometheus.url) as client:
        content = Content(page, read_dashboards(ROOT / FOLDER), client, find_scrape_interval(client), MARKS)
        with ViewerServer(content) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            with httpx.Client(base_url=server.url) as asking:
                yield asking
            server.shutdown()
            thread.join()


def test_the_page_and_each_dashboard_are_served(viewer: httpx.Client) -> None:
    assert "the page" in viewer.get("/").text
    described = viewer.get("/api/viewer").json()
    assert [one["name"] for one in described["dashboards"]] == list(ORDER)
    assert described["dashboards"][0]["title"] == "Lathe / Fleet"
    assert described["scrapeInterval"] == "1s"
    for name in ORDER:
        assert viewer.get(f"/dashboards/{name}.json").json()["uid"] == name
    assert viewer.get("/dashboards/other.json").status_code == 404


def test_questions_that_read_are_handed_on_with_their_answers(viewer: httpx.Client) -> None:
    answer = viewer.get("/api/v1/query", params={"query": 'up{namespace="lathe-test"}'})
    assert answer.json()["data"]["result"][0]["metric"]["namespace"] == "lathe-test"
    assert viewer.get("/api/v1/label/namespace/values").json()["data"] == ["lathe-test"]
    wrong = viewer.get("/api/v1/query", params={"query": "sum("})
    assert (wrong.status_code, wrong.json()["status"]) == (400, "error")


@pytest.mark.parametrize("path", REFUSED)
def test_nothing_else_is_handed_on(viewer: httpx.Client, path: str) -> None:
    answer = viewer.send(httpx.Request("GET", httpx.URL(viewer.base_url, raw_path=path.encode())))
    assert answer.status_code == 404
    assert "status" not in answer.text or "is not handed on" in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_nothing_is_written(viewer: httpx.Client, method: str) -> None:
    assert viewer.request(method, "/api/v1/query").status_code in (405, 501)


def test_a_page_of_elsewhere_gets_nothing(viewer: httpx.Client) -> None:
    assert viewer.get("/api/viewer", headers={"Host": "elsewhere.test:80"}).status_code == 403


def test_marks_are_found_as_in_grafana(viewer: httpx.Client) -> None:
    def ask(**query: str | list[str]) -> list[str]:
        return [mark["text"] for mark in viewer.get("/api/annotations", params=query).json()]

    assert ask(tags="lathe-release") == ["v2", "v1"]
    assert ask(tags=["lathe-release", "lathe-test"]) == ["v1"]
    assert ask(tags="lathe-release", **{"from": "2000", "to": "4000"}) == ["v2"]
    assert ask(tags="lathe-release", limit="1") == ["v2"]


def test_a_prometheus_that_is_gone_is_said_in_the_answer(page: Path) -> None:
    with open_prometheus(f"http://127.0.0.1:{take_free_port()}") as client:
        content = Content(page, read_dashboards(ROOT / FOLDER), client)
        with ViewerServer(content) as server:
            thread = threading.Thread(target=server.serve_forever)
            thread.start()
            answer = httpx.get(f"{server.url}/api/v1/query", params={"query": "up"})
            server.shutdown()
            thread.join()
    assert answer.status_code == 502
    assert f"Prometheus at {client.base_url} does not answer: " in answer.json()["error"]


def test_before_it_starts_it_is_said_what_does_not_answer_and_what_to_do(viewer: httpx.Client) -> None:
    with pytest.raises(InputError, match=r"PROMETHEUS is 'prometheus:9090', expected an address such as"):
        open_prometheus("prometheus:9090")
    gone = open_prometheus(f"http://127.0.0.1:{take_free_port()}")
    with gone, pytest.raises(OutsideError, match=r"no Prometheus answers at .*; start one with `make watch`, or give"):
        find_scrape_interval(gone)
    with (
        open_prometheus(str(viewer.base_url)) as other,
        pytest.raises(OutsideError, match=r"answered 404, so it is no Prometheus"),
    ):
        find_scrape_interval(other)


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.monitor.viewer", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)


@pytest.mark.slow
def test_the_command_ends_in_one_line_where_something_is_missing(
    prometheus: RunningPrometheus, tmp_path: Path, page: Path
) -> None:
    gone = run("--prometheus", f"http://127.0.0.1:{take_free_port()}")
    assert (gone.returncode, gone.stderr.count("\n")) == (4, 1)
    not_built = run("--prometheus", prometheus.url, "--page", tmp_path)
    assert (not_built.returncode, not_built.stderr.count("\n")) == (2, 1)
    assert "the page is built by `make dashboards`" in not_built.stderr
    empty = run("--prometheus", prometheus.url, "--page", page, "--dashboards", tmp_path)
    assert "holds no dashboard, expected files such as lathe-fleet.json" in empty.stderr
