import msgspec
import numpy as np
import pytest

from contract.bundle import INFERENCE_NAME, Bundle
from contract.report import Latency
from tests import planted
from training.gate.latency import check_latency, fit_reference, judge_latency, measure_latency


def without_artifact(bundle: Bundle) -> Bundle:
    files = {name: content for name, content in bundle.files.items() if name != INFERENCE_NAME}
    return Bundle(manifest=bundle.manifest, files=files)


def test_reference_model_is_the_same_every_time() -> None:
    assert fit_reference().save_raw("ubj") == fit_reference().save_raw("ubj")


def test_candidate_is_timed_through_the_path_that_serves() -> None:
    matrix = planted.machine_table().matrix
    assert measure_latency(planted.candidate(), matrix, 3, 10).path == "ONNX Runtime"
    plain = measure_latency(without_artifact(planted.candidate()), matrix, 1, 10)
    assert plain.path == "XGBoost"
    assert plain.ratio == plain.candidate_us / plain.reference_us > 0  # of one round, which is its own median


def test_budget_below_what_was_found_fails_and_one_above_passes() -> None:
    matrix = planted.machine_table().matrix
    budgets = planted.quick_policy().budgets
    for ratio, verdict in ((0.01, "fail"), (100.0, "pass")):
        tried = msgspec.structs.replace(budgets, latency_ratio=ratio, latency_rounds=3)
        latency, check = check_latency(planted.candidate(), matrix, tried)
        assert check.verdict == verdict
        assert np.isfinite(latency.ratio)


@pytest.mark.parametrize("microseconds", [0.001, 1.0, 1e6])
@pytest.mark.parametrize(("ratio", "verdict"), [(2.9, "pass"), (3.0, "pass"), (3.1, "fail")])
def test_the_ratio_alone_decides_however_fast_the_machine_is(microseconds: float, ratio: float, verdict: str) -> None:
    budgets = msgspec.structs.replace(planted.quick_policy().budgets, latency_ratio=3.0)
    latency = Latency(candidate_us=ratio * microseconds, reference_us=microseconds, ratio=ratio, path="ONNX Runtime")
    assert judge_latency(latency, budgets).verdict == verdict
