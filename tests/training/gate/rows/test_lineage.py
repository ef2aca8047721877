"""Rows that left as a window moves on are told from rows that were taken out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.gate.policy import RowRules
from training.gate.rows.fitted import subtract
from training.gate.rows.lineage import Sides, _check_gone, _check_moved

ROWS = np.arange(1, 10_001, dtype=np.uint64) << np.uint64(16) | (np.arange(10_000) % 20 == 0).astype(np.uint64)
CUT = 8000
BEFORE = Sides(ROWS[:CUT], ROWS[CUT:])
RULES = RowRules()


def keep(kept: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> Sides:
    return Sides(ROWS[:CUT][kept[:CUT]], ROWS[CUT:][kept[CUT:]])


def test_the_same_rows_and_more_are_no_loss() -> None:
    assert _check_gone(BEFORE, BEFORE, RULES).verdict == "pass"
    more = Sides(np.append(ROWS[:CUT], np.uint64(1 << 40)), ROWS[CUT:])
    assert _check_gone(BEFORE, more, RULES).verdict == "pass"


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_the_oldest_rows_may_leave(share: float) -> None:
    now = Sides(ROWS[int(CUT * share) : CUT], ROWS[CUT + int((10_000 - CUT) * share) :])
    check = _check_gone(BEFORE, now, RULES)
    assert check.verdict == "pass"
    assert "as in a window that moves on" in check.reason


def test_rows_taken_out_of_the_middle_are_counted_with_their_outcomes() -> None:
    hard = (np.arange(10_000) % 20 == 0) & (np.arange(10_000) > 9000)
    check = _check_gone(BEFORE, keep(~hard), RULES)
    assert check.verdict == "fail"
    assert "among them 49 of the 500 with the rarer outcome" in check.reason


def test_a_few_rows_may_be_missing() -> None:
    kept = np.ones(10_000, dtype=np.bool_)
    kept[[5001, 6001, 7001]] = False
    assert _check_gone(BEFORE, keep(kept), RULES).verdict == "pass"


def test_rows_that_change_sides_are_counted_both_ways() -> None:
    moved = Sides(np.append(ROWS[300:CUT], ROWS[CUT : CUT + 100]), np.append(ROWS[CUT + 100 :], ROWS[:300]))
    check = _check_moved(BEFORE, moved, RULES.moved)
    assert check.verdict == "fail"
    assert check.found == "400 of 10,000 known rows"
    assert "100 rows that the champion's training held out are fitted now, and 300" in check.reason


@given(st.lists(st.integers(0, 5), max_size=30), st.lists(st.integers(0, 5), max_size=30))
def test_a_difference_of_rows_counts_each_as_often_as_it_stands(left: list[int], right: list[int]) -> None:
    found = subtract(np.array(left, dtype=np.uint64), np.array(right, dtype=np.uint64)).tolist()
    expected = [value for value in range(6) for _ in range(max(left.count(value) - right.count(value), 0))]
    assert found == expected
