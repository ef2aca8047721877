"""The cost of each feature of the real predictor's path."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.predictor.application import Application, create_app
from app.predictor.endpoints import predict
from app.predictor.endpoints.base import Endpoint
from app.predictor.prediction_log.log import PredictionLog
from app.predictor.scoring.model import ServedModel, load_model
from app.predictor.settings import read_settings
from bench.path_costs import HTTP, ON_TOP, RECORDED, WHOLE, answer_rows, list_variants, measure_costs, open_log, patched


@pytest.fixture(scope="module")
def model(bundle_folder: Path) -> ServedModel:
    return load_model(bundle_folder, 1)


@pytest.fixture(scope="module")
def application(bundle_folder: Path, model: ServedModel) -> Application:
    made = create_app(read_settings(bundle=bundle_folder))
    made.install_model(model)
    return made


@pytest.fixture(scope="module")
def served(application: Application) -> Endpoint:
    return application.direct[predict.ROUTE.encode()]


@pytest.fixture
def log(model: ServedModel) -> Iterator[PredictionLog]:
    with open_log(model) as opened:
        yield opened


def encode_rows(model: ServedModel) -> list[bytes]:
    return [msgspec.json.encode(entry.row) for entry in model.manifest.golden[:3]]


def test_every_variant_still_answers_a_row_with_200(served: Endpoint, model: ServedModel, log: PredictionLog) -> None:
    bodies = encode_rows(model)
    for name, patches in list_variants(served, model, bodies, log).items():
        with patched(patches):
            answers = answer_rows(served, model, bodies)
        assert [answer.partition(b"\r\n")[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * 3, name


def read_predictions(answers: list[bytes]) -> list[object]:
    return [msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])["predictions"] for answer in answers]


@pytest.mark.parametrize("left_out", ["drift bins", "request id", "decoding and validation", "derived features"])
def test_what_is_left_out_does_not_change_the_score(
    served: Endpoint, model: ServedModel, log: PredictionLog, left_out: str
) -> None:
    bodies = encode_rows(model)
    variants = list_variants(served, model, bodies, log)
    expected = read_predictions(answer_rows(served, model, bodies))
    with patched(variants[left_out]):
        found = read_predictions(answer_rows(served, model, bodies))
    assert found == expected


def test_drift_bins_left_out_count_nothing_and_are_back_afterwards(
    served: Endpoint, model: ServedModel, log: PredictionLog
) -> None:
    bodies = encode_rows(model)

    def counted() -> int:
        return sum(model.traffic.counts["score"])  # of all cells

    before = counted()
    with patched(list_variants(served, model, bodies, log)["drift bins"]):
        answer_rows(served, model, bodies)
    assert counted() == before
    answer_rows(served, model, bodies)
    assert counted() == before + len(bodies)


def test_the_whole_costs_more_than_each_of_its_parts(application: Application, model: ServedModel) -> None:
    costs = measure_costs(application, model, 0.5)
    assert next(iter(costs)) == WHOLE
    assert tuple(costs)[-3:] == ON_TOP
    assert costs[WHOLE] > costs["the model's call"] > 0
    assert costs["decoding and validation"] < costs[WHOLE]
    assert costs[HTTP] > 0


def test_what_the_prediction_log_costs_is_measured_with_rows_that_are_written(
    served: Endpoint, model: ServedModel, log: PredictionLog
) -> None:
    bodies = encode_rows(model)
    with patched(list_variants(served, model, bodies, log)[RECORDED]):
        answer_rows(served, model, bodies)
    log.close()
    assert log.written == len(bodies)
