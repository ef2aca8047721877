"""A person's acceptance is of one check about one column; it never reaches further, and never outlives its finding."""

import pytest

from contract.dataset import Accepted
from contract.report import Check, decide_verdict
from training.gate.acceptance import apply_acceptances

ONE = Accepted(check="leakage/values", column="flow", by="Ada Miller", reason="Known in time.")


def fail(name: str, *about: str) -> Check:
    return Check(name=name, verdict="fail", found="1", expected="0", reason="It is so.", about=about)


def test_what_is_accepted_blocks_no_more_and_the_reason_names_who() -> None:
    (check,) = apply_acceptances([fail("leakage/values", "flow", "Flow logged")], [ONE])
    assert (check.verdict, check.blocking, check.accepted) == ("fail", False, "Ada Miller: Known in time.")
    assert check.reason == "It is so. Accepted by Ada Miller: Known in time."


@pytest.mark.parametrize(
    "check", [fail("leakage/values", "torque"), fail("leakage/names", "flow"), fail("leakage/values")]
)
def test_another_column_check_or_a_whole_file_is_not_accepted_with_it(check: Check) -> None:
    kept, unused = apply_acceptances([check], [ONE])
    assert kept == check
    assert (unused.name, unused.verdict) == ("accepted/unused", "fail")


def test_an_acceptance_without_a_column_is_of_findings_about_none() -> None:
    rows = Accepted(check="data/rows", by="Ada Miller", reason="The old plant was closed")
    (check,) = apply_acceptances([fail("data/rows")], [rows])
    assert not check.blocking
    assert len(list(apply_acceptances([fail("data/rows", "flow")], [rows]))) == 2


def test_an_acceptance_of_what_passes_is_unused() -> None:
    passing = Check(name="leakage/values", verdict="pass", found="0", expected="0", reason="Fine.", about=("flow",))
    assert decide_verdict(list(apply_acceptances([passing], [ONE]))) == "fail"
