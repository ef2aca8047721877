import msgspec
import pytest

from contract.bundle import INFERENCE_NAME, Bundle
from contract.report import Check
from contract.schema import Interval, Manifest
from tests import planted
from training.gate.evidence import gather_evidence
from training.gate.integrity import check_integrity


def ask(bundle: Bundle) -> dict[str, Check]:
    evidence = gather_evidence(bundle, None, planted.machine_table(), planted.quick_params())
    rules = planted.quick_policy().choose_rules("binary", "ai4i")
    return {check.subject: check for check in check_integrity(evidence, rules)}


def failing(bundle: Bundle) -> set[str]:
    return {subject for subject, check in ask(bundle).items() if check.verdict == "fail"}


def manifest() -> Manifest:
    return planted.candidate().manifest


def test_honest_bundle_is_whole() -> None:
    assert failing(planted.candidate()) == set()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["data", "dataset", "params", "code", "libraries"])
def test_each_input_that_changed_is_named(name: str) -> None:
    old = planted.forge(planted.candidate(), inputs={**manifest().inputs, name: "0" * 64})
    if name == "data":
        old = planted.forge(planted.candidate(), data=msgspec.structs.replace(manifest().data, sha256="0" * 64))
    check = ask(old)["fresh"]
    assert check.verdict == "fail"
    assert check.found == f"{name} changed"


def test_input_that_nobody_asks_for_is_stale_too() -> None:
    assert failing(planted.forge(planted.candidate(), inputs={**manifest().inputs, "seed": "0" * 64})) == {"fresh"}


def test_metric_that_the_bundle_does_not_state_is_missing() -> None:
    metrics = {name: value for name, value in manifest().metrics.items() if name != "brier"}
    check = ask(planted.forge(planted.candidate(), metrics=metrics))["metrics"]
    assert (check.verdict, check.found) == ("fail", "without brier")


def test_metric_that_is_not_a_number_is_missing() -> None:
    unknown = Interval(mean=float("nan"), low=0.0, high=1.0)
    assert failing(planted.forge(planted.candidate(), metrics={**manifest().metrics, "pr_auc": unknown})) == {"metrics"}


def test_golden_row_that_scores_otherwise_is_found() -> None:
    first, *rest = manifest().golden
    golden = (msgspec.structs.replace(first, score=first.score + 0.01), *rest)
    assert failing(planted.forge(planted.candidate(), golden=golden)) == {"golden"}


def test_inference_artifact_of_another_model_is_found() -> None:
    files = {**planted.candidate().files, INFERENCE_NAME: planted.champion().files[INFERENCE_NAME]}
    assert failing(Bundle(manifest=manifest(), files=files)) == {"parity"}


def test_bundle_without_an_inference_artifact_is_served_by_xgboost() -> None:
    files = {name: content for name, content in planted.candidate().files.items() if name != INFERENCE_NAME}
    assert failing(Bundle(manifest=manifest(), files=files)) == set()
