"""Headers of every answer, pages of other origins, and the port of the cluster's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.predictor.running import RunningServer, StartServer
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port

ORIGIN = "https://plant.example"


def test_every_answer_has_the_security_headers(client: httpx.Client, row: dict[str, Any]) -> None:
    answers = [
        client.get("/"),
        client.get("/healthz"),
        client.get("/nothing"),
        client.post("/v1/predict", json=row),
        client.post("/v1/predict", json={}),
        client.post("/v1/predict", json={"rows": [row] * 100}),
        client.post("/v1/batch", content="x", headers={"content-type": "text/csv"}),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "default-src 'self'" in answers[0].headers["content-security-policy"]


def test_other_origins_are_told_nothing_by_default(client: httpx.Client, row: dict[str, Any]) -> None:
    answer = client.post("/v1/predict", json=row, headers={"origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.fixture(scope="module")
def shared(bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with pages of another origin."""
    log = tmp_path_factory.mktemp("shared") / "log"
    running = RunningServer(bundle_folder, log, cors_origins=f"{ORIGIN},https://b.example")
    try:
        yield running.wait_until_ready()
    finally:
        running.kill()


def test_an_origin_that_is_listed_may_ask(shared: RunningServer, row: dict[str, Any]) -> None:
    with httpx.Client(base_url=shared.url) as client:
        asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
        for path in ("/v1/predict", "/v1/batch"):
            headers = asked | {"access-control-request-headers": "x-api-key, content-type"}
            before = client.options(path, headers=headers)
            assert before.status_code == httpx.codes.OK
            assert before.headers["access-control-allow-origin"] == ORIGIN
            assert "x-api-key" in before.headers["access-control-allow-headers"]
        answer = client.post("/v1/predict", json=row, headers={"origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert answer.json()["predictions"]
        other = client.post("/v1/predict", json=row, headers={"origin": "https://other.example"})
        assert "access-control-allow-origin" not in other.headers
        assert client.options("/v1/predict", headers=asked | {"origin": "https://other.example"}).status_code == 400


@pytest.mark.slow
def test_metrics_and_probes_may_have_a_port_of_their_own(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    port = take_free_port()
    server = start_server(bundle_folder, metrics_port=port)
    aside = f"http://127.0.0.1:{port}"
    with httpx.Client(transport=httpx.HTTPTransport(retries=6), timeout=LAST_RESORT_SECONDS) as client:
        while client.get(f"{aside}/readyz").status_code != httpx.codes.OK:
            assert server.process.poll() is None
        assert client.post(f"{server.url}/v1/predict", json=row).status_code == httpx.codes.OK
        for path in ("/metrics", "/healthz", "/readyz"):
            assert client.get(f"{server.url}{path}").status_code == httpx.codes.NOT_FOUND
            assert client.get(f"{aside}{path}").status_code == httpx.codes.OK
        for path in ("/", "/v1/model", "/openapi.json"):
            assert client.get(f"{aside}{path}").status_code == httpx.codes.NOT_FOUND
        assert client.post(f"{aside}/v1/predict", json=row).status_code == httpx.codes.NOT_FOUND
        assert client.get(f"{server.url}/openapi.json").status_code == httpx.codes.OK
        assert 'route="/v1/predict"' in client.get(f"{aside}/metrics").text
    assert server.stop() == 0
