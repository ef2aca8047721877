"""T2: the gate fails closed."""

import math

import msgspec
import numpy as np
import pytest

from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_UNDECIDED, InputError
from contract.report import Check
from contract.schema import Calibration
from tests import planted
from training.data.table import Table
from training.gate.judge import GateResult, judge_candidate
from training.gate.requirements import SUBJECTS


def find_check(result: GateResult, name: str) -> Check:
    return next(check for check in result.checks if check.name == name)


def test_honest_candidate_passes_and_every_kind_of_question_was_asked() -> None:
    result = planted.judge(planted.candidate(), planted.champion())
    assert result.exit_code == EXIT_OK, [check for check in result.checks if check.verdict != "pass"]
    assert {check.group for check in result.checks} == {
        "champion", "comparison", "floor", "slice", "behaviour", "leakage", "integrity", "budget",
        "split", "data", "declared", "decision",
    }  # fmt: skip # a table


@pytest.mark.slow
def test_absent_champion_fails_unless_the_first_run_is_declared() -> None:
    result = planted.judge(planted.candidate(), None, first_run=False)
    assert result.exit_code == EXIT_FAIL
    assert find_check(result, "champion/present").verdict == "fail"


@pytest.mark.slow
def test_scores_that_are_not_numbers_fail_and_are_never_measured() -> None:
    broken = planted.forge(planted.candidate(), calibration=Calibration(slope=math.nan, intercept=0.0))
    result = planted.judge(broken, planted.champion())
    assert result.exit_code == EXIT_FAIL
    assert find_check(result, "integrity/finite").verdict == "fail"
    assert find_check(result, "integrity/golden").verdict == "fail"
    assert result.metrics == ()


@pytest.mark.slow
def test_metric_that_cannot_be_computed_fails() -> None:
    table = planted.machine_table().take(np.arange(4000))
    without = planted.with_dataset(table, msgspec.structs.replace(table.dataset, costs=None))
    result = planted.judge(planted.candidate(), planted.champion(), without)
    assert result.exit_code == EXIT_FAIL
    assert find_check(result, "floor/expected_cost").found == "no finite value"
    assert find_check(result, "comparison/expected_cost").found == "no finite value"


@pytest.mark.slow
def test_holdout_with_a_handful_of_positives_is_not_enough_evidence() -> None:
    table = planted.machine_table()
    test = planted.split_table(table).test
    positives = test[table.target[test] == 1]
    few = np.setdiff1d(np.arange(len(table)), positives[5:])
    kept = table.take(few)
    bundle = planted.train("few-positives", planted.training_side(kept), held_out=planted.testing_side(kept))
    result = planted.judge(bundle, bundle, kept)
    assert result.exit_code == EXIT_UNDECIDED
    assert find_check(result, "evidence/holdout").verdict == "not_enough_evidence"


def test_holdout_without_positives_is_bad_input() -> None:
    table = planted.machine_table()
    test = planted.split_table(table).test
    none = table.take(np.setdiff1d(np.arange(len(table)), test[table.target[test] == 1]))
    with pytest.raises(InputError, match="no positives"):
        planted.judge(planted.candidate(), planted.champion(), none)


def test_holdout_without_negatives_is_bad_input() -> None:
    table = planted.machine_table()
    test = planted.split_table(table).test
    only = table.take(np.setdiff1d(np.arange(len(table)), test[table.target[test] == 0]))
    with pytest.raises(InputError, match="no negatives"):
        planted.judge(planted.candidate(), planted.champion(), only)


def test_empty_table_is_bad_input() -> None:
    table = planted.machine_table()
    empty = Table(table.dataset, table.frame.iloc[:0], table.origin, table.sha256)
    with pytest.raises(InputError, match="empty"):
        planted.judge(planted.candidate(), planted.champion(), empty)


@pytest.mark.slow
def test_same_seed_gives_the_same_answer_and_another_seed_the_same_verdict() -> None:
    first, again, other = (
        judge_candidate(
            planted.candidate(),
            planted.champion(),
            planted.machine_table(),
            planted.quick_policy(),
            planted.quick_params(),
            seed=seed,
        )
        for seed in (4, 4, 5)
    )
    assert first.metrics == again.metrics
    assert first.slices == again.slices
    assert first.metrics != other.metrics
    assert first.verdict == other.verdict


@pytest.mark.slow
@pytest.mark.parametrize("name", ["churn", "charges"])
def test_second_dataset_is_judged_by_the_same_code_for_either_task(name: str) -> None:
    bundle, table = planted.customer_bundle(name), planted.customer_table(name)
    for against in (None, bundle):
        result = planted.judge(bundle, against, table)
        assert result.exit_code == EXIT_OK, [check for check in result.checks if check.verdict != "pass"]


@pytest.mark.slow
def test_a_first_run_says_of_each_check_that_needs_a_champion_that_it_was_not_made() -> None:
    checks = planted.judge(planted.candidate(), None).checks
    unchecked = {check.name: check for check in checks if check.reason.startswith("Not checked: no champion")}
    assert set(unchecked) == {
        "data/changed",
        "data/units",
        "data/rows",
        "data/rows gone",
        "data/labels",
        "split/moved",
        "declared/requirements",
    }
    assert all((check.found, check.blocking) == ("not checked", False) for check in unchecked.values())
    assert "range that the dataset file declares" in unchecked["data/units"].reason
    compared = {check.name for check in planted.judge(planted.candidate(), planted.champion()).checks}
    known = {check.name for check in checks} | {f"declared/{subject}" for subject in SUBJECTS}
    assert {name for name in compared - known if not name.startswith(("comparison/", "slice/"))} == set()
