from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_UNDECIDED
from contract.report import Check, Verdict, decide_verdict
from contract.schema import Interval
from contract.wording import write_interval
from training.gate.result import EXIT_CODES

VERDICTS: tuple[Verdict, ...] = ("pass", "fail", "not_enough_evidence")


def make_check(verdict: Verdict, blocking: bool = True) -> Check:
    return Check(name="a/b", verdict=verdict, found="1", expected="2", reason="Because.", blocking=blocking)


def test_no_check_at_all_is_a_failure() -> None:
    assert decide_verdict([]) == "fail"
    assert decide_verdict([make_check("pass", blocking=False)]) == "fail"


def test_fail_outweighs_lack_of_evidence_and_that_outweighs_pass() -> None:
    for verdicts in product(VERDICTS, repeat=3):
        expected = "fail" if "fail" in verdicts else "not_enough_evidence" if len(set(verdicts)) > 1 else verdicts[0]
        assert decide_verdict([make_check(verdict) for verdict in verdicts]) == expected


@given(st.lists(st.sampled_from(VERDICTS)))
def test_checks_that_do_not_block_change_nothing(shown: list[Verdict]) -> None:
    blocking = [make_check("pass")]
    assert decide_verdict(blocking + [make_check(verdict, blocking=False) for verdict in shown]) == "pass"


def test_each_verdict_has_its_exit_code() -> None:
    assert {verdict: EXIT_CODES[verdict] for verdict in VERDICTS} == {
        "pass": EXIT_OK,
        "fail": EXIT_FAIL,
        "not_enough_evidence": EXIT_UNDECIDED,
    }


def test_name_splits_into_group_and_subject() -> None:
    check = make_check("pass")
    assert (check.group, check.subject) == ("a", "b")


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        ((0.9412, 0.8871, 0.9744), "0.941 [0.887, 0.974]"),
        ((1690.8, 617.3, 3032.9), "1,691 [617, 3,033]"),
        ((0.00412, 0.00216, 0.00641), "0.0041 [0.0022, 0.0064]"),
        ((1.0, 1.0, 1.0), "1.000 [1.000, 1.000]"),
        ((-0.0, -0.0, -0.0), "0.000 [0.000, 0.000]"),
    ],
)
def test_interval_shows_as_many_digits_as_it_knows(interval: tuple[float, float, float], text: str) -> None:
    mean, low, high = interval
    assert write_interval(Interval(mean=mean, low=low, high=high)) == text


def test_difference_shows_its_sign() -> None:
    assert write_interval(Interval(mean=0.0043, low=-0.012, high=0.02), signed=True) == "+0.0043 [-0.0120, +0.0200]"
