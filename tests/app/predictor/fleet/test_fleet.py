"""The page's figures of all replicas, from a real Prometheus, and from addresses that are none."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.predictor.fleet.prometheus import MAX_BYTES, PrometheusError, Series, format_samples, query_prometheus
from contract.bundle import Bundle
from tests.app.predictor.running import RunningServer, StartServer, read_sample
from tests.gitops.prometheus import RunningPrometheus
from tests.ports import take_free_port

PATH = "/page/fleet.json"
NAMESPACE = "lathe-test"


def read_fleet(server: RunningServer) -> dict[str, Any]:
    answer = httpx.get(server.url + PATH)
    assert answer.status_code == httpx.codes.OK
    return dict(answer.json())


def sum_samples(text: str, name: str) -> float:
    families = text_string_to_metric_families(text)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


class Answering(BaseHTTPRequestHandler):
    """Answers every query with the same bytes."""

    content = b""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):  # who has enough of it leaves
            self.wfile.write(self.content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def answering(content: bytes) -> Iterator[str]:
    """The address of a server that answers so."""
    handler = type("Handler", (Answering,), {"content": content})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.slow
def test_the_figures_are_the_sums_over_the_replicas_of_this_fleet_alone(
    start_server: StartServer, bundle_folder: Path, bundle: Bundle, row: dict[str, Any], tmp_path: Path
) -> None:
    port = take_free_port()
    settings = {"prometheus_url": f"http://127.0.0.1:{port}", "prometheus_matchers": f'namespace="{NAMESPACE}"'}
    fleet = [start_server(bundle_folder, **settings).wait_until_ready() for _ in range(2)]
    other = start_server(bundle_folder).wait_until_ready()
    for server, rows in zip((*fleet, other), (30, 50, 70), strict=True):
        httpx.post(f"{server.url}/v1/predict", json={"rows": [row] * rows}).raise_for_status()
    prometheus = RunningPrometheus(
        tmp_path, {f"pod-{one.port}": one.port for one in fleet}, NAMESPACE, port=port, elsewhere=[other.port]
    )
    try:
        prometheus.wait_for_scrapes()
        found = [read_fleet(server) for server in fleet]
    finally:
        prometheus.stop()
    for one in found:
        assert one["trouble"] is None
        assert one["replicas"] == 2
        assert sum_samples(one["metrics"], "lathe_predicted_rows_total") == 80
        assert sum_samples(one["metrics"], "lathe_score_rows_total") == 80
        ratios = [sum(bins.ratios) for name, bins in bundle.manifest.reference.items() if name != "score"]
        assert sum_samples(one["metrics"], "lathe_feature_reference_ratio") == pytest.approx(sum(ratios))
    assert read_sample(fleet[0], "lathe_predicted_rows_total") == 30


@pytest.mark.slow
def test_without_settings_there_is_nothing_to_show_but_no_error(server: RunningServer) -> None:
    nothing = dict.fromkeys(("reports_url", "dashboards_url", "metrics", "trouble"))
    assert read_fleet(server) == nothing | {"has_prometheus": False, "replicas": 0}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nobody", "silence", "something else"])
def test_a_prometheus_that_does_not_answer_is_told_and_holds_nothing_up(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], kind: str
) -> None:
    with contextlib.ExitStack() as stack:
        if kind == "silence":  # takes connections and says nothing
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            url = f"http://user:secret@127.0.0.1:{listener.getsockname()[1]}"
        elif kind == "something else":
            url = stack.enter_context(answering(b"<html>"))
        else:
            url = f"http://127.0.0.1:{take_free_port()}"
        server = start_server(bundle_folder, prometheus_url=url, reports_url="https://reports.example/x")
        server.wait_until_ready()
        found = read_fleet(server)
        assert found["metrics"] is None
        assert found["trouble"].startswith("Prometheus ")
        assert found["reports_url"] == "https://reports.example/x"
        answer = httpx.post(f"{server.url}/v1/predict", json=row)
        assert answer.status_code == httpx.codes.OK
        assert "secret" not in server.log.read_text() + json.dumps(found)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 100_000, "not as Prometheus does"),
        (b'{"status":"error","error":"bad query"}', "bad query"),
        (b" " * (MAX_BYTES + 1), "larger than"),
        (b"", "not as Prometheus does"),
    ],
)
def test_an_answer_that_is_none_is_one_error(content: bytes, message: str) -> None:
    with answering(content) as url, pytest.raises(PrometheusError, match=message):
        query_prometheus(url, "up", 5)


def test_samples_are_written_as_the_predictor_writes_its_own() -> None:
    series = [
        Series({"__name__": "lathe_feature_rows_total", "feature": 'a"b\\c\n', "bin": "+Inf"}, (0.0, "3")),
        Series({"__name__": "lathe_requests_total"}, (0.0, "NaN")),
        Series({"feature": "no name"}, (0.0, "3")),
    ]
    (family,) = text_string_to_metric_families(format_samples(series))
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"feature": 'a"b\\c\n', "bin": "+Inf"}, 3)]
