"""The fourth view against the counters it is made from."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from contract.bundle import Bundle
from contract.psi import FEWEST_ROWS, measure_psi
from tests.app.predictor.page.browsing import read_cells
from tests.app.predictor.running import RunningServer, StartServer, read_metrics
from tests.gitops.prometheus import RunningPrometheus
from tests.patience import wait_until
from tests.ports import take_free_port

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Page]


def drift_rows(page: Page) -> dict[str, list[str]]:
    return {cells[0]: cells[1:] for cells in read_cells(card_of(page, "Drift"))}


def card_of(page: Page, title: str) -> Locator:
    """The table under a heading."""
    return page.locator("#traffic-body section", has=page.get_by_role("heading", name=title, exact=True)).locator(
        "table"
    )


@pytest.fixture
def quiet_server(start_server: StartServer, bundle: Bundle, bundle_folder: object) -> RunningServer:
    """A server nobody else talks to."""
    return start_server(bundle_folder).wait_until_ready()


def test_drift_is_unknown_below_50_rows_and_then_the_index_of_the_counters(
    open_view: OpenPage, quiet_server: RunningServer, bundle: Bundle
) -> None:
    rows = [dict(entry.row) for entry in bundle.manifest.golden]
    assert len(rows) < FEWEST_ROWS
    with httpx.Client(base_url=quiet_server.url) as client:
        client.post("/v1/predict", json={"rows": rows})
        page = open_view(quiet_server, "traffic")
        page.locator("#traffic-body table").first.wait_for()
        assert {cells[0] for cells in drift_rows(page).values()} == {"unknown: too few rows"}
        client.post("/v1/predict", json={"rows": rows * 20})
        samples = read_metrics(client)
    page.get_by_role("link", name="Batch").click()
    page.get_by_role("link", name="Traffic").click()
    expect(page.locator("#traffic-body")).not_to_contain_text("too few rows")
    for (name, bins), cells in zip(bundle.manifest.reference.items(), drift_rows(page).values(), strict=True):
        kind = "score_rows" if name == "score" else "feature_rows"
        label = "" if name == "score" else f'feature="{name}"'
        counts = [n for key, n in samples.items() if key.startswith(f"lathe_{kind}_total") and label in key]
        reference_rows = bundle.manifest.score_rows if name == "score" else bundle.manifest.data.rows
        assert reference_rows
        index = measure_psi(counts, bins.ratios, reference_rows)
        assert float(cells[1]) == pytest.approx(max(index.corrected, 0.0), abs=0.0006)
        assert (cells[0] == "steady") == (index.judge(0.1) == "none")
        assert cells[0].startswith("moved") == (index.judge(0.1) == "drift")
        expect(page.locator("#traffic-body")).to_contain_text(f"{sum(counts):,.0f} rows")


def test_the_figures_are_the_counters_and_outcomes_give_precision_and_recall(
    open_view: OpenPage, quiet_server: RunningServer, bundle: Bundle
) -> None:
    threshold = bundle.manifest.threshold or 0.0
    told = {"hits": 0, "alarms": 0, "missed": 0}
    rows = len(bundle.manifest.golden)
    with httpx.Client(base_url=quiet_server.url, headers={"x-lathe-receipt": "1"}) as client:
        for index, entry in enumerate(bundle.manifest.golden):
            answer = client.post("/v1/predict", json=dict(entry.row)).json()["predictions"][0]
            happened = index % 3 == 0
            client.post("/v1/feedback", json={"receipt": answer["receipt"], "outcome": happened}).raise_for_status()
            told["hits"] += answer["decision"] and happened
            told["alarms"] += entry.score >= threshold
            told["missed"] += happened and not answer["decision"]
        for _ in range(5):
            client.post("/v1/predict", json={})
    page = open_view(quiet_server, "traffic")
    shown = {cells[0]: cells[1] for cells in read_cells(card_of(page, "What really happened"))}
    assert shown["Outcomes"] == str(rows)
    assert shown["Precision"] == f"{told['hits'] / told['alarms']:.1%}".replace("%", " %")
    assert shown["Recall"] == f"{told['hits'] / (told['hits'] + told['missed']):.1%}".replace("%", " %")
    tiles = page.locator("#traffic-body .tiles > div")
    figures = {tile.locator("dt").inner_text(): tile.locator("dd").inner_text() for tile in tiles.all()}
    assert figures["Rows scored"] == str(rows)
    assert int(figures["Errors"].split("\n")[0]) >= 5  # a probe before it was ready may be one more
    routes = {cells[0]: cells[1:] for cells in read_cells(card_of(page, "Requests"))}
    assert routes["/v1/predict"][:2] == [str(rows + 5), "5"]
    assert routes["/v1/predict"][2].endswith(" ms")
    assert ["missing_field", "5"] in read_cells(card_of(page, "Refused requests"))


def test_it_reads_again_by_itself_and_stops_when_told(page: Page) -> None:
    page.clock.install()
    page.get_by_role("link", name="Traffic").click()
    page.locator("#traffic-body .tiles").wait_for()
    with page.expect_request("**/metrics"):
        page.clock.fast_forward(5001)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.fast_forward(60_000)
    page.get_by_role("link", name="Model").click()  # what it asked would be known by now
    assert [url for url in asked if url.endswith("/metrics")] == []


def test_metrics_on_a_port_of_their_own_are_said_so(
    open_view: OpenPage, start_server: StartServer, bundle_folder: object
) -> None:
    server = start_server(bundle_folder, metrics_port=take_free_port())
    wait_until_it_predicts(server)
    expect(open_view(server, "traffic").locator("#traffic-body")).to_contain_text("a port of their own")


def wait_until_it_predicts(server: RunningServer) -> None:
    """Its probes are on the other port too."""

    def predicts() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{server.url}/v1/model").status_code == 200
        return False

    wait_until(predicts, "the model")


def test_links_lead_to_what_the_settings_name_and_the_page_says_whose_figures_it_shows(
    open_view: OpenPage, start_server: StartServer, bundle_folder: object
) -> None:
    settings = {"reports_url": "https://reports.example/lathe", "dashboards_url": "https://grafana.example/d/lathe"}
    server = start_server(bundle_folder, **settings, prometheus_url=f"http://127.0.0.1:{take_free_port()}")
    page = open_view(server.wait_until_ready(), "traffic")
    page.locator("#traffic-body table").first.wait_for()
    expect(page.locator("#traffic-source")).to_contain_text("Counters of this one process")
    expect(page.locator("#traffic-source")).to_contain_text("Prometheus gives no figures")
    for view in ("traffic", "model"):
        links = page.locator(f"#{view}-links a")
        expect(links).to_have_count(2)
        assert {link.get_attribute("href") for link in links.all()} == set(settings.values())


def test_without_settings_there_are_no_links(open_view: OpenPage, quiet_server: RunningServer) -> None:
    page = open_view(quiet_server, "traffic")
    page.locator("#traffic-body table").first.wait_for()
    expect(page.locator("#traffic-links")).to_be_hidden()
    expect(page.locator("#model-links")).to_be_hidden()


@pytest.mark.parametrize("has_port", [False, True])
def test_the_fleets_figures_stand_in_place_of_this_processs(
    open_view: OpenPage,
    start_server: StartServer,
    bundle: Bundle,
    bundle_folder: object,
    tmp_path: Path,
    has_port: bool,
) -> None:
    """Also where the metrics of this process have a port of their own."""
    port = take_free_port()
    ports = [take_free_port() for _ in range(2)]
    servers = [
        start_server(
            bundle_folder, prometheus_url=f"http://127.0.0.1:{port}", **({"metrics_port": aside} if has_port else {})
        )
        for aside in ports
    ]
    for server, aside in zip(servers, ports, strict=True):
        wait_until(lambda port=aside if has_port else server.port: is_ready(port), "the server's readiness")  # type: ignore[misc]
        rows = [dict(bundle.manifest.golden[0].row)] * 40
        httpx.post(f"{server.url}/v1/predict", json={"rows": rows}).raise_for_status()
    scraped = ports if has_port else [server.port for server in servers]
    prometheus = RunningPrometheus(tmp_path, {f"pod-{one}": one for one in scraped}, "lathe-test", port=port)
    try:
        prometheus.wait_for_scrapes()
        page = open_view(servers[0], "traffic")
        expect(page.locator("#traffic-source")).to_contain_text("Sums over 2 replicas")
        expect(page.locator("#traffic-body")).to_contain_text("80 rows against")
    finally:
        prometheus.stop()


def is_ready(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == httpx.codes.OK
    return False
