"""What takes long to render is rendered in pieces, once for all who wait, and is what the library gives in one go."""

import asyncio

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from app.predictor import scrapes
from app.predictor.application import Application, create_app
from app.predictor.openapi.rendered import Document
from app.predictor.scoring.model import ServedModel
from app.predictor.scoring.traffic import TrafficCounts, TrafficSums
from app.predictor.scrapes import Scrapes
from app.predictor.settings import read_settings
from contract.bundle import Bundle

ACCEPTED = ["", "text/plain", "application/openmetrics-text; version=1.0.0", "application/openmetrics-text"]


@pytest.fixture(scope="module")
def app(bundle: Bundle) -> Application:
    app = create_app(read_settings())
    app.install_model(ServedModel(bundle, 1))
    return app


def leave_out_process(text: bytes) -> list[bytes]:
    return [line for line in text.splitlines() if b"process_" not in line]


@pytest.mark.parametrize("accept", ACCEPTED)
def test_the_pieces_are_together_what_the_library_gives(app: Application, accept: str) -> None:
    encode, content_type = choose_encoder(accept)
    rendered, told = asyncio.run(Scrapes(app.registry).render(accept))
    assert told == content_type
    assert leave_out_process(rendered) == leave_out_process(encode(app.registry))


@pytest.mark.parametrize("accept", ACCEPTED)
def test_no_piece_is_long(app: Application, accept: str) -> None:
    sizes = [
        sum(not line.startswith(b"#") for line in piece.splitlines())
        for piece in scrapes.render_pieces(app.registry, scrapes.choose_format(accept)[0])
    ]
    assert max(sizes) == scrapes.PIECE_SAMPLES
    assert sum(sizes) > 1000


def test_rows_that_come_during_a_scrape_are_in_none_of_its_metrics(bundle: Bundle) -> None:
    """A scrape lets requests in between its families, and Prometheus takes all of it for one moment."""
    app, model = create_app(read_settings()), ServedModel(bundle, 1)
    app.install_model(model)
    row = [bundle.manifest.golden[0].row[name] for name in model.names]
    sums: dict[str, float] = {}
    for family in app.registry.collect():
        bins = [sample for sample in family.samples if sample.labels.get("feature", "score") in ("score", "power_w")]
        sums[family.name] = sum(sample.value for sample in bins)
        model.score_row(row)
    rows = [sums[f"lathe_{name}_rows"] for name in ("predicted", "feature", "score")]
    assert rows[0] > 0
    assert rows == rows[:1] * len(rows)


def test_cells_are_summed_once_a_scrape(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    summed = 0
    sum_cells = TrafficCounts.sum_cells

    def count_calls(traffic: TrafficCounts) -> TrafficSums:
        nonlocal summed
        summed += 1
        return sum_cells(traffic)

    monkeypatch.setattr(TrafficCounts, "sum_cells", count_calls)
    monkeypatch.delattr(TrafficCounts, "counts")  # sums for itself
    asyncio.run(Scrapes(app.registry).render(""))
    assert summed == 1


def test_an_empty_registry_is_rendered_too() -> None:
    accept = ACCEPTED[2]
    rendered, _ = asyncio.run(Scrapes(CollectorRegistry()).render(accept))
    assert rendered == choose_encoder(accept)[0](CollectorRegistry())


def test_one_render_serves_all_who_came_before_it_and_others_go_on_between_its_pieces(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrapes, "PIECE_SECONDS", 0.0)
    begun = 0
    collect = app.registry.collect

    class Counting(CollectorRegistry):
        def collect(self):  # type: ignore[no-untyped-def]
            nonlocal begun
            begun += 1
            return collect()

    async def run() -> tuple[set[bytes], bytes, int]:
        rendering = Scrapes(Counting())
        turns = 0
        first = [asyncio.create_task(rendering.render("")) for _ in range(50)]
        while not begun:
            await asyncio.sleep(0)
        app.services.counters.batches += 1
        late = asyncio.create_task(rendering.render(""))
        while not late.done():
            await asyncio.sleep(0)
            turns += 1
        return {(await one)[0] for one in first}, (await late)[0], turns

    answers, late, turns = asyncio.run(run())
    assert (len(answers), begun) == (1, 2)
    assert turns > 40
    assert b"lathe_batches_total" in late
    assert next(line for line in late.splitlines() if line.startswith(b"lathe_batches_total{")).endswith(b" 1.0")


def test_a_scraper_that_leaves_ends_no_other(app: Application) -> None:
    async def run() -> bytes:
        rendering = Scrapes(app.registry)
        gone, stays = (asyncio.create_task(rendering.render("")) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        return (await stays)[0]

    assert b"lathe_ready" in asyncio.run(run())


def test_the_document_is_made_once_before_the_model_and_once_after(bundle: Bundle) -> None:
    app = create_app(read_settings())
    made = 0

    def build() -> dict[str, int]:
        nonlocal made
        made += 1
        return {"made": made}

    document = Document(build, app.services.lifecycle)
    assert [document.render() for _ in range(3)] == [b'{"made":1}'] * 3
    app.install_model(ServedModel(bundle, 1))
    assert [document.render() for _ in range(3)] == [b'{"made":2}'] * 3
