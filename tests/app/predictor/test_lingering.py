"""A process that ends waits until what it has counted was scraped: bounded, and only where somebody scrapes."""

import asyncio
import contextlib
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.last_scrape import HEADER, LastScrape
from app.predictor.lifecycle import Lifecycle
from app.predictor.receipts.outcomes import FeedbackSums, ReportedOutcome
from app.predictor.receipts.receipts import Receipt
from app.predictor.scoring.model import ServedModel
from contract.bundle import Bundle
from tests.app.predictor.running import RunningServer, StartServer, read_samples
from tests.gitops.prometheus import RunningPrometheus
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port

SCRAPER = {HEADER: "10"}
LONG = 3600  # seconds: whoever waits that long does not end by itself


@pytest.fixture
def server(start_server: StartServer, bundle_folder: Path) -> RunningServer:
    return start_server(bundle_folder, linger_seconds=LONG).wait_until_ready()


def scrape(client: httpx.Client) -> float:
    """The rows that a scraper sees."""
    answer = client.get("/metrics", headers=SCRAPER)
    return sum(one.value for one in read_samples(answer.text) if one.name == "lathe_predicted_rows_total")


def is_ready(client: httpx.Client) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return client.get("/readyz").status_code == httpx.codes.OK
    return False


def predict(client: httpx.Client, row: dict[str, Any]) -> None:
    assert client.post("/v1/predict", json=row).status_code == httpx.codes.OK


def begin_to_end(server: RunningServer) -> None:
    server.process.send_signal(signal.SIGTERM)
    wait_until(lambda: '"lingering"' in server.log.read_text(), "the wait for a scrape")


def test_it_waits_for_one_more_scrape_which_has_every_row(server: RunningServer, row: dict[str, Any]) -> None:
    with httpx.Client(base_url=server.url) as client:
        predict(client, row)
        assert scrape(client) == 1
        predict(client, row)
    begin_to_end(server)
    with httpx.Client(base_url=server.url) as client:
        assert client.get("/readyz").status_code == httpx.codes.SERVICE_UNAVAILABLE
        predict(client, row)  # who still asks is answered, and seen
        assert client.get("/metrics").status_code == httpx.codes.OK  # a person is no scraper
        assert server.process.poll() is None
        assert scrape(client) == 3
    assert server.process.wait(LAST_RESORT_SECONDS) == 0
    assert '"unscraped"' not in server.log.read_text()


@pytest.mark.slow
def test_a_scrape_on_the_port_for_the_cluster_ends_the_wait_too(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    port = take_free_port()
    server = start_server(bundle_folder, linger_seconds=LONG, metrics_port=port)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as cluster:
        wait_until(lambda: is_ready(cluster), "readiness on the other port")
        scrape(cluster)
        with httpx.Client(base_url=server.url) as client:
            predict(client, row)
        begin_to_end(server)
        assert scrape(cluster) == 1
    assert server.process.wait(LAST_RESORT_SECONDS) == 0


@pytest.mark.slow
def test_a_real_prometheus_has_every_row_of_a_process_that_ended(
    server: RunningServer, row: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "prometheus").mkdir()
    prometheus = RunningPrometheus(tmp_path / "prometheus", {"pod": server.port}, "lathe-test")
    try:
        prometheus.wait_for_scrapes()
        with httpx.Client(base_url=server.url) as client:
            for _ in range(300):
                predict(client, row)
        assert server.stop() == 0
        assert '"unscraped"' not in server.log.read_text()
        (rows,) = prometheus.ask("sum(last_over_time(lathe_predicted_rows_total[10m]))")
        assert rows == 300
    finally:
        prometheus.stop()


@pytest.mark.parametrize("asks", ["nobody scrapes", "a person looks", "all is scraped"])
def test_it_ends_at_once_where_nothing_is_lost(server: RunningServer, row: dict[str, Any], asks: str) -> None:
    with httpx.Client(base_url=server.url) as client:
        predict(client, row)
        if asks == "a person looks":
            client.get("/metrics", headers={"user-agent": "Mozilla/5.0"})
            predict(client, row)
        if asks == "all is scraped":
            assert scrape(client) == 1
    assert server.stop() == 0
    assert '"lingering"' not in server.log.read_text()


@pytest.mark.slow
def test_the_wait_is_bounded_and_what_was_lost_is_said(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    server = start_server(bundle_folder, linger_seconds=0.3).wait_until_ready()
    with httpx.Client(base_url=server.url) as client:
        scrape(client)
        predict(client, row)
        predict(client, row)
    assert server.stop() == 0
    log = server.log.read_text()
    assert '"unscraped"' in log
    assert '"count":2' in log.replace(" ", "")


@pytest.mark.slow
def test_none_is_waited_for_if_it_is_switched_off(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    server = start_server(bundle_folder, linger_seconds=0).wait_until_ready()
    with httpx.Client(base_url=server.url) as client:
        scrape(client)
        predict(client, row)
    assert server.stop() == 0
    assert '"lingering"' not in server.log.read_text()
    assert '"unscraped"' in server.log.read_text()


def test_a_second_signal_ends_the_wait(server: RunningServer, row: dict[str, Any]) -> None:
    with httpx.Client(base_url=server.url) as client:
        scrape(client)
        predict(client, row)
    begin_to_end(server)
    assert server.stop() == 0


def test_an_outcome_counts_as_a_row_does(bundle: Bundle) -> None:
    lifecycle, feedback = Lifecycle(), FeedbackSums()
    last = LastScrape(lifecycle, feedback)
    assert last.count() == last.count_unseen() == 0
    model = ServedModel(bundle, 1)
    lifecycle.install_model(model)
    asyncio.run(last.mark(last.count()))
    receipt = Receipt(b"1", 0.8, 0.5, True, 0, "m", "v1", 0.0)
    feedback.add(ReportedOutcome(receipt, 1.0, is_event=True), is_first=True)
    feedback.add(ReportedOutcome(receipt, 1.0, is_event=True), is_first=False)
    model.score_row([bundle.manifest.golden[0].row[name] for name in model.names])
    assert last.count_unseen() == 2
    asyncio.run(last.mark(last.count()))
    assert last.count_unseen() == 0
