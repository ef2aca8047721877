import msgspec
import pytest

from contract.bundle import INFERENCE_NAME, MODEL_NAME, Bundle
from tests import planted
from training.gate.footprint import bundle_size, check_memory, check_size


def test_size_is_that_of_every_file_in_the_manifest() -> None:
    bundle = planted.candidate()
    assert bundle_size(bundle) == sum(entry.size_bytes for entry in bundle.manifest.files.values())


@pytest.mark.parametrize(("spare", "verdict"), [(0, "pass"), (-1, "fail")])
def test_size_at_the_budget_passes_and_one_byte_over_fails(spare: int, verdict: str) -> None:
    budgets = planted.quick_policy().budgets
    size = bundle_size(planted.candidate())
    exact = msgspec.structs.replace(budgets, size_bytes=size + spare)
    assert check_size(planted.candidate(), exact).verdict == verdict


@pytest.mark.slow
def test_memory_is_measured_in_a_process_of_its_own() -> None:
    found, check = check_memory(planted.candidate(), planted.quick_policy().budgets)
    assert found is not None
    assert 0 <= found < 50_000_000
    assert check.verdict == "pass"


def test_memory_over_the_budget_fails() -> None:
    budgets = msgspec.structs.replace(planted.quick_policy().budgets, memory_bytes=-1)
    assert check_memory(planted.candidate(), budgets)[1].verdict == "fail"


@pytest.mark.slow
def test_bundle_whose_loading_crashes_fails() -> None:
    bundle = planted.candidate()
    broken = Bundle(manifest=bundle.manifest, files={**bundle.files, INFERENCE_NAME: b"not onnx"})
    found, check = check_memory(broken, planted.quick_policy().budgets)
    assert found is None
    assert check.verdict == "fail"
    assert "CalledProcessError" in check.reason


@pytest.mark.slow
def test_a_model_a_hundred_times_the_size_is_seen_to_weigh_more() -> None:
    small, _ = check_memory(planted.candidate(), planted.quick_policy().budgets)
    large, _ = check_memory(planted.too_large(), planted.quick_policy().budgets)
    assert small is not None
    assert large is not None
    assert large > small + len(planted.too_large().files[MODEL_NAME])
