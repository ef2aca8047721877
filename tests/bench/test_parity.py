"""Scores compared before anything is timed: the real predictor against its bundle, and against a wrong one."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import servers
from bench.errors import UnfitSystemError
from bench.experiments.corrupt_bundle import REFUSED, Trial, flip_bit, start_damaged
from bench.model import ServedModel, load_model
from bench.parity import TOLERANCE, check_parity
from bench.servers import Server, running
from bench.systems import System, list_systems, pick_systems
from contract.schema import Calibration

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model(bundle_folder: Path) -> ServedModel:
    return load_model(bundle_folder)


@pytest.fixture(scope="module")
def lathe(model: ServedModel) -> System:
    """The predictor as the benchmark starts it, run by this Python in place of its own environment's."""
    found = pick_systems(list_systems(model.name), ("lathe",))[0]
    return replace(found, command=(sys.executable, *found.command[1:]))


@pytest.fixture(scope="module", autouse=True)
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "LOGS", tmp_path_factory.mktemp("logs"))
        patch.setattr(servers, "WORK", tmp_path_factory.mktemp("work"))
        yield


@pytest.fixture(scope="module")
def server(lathe: System, model: ServedModel) -> Iterator[Server]:
    with running(lathe, model) as started:
        yield started


def test_the_predictor_answers_its_bundles_scores_one_by_one_and_in_batches(server: Server, model: ServedModel) -> None:
    assert set(server.system.batches) == {"records", "tensor"}
    assert 0.0 <= check_parity(server, model) < TOLERANCE / 10


def test_a_score_that_differs_takes_the_system_out(server: Server, model: ServedModel) -> None:
    scores = model.rows.scores.copy()
    scores[7] += 2 * TOLERANCE
    with pytest.raises(UnfitSystemError, match="Lathe differs by 2e-05 from the bundle's scores on /v1/predict"):
        check_parity(server, replace(model, rows=replace(model.rows, scores=scores)))


def test_another_engine_than_the_expected_takes_the_system_out(server: Server, model: ServedModel) -> None:
    assert server.system.engine == "onnxruntime"
    server.system = replace(server.system, engine="xgboost")
    with pytest.raises(UnfitSystemError, match="Lathe answers single rows by onnxruntime, expected xgboost"):
        check_parity(server, model)


def test_a_peers_probability_is_calibrated_as_the_bundle_says(model: ServedModel) -> None:
    raw = replace(model, calibration=replace_calibration(model, 1.0, 0.0)).calibrate([0.25, 0.5])
    assert raw == pytest.approx([0.25, 0.5])
    shifted = replace(model, calibration=replace_calibration(model, 2.0, 0.0)).calibrate([0.9])
    assert shifted == pytest.approx([0.81 / 0.82])  # the odds, 9, squared


def replace_calibration(model: ServedModel, slope: float, intercept: float) -> Calibration:
    return type(model.calibration)(slope=slope, intercept=intercept)


def test_a_flipped_bit_in_the_bundle_is_a_refusal(lathe: System, model: ServedModel) -> None:
    trial = Trial("a bit flipped", "model.ubj", flip_bit("model.ubj", 1))
    assert start_damaged(lathe, model, trial)[0] == REFUSED


def test_a_bundle_that_is_not_damaged_is_seen_to_be_ready(lathe: System, model: ServedModel) -> None:
    assert start_damaged(lathe, model, Trial("nothing", "", lambda folder: None))[0] == "was ready"
