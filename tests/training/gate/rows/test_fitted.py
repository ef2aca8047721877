"""Row by row: fewer, more, other and held-out rows among the fitted are each refused in words of their own."""

import numpy as np
import pytest

from contract.report import Check
from contract.schema import RowRecord
from tests import planted
from training.data.table import Table
from training.gate.evidence import gather_evidence
from training.gate.rows.fitted import check_fitted
from training.lineage.row_digests import write_record

WHOLE = planted.machine_table


def fitted() -> Table:
    return planted.training_side(WHOLE())


def held_out() -> Table:
    return planted.testing_side(WHOLE())


def check(record: RowRecord | None) -> Check:
    bundle = planted.forge(planted.candidate(), rows=record)
    return check_fitted(gather_evidence(bundle, None, WHOLE(), planted.quick_params()))


@pytest.mark.slow
def test_the_training_side_whole_and_alone_passes() -> None:
    found = check(write_record(fitted(), held_out()))
    assert found.verdict == "pass"
    assert found.found == f"{len(fitted()):,} rows, 0 of them held out by the gate"


@pytest.mark.parametrize("missing", [1, 2000])
def test_fewer_rows_than_the_training_side_has_are_refused(missing: int) -> None:
    found = check(write_record(fitted().take(np.arange(missing, len(fitted()))), held_out()))
    assert found.verdict == "fail"
    assert found.reason.startswith(f"{missing:,} rows of the training side were not fitted, and 0 ")


def test_a_row_that_stands_once_in_the_table_may_not_be_fitted_twice() -> None:
    twice = fitted().take(np.append(np.arange(len(fitted())), 0))
    found = check(write_record(twice, held_out()))
    assert found.verdict == "fail"
    assert "0 rows of the training side were not fitted, and 1 that are on no side were" in found.reason


@pytest.mark.parametrize("leaked", [1, 300])
def test_held_out_rows_in_place_of_as_many_others_are_refused_with_their_number(leaked: int) -> None:
    split = planted.split_table(WHOLE())
    some = WHOLE().take(np.concatenate([split.train[leaked:], split.test[:leaked]]))
    found = check(write_record(some, held_out()))
    assert found.verdict == "fail"
    assert found.found == f"{len(fitted()):,} rows, {leaked:,} of them held out by the gate"
    assert f"{leaked:,} of the {len(held_out()):,} rows it is judged on were fitted" in found.reason


def test_another_holdout_than_the_gates_is_refused() -> None:
    found = check(write_record(fitted(), held_out().take(np.arange(1, len(held_out())))))
    assert found.verdict == "fail"
    assert "its own training held out other rows" in found.reason


@pytest.mark.parametrize("text", ["", "AAAA", "not base64!"])
def test_no_record_or_one_that_cannot_be_read_is_refused(text: str) -> None:
    for record in (None, RowRecord(fitted=text, held_out=text)):
        assert check(record).verdict == "fail"
    assert "train it again" in check(None).reason
