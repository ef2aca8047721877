"""What a promotion says of live traffic comes from a real Prometheus over real predictors, or is said to be missing."""

import json
import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from cli.errors import InputError, OutsideError
from contract.bundle import Bundle
from release.live.live_metrics import Live, Questions, list_lines, read_live
from release.live.prometheus import Prometheus, find_prometheus, select
from tests.app.predictor.running import RunningServer, dumps
from tests.app.predictor.uploads import list_rows
from tests.gitops.prometheus import RunningPrometheus
from tests.harness.loopback import QuietHandler, serve_until_end
from tests.ports import take_free_port
from training.data.table import Table

pytestmark = pytest.mark.slow  # each drives real repositories and servers

ROWS, CONFIRMED = 800, 20
SECONDS = 600.0


@contextmanager
def answer_with(status: int, body: bytes) -> Iterator[str]:
    class Handler(QuietHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serve_until_end(server):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture(scope="module")
def prometheus(bundle_folder: Path, table: Table, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Over a predictor that was asked `ROWS` rows, with labels for some of them."""
    folder = tmp_path_factory.mktemp("live")
    with ExitStack() as stack:
        server = RunningServer(bundle_folder, folder / "server.log")
        stack.callback(server.kill)
        running = RunningPrometheus(folder, {"stable": server.wait_until_ready().port}, "lathe-test")
        stack.callback(running.stop)
        running.wait_for(lambda one: one.ask("up") == [1.0])
        rows = list_rows(table)
        with httpx.Client(base_url=server.url) as client:
            for part in (rows[:CONFIRMED], rows[CONFIRMED:ROWS]):  # a new series counts from its first scrape on
                for number, row in enumerate(part):
                    answer = client.post("/v1/predict", content=dumps(row), headers={"x-lathe-receipt": "1"})
                    assert answer.status_code == httpx.codes.OK
                    if number < CONFIRMED:
                        receipt = answer.json()["predictions"][0]["receipt"]
                        told = client.post("/v1/feedback", content=dumps({"receipt": receipt, "outcome": False}))
                        assert told.status_code == httpx.codes.OK, told.text
                running.wait_for_scrapes()
        yield Prometheus(running.url)


def test_traffic_drift_and_labels_are_what_was_sent(prometheus: Prometheus, bundle: Bundle) -> None:
    live = read_live(prometheus, "test", bundle.digest, SECONDS)
    assert live.problem == ""
    assert live.requests is not None
    assert ROWS * 0.8 < live.requests < (ROWS + 2 * CONFIRMED) * 1.5  # increase() extrapolates to the window's ends
    assert live.errors == 0.0
    assert live.p99_seconds is not None
    assert 0 < live.p99_seconds < 5
    assert {one.feature for one in live.drift} == set(bundle.manifest.reference) - {"score"}
    assert live.reference_rows == bundle.manifest.data.rows
    assert all(math.isfinite(one.index.psi) and one.index.psi >= 0 for one in live.drift)
    indexes = [one.index.corrected for one in live.drift]
    assert indexes == sorted(indexes, reverse=True)
    assert set(live.outcomes) <= {"true_negative", "false_positive", "undecided"}
    assert sum(live.outcomes.values()) > 0


def test_another_bundle_or_place_is_not_taken_for_this_one(prometheus: Prometheus, bundle: Bundle) -> None:
    assert read_live(prometheus, "test", "f" * 64, SECONDS).problem == (
        "no pod in test said that it serves bundle ffffffffffff"
    )
    assert read_live(prometheus, "prod-eks", bundle.digest, SECONDS).problem.startswith("no pod in prod-eks")


@pytest.mark.parametrize("value", ['x"} or vector(1) or up{a="', "back\\slash", "two\nlines", "'", "{}", "ü"])
def test_a_labels_value_stays_a_value(prometheus: Prometheus, value: str) -> None:
    assert prometheus.ask(select("up", {"namespace": value})) == {}
    assert len(prometheus.ask(select("up", {"namespace": "lathe-test"}))) == 1
    assert Questions(prometheus, value, value, 60).ask_all() == Live(60)


def test_a_question_that_prometheus_refuses_is_its_words(prometheus: Prometheus) -> None:
    with pytest.raises(OutsideError, match=r"answered 400: .*parse error"):
        prometheus.ask("sum(")


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (502, b"<html>Bad Gateway</html>", "answered 502, and not as Prometheus does"),
        (200, b"[" * 100_000, "not as Prometheus does"),
        (200, b'{"status":"success"}', "answered 200: "),
        (503, b'{"status":"error","error":"overloaded"}', "answered 503: overloaded"),
    ],
)
def test_an_answer_that_is_none_is_said_to_be(status: int, body: bytes, says: str) -> None:
    with answer_with(status, body) as url:
        live = read_live(Prometheus(url), "test", "a" * 64, SECONDS)
    assert live.problem.startswith("not reachable: ")
    assert says in live.problem
    assert (live.requests, live.errors, live.p99_seconds, live.drift) == (None, None, None, ())


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "many"])
def test_what_is_no_number_is_nothing(value: str) -> None:
    body = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, value]}]}}
    with answer_with(200, json.dumps(body).encode()) as url:
        assert Prometheus(url).ask("up") == {}


def test_a_prometheus_that_is_not_there_is_said_to_be() -> None:
    live = read_live(Prometheus(f"http://someone:s3cret@127.0.0.1:{take_free_port()}"), "test", "a" * 64, SECONDS)
    assert live.problem.startswith("not reachable: http://127.0.0.1:")
    assert "s3cret" not in live.problem


@pytest.mark.parametrize("url", ["ftp://x", "prometheus:9090", "http://", "http://x/?query=1"])
def test_an_address_that_is_none_is_refused_and_not_shown(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATHE_PROMETHEUS_URL", url)
    with pytest.raises(InputError, match=r"^LATHE_PROMETHEUS_URL is not usable, expected http"):
        find_prometheus()


def test_no_address_is_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LATHE_PROMETHEUS_URL", raising=False)
    assert find_prometheus() is None


def test_what_is_not_known_is_said_in_words() -> None:
    lines = dict(list_lines(Live(3600), lambda seconds: f"{seconds} s"))
    assert lines == {
        "Over the last": "3600 s",
        "Requests": "none seen",
        "Drift (PSI), farthest first": "unknown: no pod exports lathe_reference_rows",
        "Labels that came back": "none",
    }
    few = dict(list_lines(Live(3600, reference_rows=8137), str))
    assert few["Drift (PSI), farthest first"] == "unknown: fewer than 50 rows of any feature"
    assert list_lines(Live(problem="not reachable: x"), str) == [("Live metrics", "not reachable: x")]
