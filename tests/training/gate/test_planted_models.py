"""T3: ten planted bad models, each refused for its own reason, and the champion against itself."""

from collections.abc import Callable

import pytest

from cli.errors import EXIT_FAIL, EXIT_OK
from contract.bundle import Bundle
from contract.schema import Column
from tests import planted
from training.gate.judge import GateResult

pytestmark = pytest.mark.slow

RANKING = {"comparison/pr_auc", "floor/pr_auc"}

PLANTED: list[tuple[Callable[[], Bundle], set[str]]] = [
    (planted.shuffled_labels, RANKING | {"floor/roc_auc", "comparison/recall"}),
    (planted.constant, {"integrity/varied", *RANKING}),
    (planted.leaked_column, {"leakage/names", "leakage/values", "behaviour/identifiers change nothing"}),
    (planted.one_feature, RANKING | {"comparison/expected_cost"}),
    (planted.stale, {"integrity/fresh"}),
    (planted.miscalibrated, {"comparison/calibration_error", "floor/calibration_error"}),
    (planted.too_slow, {"budget/latency"}),
    (planted.too_large, {"budget/size"}),
    (planted.broken_slice, {"slice/type=M: comparison recall", "slice/type=M: floor recall"}),
    (planted.inverted_scores, RANKING | {"floor/roc_auc", "behaviour/overstrain raises the risk"}),
]
# What would be wrong beside its reason is honest in these, so no other group of checks may fail.
PURE = {
    "stale": {"integrity", "split"},
    "miscalibrated": {"comparison", "floor", "decision"},
    "too_slow": {"budget"},
    "too_large": {"budget"},
}


def failures(result: GateResult) -> set[str]:
    return {check.name for check in result.checks if check.blocking and check.verdict == "fail"}


@pytest.mark.parametrize(("plant", "reasons"), PLANTED, ids=[plant.__name__ for plant, _ in PLANTED])
def test_planted_model_is_refused_for_its_reason(plant: Callable[[], Bundle], reasons: set[str]) -> None:
    result = planted.judge(plant(), planted.champion())
    assert result.verdict == "fail"
    assert result.exit_code == EXIT_FAIL
    assert reasons <= failures(result)
    allowed = PURE.get(plant.__name__)
    assert [name for name in failures(result) if allowed and name.partition("/")[0] not in allowed] == []


@pytest.mark.parametrize(
    "plant",
    [planted.broken_slice, planted.miscalibrated],
    ids=lambda plant: plant.__name__,
)
def test_planted_model_is_refused_in_a_first_run_too(plant: Callable[[], Bundle]) -> None:
    assert planted.judge(plant(), None).exit_code == EXIT_FAIL


def test_leaked_column_under_another_name_is_found_by_its_values() -> None:
    lamp = Column(name="alarm_lamp", source="Lamp", type="integer", description="Looks harmless")
    table = planted.with_column(planted.machine_table(), lamp)
    bundle = planted.train("renamed-leak", planted.training_side(table), held_out=planted.testing_side(table))
    found = failures(planted.judge(bundle, planted.champion(), table))
    assert "leakage/values" in found
    assert "leakage/names" not in found


def test_champion_passes_against_itself_with_no_difference() -> None:
    result = planted.judge(planted.champion(), planted.champion())
    blocking = {check.name for check in result.checks if check.blocking and check.verdict != "pass"}
    assert blocking == {"split/refit"}  # its seed is not that of today's parameters
    differences = [line.difference for line in result.metrics]
    assert all(one is not None and (one.mean, one.low, one.high) == (0.0, 0.0, 0.0) for one in differences)


def test_honest_candidate_passes_against_the_champion() -> None:
    assert planted.judge(planted.candidate(), planted.champion()).exit_code == EXIT_OK


def test_honest_candidate_passes_as_the_first_one() -> None:
    assert planted.judge(planted.candidate(), None).exit_code == EXIT_OK
