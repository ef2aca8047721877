"""The sums that quality is estimated from: whatever the route, they are the sums over the scores that were answered."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predictor.application import create_app
from app.predictor.counters import DECISIONS, DecisionSums
from app.predictor.scoring.model import ServedModel
from app.predictor.scoring.traffic import TrafficCounts
from app.predictor.settings import read_settings
from contract.bundle import Bundle
from contract.compute.scoring import Scores
from tests.app.predictor.running import read_metrics, read_samples
from tests.app.predictor.uploads import list_rows
from tests.app.predictor.ways import WAYS, ScoredRow
from training.data.table import Table

Sums = dict[str, dict[str, float]]

NAMES: dict[str, Callable[[Scores], float]] = {
    "lathe_predicted_rows_total": len,
    "lathe_score_sum_total": lambda scores: float(scores.sum()),
    "lathe_score_variance_total": lambda scores: float((scores * (1 - scores)).sum()),
}


def read_sums(metrics: str, names: Sequence[str] = tuple(NAMES)) -> Sums:
    """By metric and decision."""
    found: Sums = {name: {} for name in names}
    for sample in read_samples(metrics):
        if sample.name in found:
            found[sample.name][sample.labels["decision"]] = sample.value
    return found


def compute_sums(rows: Sequence[ScoredRow], is_event: bool = True) -> Sums:
    """What the metrics must have grown by."""
    by_decision = {
        label: np.array([row.score for row in rows if row.decision is decision])
        for decision, label in DECISIONS.items()
    }
    return {
        name: {label: add(scores) for label, scores in by_decision.items()}
        for name, add in NAMES.items()
        if is_event or name != "lathe_score_variance_total"
    }


def check_growth(before: Sums, after: Sums, expected: Sums) -> None:
    for name, by_decision in expected.items():
        grown = {label: after[name][label] - before[name][label] for label in by_decision}
        assert grown == pytest.approx(by_decision, rel=1e-9, abs=1e-9), name


@pytest.mark.parametrize("way", WAYS)
def test_a_real_server_counts_the_scores_that_it_answered(
    client: httpx.Client, bundle: Bundle, table: Table, way: str
) -> None:
    before = read_sums(client.get("/metrics").text)
    answered: list[ScoredRow] = []
    for question in WAYS[way](bundle.manifest, list_rows(table)[:400]):
        content_type = {"content-type": question.content_type}
        answered += question.read(client.post(question.path, content=question.body, headers=content_type))
    assert {row.decision for row in answered} >= ({True, False} if len(answered) > 100 else {False})
    check_growth(before, read_sums(client.get("/metrics").text), compute_sums(answered))


def ask_here(bundle: Bundle, ask: Callable[[httpx.AsyncClient], Any]) -> Any:
    """Asks an application in this process, without a socket."""
    app = create_app(read_settings())
    app.install_model(ServedModel(bundle, 1))

    async def run() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await ask(client)

    return asyncio.run(run())


@pytest.mark.parametrize("has_threshold", [True, False])
def test_another_dataset_a_number_and_a_model_without_a_threshold_are_counted_alike(
    other_bundle: Bundle, has_threshold: bool
) -> None:
    manifest = other_bundle.manifest
    if not has_threshold:
        manifest = msgspec.structs.replace(manifest, threshold=None)
    is_event = manifest.schema.task == "binary"
    rows = [entry.row for entry in manifest.golden if None not in entry.row.values()] * 4

    async def ask(client: httpx.AsyncClient) -> tuple[Sums, list[ScoredRow]]:
        answered: list[ScoredRow] = []
        for way in WAYS.values():
            for question in way(manifest, rows):
                content_type = {"content-type": question.content_type}
                answered += question.read(await client.post(question.path, content=question.body, headers=content_type))
        return read_sums((await client.get("/metrics")).text), answered

    found, answered = ask_here(Bundle(manifest, other_bundle.files), ask)
    expected = compute_sums(answered, is_event)
    if is_event:
        assert found["lathe_score_variance_total"].keys() == set(DECISIONS.values())
    else:
        assert found.pop("lathe_score_variance_total") == {}  # a number is no probability
    check_growth({name: dict.fromkeys(DECISIONS.values(), 0.0) for name in found}, found, expected)
    assert (expected["lathe_predicted_rows_total"]["none"] == len(answered)) is not has_threshold


def test_a_row_that_goes_the_way_of_many_is_counted_once(lenient: httpx.Client, row: dict[str, Any]) -> None:
    before = read_sums(lenient.get("/metrics").text)
    answer = lenient.post("/v1/predict", json=row | {"type": "X"}).json()
    assert "warnings" in answer
    predicted = [ScoredRow(one["score"], one["decision"]) for one in answer["predictions"]]
    check_growth(before, read_sums(lenient.get("/metrics").text), compute_sums(predicted))


def test_what_is_only_explained_or_tried_out_is_not_counted(client: httpx.Client, row: dict[str, Any]) -> None:
    before = read_sums(client.get("/metrics").text)
    assert client.post("/v1/explain", json=row).status_code == httpx.codes.OK
    assert client.get("/v1/model").status_code == httpx.codes.OK
    assert read_sums(client.get("/metrics").text) == before


def test_feedback_is_summed_by_the_decision_that_stands_in_the_receipt(client: httpx.Client, table: Table) -> None:
    names = ("lathe_feedback_score_total", "lathe_feedback_squared_error_total")
    before, metrics = read_sums(client.get("/metrics").text, names), read_metrics(client)
    rows = {"rows": list_rows(table)[:400]}
    predictions = client.post("/v1/predict", json=rows, headers={"x-lathe-receipt": "1"}).json()["predictions"]
    outcomes = np.random.default_rng(5).random(len(predictions)) < 0.5
    told = [{"receipt": one["receipt"], "outcome": bool(y)} for one, y in zip(predictions, outcomes, strict=True)]
    assert client.post("/v1/feedback", json={"feedback": told}).status_code == httpx.codes.OK
    assert client.post("/v1/feedback", json={"feedback": told}).json()["feedback"][0]["duplicate"]  # counts nothing
    scores = np.array([one["score"] for one in predictions])
    decisions = np.array([one["decision"] for one in predictions])
    expected = {
        name: {"true": float(values[decisions].sum()), "false": float(values[~decisions].sum()), "none": 0.0}
        for name, values in zip(names, (scores, (scores - outcomes) ** 2), strict=True)
    }
    check_growth(before, read_sums(client.get("/metrics").text, names), expected)
    after = read_metrics(client)
    delays = [name for name in after if name.startswith("lathe_feedback_delay_seconds_")]
    grown = {name.partition("{")[0].rpartition("_")[2]: after[name] - metrics[name] for name in delays}
    assert grown["count"] == len(predictions)
    assert 0.0 <= grown["sum"] / len(predictions) < 3600.0


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_one_by_one_and_as_a_table_the_sums_are_the_same(bundle: Bundle, scores: list[float], threshold: float) -> None:
    manifest = msgspec.structs.replace(bundle.manifest, threshold=threshold)
    single, table = TrafficCounts(manifest), TrafficCounts(manifest)
    values = {name: 1.0 for name in manifest.reference if name != "score"}
    for score in scores:
        single.count_row(values, score, score >= threshold)
    columns = {name: np.full(len(scores), value) for name, value in values.items()}
    table.add_counts(table.count_table(columns, np.array(scores)))
    assert single.counts == table.counts
    for decision, sums in single.sum_all().decided.items():
        other = table.sum_all().decided[decision]
        assert sums.rows == other.rows
        assert (sums.scores, sums.variance) == pytest.approx((other.scores, other.variance), rel=1e-12, abs=1e-12)


def test_sums_of_two_requests_add_up() -> None:
    sums = DecisionSums(2, 0.5, 0.25)
    sums.add(DecisionSums(1, 0.25, 0.125))
    assert (sums.rows, sums.scores, sums.variance) == (3, 0.75, 0.375)
