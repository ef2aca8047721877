"""The cost of each feature of the real predictor's path."""

from pathlib import Path

import msgspec
import pytest

from app.predictor import predict
from app.predictor.application import Application, create_app
from app.predictor.endpoint import Endpoint
from app.predictor.model import ServedModel, load_model
from app.predictor.settings import read_settings
from bench.path_costs import COMMON, HEADERS, HTTP, LOGGED, WHOLE, list_variants, measure_costs, patched


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


def encode_rows(model: ServedModel) -> list[bytes]:
    return [msgspec.json.encode(entry.row) for entry in model.manifest.golden[:3]]


def answer(served: Endpoint, body: bytes) -> bytes:
    reply = served.answer_now(HEADERS, body, COMMON)
    assert isinstance(reply, bytes)
    return reply


def test_every_variant_still_answers_a_row_with_200(served: Endpoint, model: ServedModel) -> None:
    bodies = encode_rows(model)
    for name, patches in list_variants(served, model, bodies).items():
        with patched(patches):
            assert answer(served, bodies[0]).startswith(b"HTTP/1.1 200 OK"), name


@pytest.mark.parametrize("left_out", ["drift bins", "request id", "decoding and validation", "derived features"])
def test_what_is_left_out_does_not_change_the_score(served: Endpoint, model: ServedModel, left_out: str) -> None:
    bodies = encode_rows(model)
    variants = list_variants(served, model, bodies)
    expected = msgspec.json.decode(answer(served, bodies[0]).partition(b"\r\n\r\n")[2])["predictions"]
    with patched(variants[left_out]):
        found = msgspec.json.decode(answer(served, bodies[0]).partition(b"\r\n\r\n")[2])["predictions"]
    assert found == expected


def test_drift_bins_left_out_count_nothing_and_are_back_afterwards(served: Endpoint, model: ServedModel) -> None:
    bodies = encode_rows(model)

    def counted() -> int:
        return sum(model.traffic.counts["score"])

    before = counted()
    with patched(list_variants(served, model, bodies)["drift bins"]):
        answer(served, bodies[0])
    assert counted() == before
    answer(served, bodies[0])
    assert counted() == before + 1


def test_the_whole_costs_more_than_each_of_its_parts(application: Application, model: ServedModel) -> None:
    costs = measure_costs(application, model, 0.5)
    assert next(iter(costs)) == WHOLE
    assert list(costs)[-2:] == [HTTP, LOGGED]
    assert costs[WHOLE] > costs["the model's call"] > 0
    assert costs["decoding and validation"] < costs[WHOLE]
    assert costs[HTTP] > 0
