"""Receipts: what comes back is what went out, on any replica with the key, and nothing else passes."""

import base64
import json
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.predictor.endpoints.feedback import MAX_BODY_BYTES, MAX_LABELS
from app.predictor.http.errors import ApiError
from app.predictor.receipts.receipts import (
    MAX_KEY_FILE_BYTES,
    MAX_RECEIPT_CHARACTERS,
    ReceiptKeyError,
    Receipts,
    read_receipt_keys,
)
from contract.soundness import MAX_NAME_BYTES
from tests.examples import examples

KEYS = (b"k" * 64,)
DAY = 24 * 3600


def make(keys: tuple[bytes, ...] = KEYS, name: str = "ai4i", version: str = "v1", now: float | None = None) -> Receipts:
    return Receipts(keys, name, version, 0.25, DAY, time.time if now is None else lambda: now)


def refusal(receipts: Receipts, text: str) -> tuple[int, str, str | None]:
    with pytest.raises(ApiError) as told:
        receipts.verify(text, "receipt")
    return told.value.status, told.value.code, told.value.field


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([True, False, None]))
def test_another_replica_reads_what_was_signed(score: float, decision: bool | None) -> None:
    begun = time.time()
    receipt = make(version="v2").verify(make(version="v1").issue(score, decision), "receipt")
    assert (receipt.score, receipt.decision, receipt.threshold) == (score, decision, 0.25)
    assert (receipt.model_name, receipt.model_version) == ("ai4i", "v1")
    assert int(begun) <= receipt.issued <= time.time() + 1


@given(st.floats(0, 2e9), st.floats(-DAY, DAY))
def test_the_age_of_a_receipt_is_from_its_whole_second_on_and_never_below_0(issued: float, passed: float) -> None:
    receipt = make(now=issued).issue(0.5, True)
    assume(issued + passed - int(issued) <= DAY)
    age = make(now=issued + passed).verify(receipt, "receipt").age_seconds
    assert age == max(0.0, issued + passed - int(issued))  # a replica whose clock is behind takes nothing off the sum


def test_the_id_is_where_the_documentation_says_so_that_a_database_can_hold_it_unique() -> None:
    first, second = (make().issue(0.5, True) for _ in range(2))
    ids = [base64.urlsafe_b64decode(f"{text.removeprefix('r1.')}==="[:24])[:16] for text in (first, second)]
    assert ids == [make().verify(text, "receipt").id for text in (first, second)]
    assert len(set(ids)) == 2


def test_every_receipt_is_another_one() -> None:
    one, other = make(), make()
    receipts = [source.issue(0.5, True) for source in (one, other) for _ in range(1000)]
    assert len({one.verify(text, "receipt").id for text in receipts}) == 2000


@settings(max_examples=examples(300))
@given(st.data())
def test_one_changed_bit_is_refused(data: st.DataObject) -> None:
    receipts = make()
    text = receipts.issue(0.5, True).removeprefix("r1.")
    sealed = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    position = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[position // 8] ^= 1 << position % 8
    forged = "r1." + base64.urlsafe_b64encode(sealed).decode().rstrip("=")
    assert refusal(receipts, forged) == (403, "receipt_invalid", "receipt")


@given(st.text())
def test_any_text_is_refused_in_one_way(text: str) -> None:
    for given_text in (text, "r1." + text):
        assert refusal(make(), given_text) == (403, "receipt_invalid", "receipt")


@pytest.mark.parametrize("prefix", ["", "r2.", "R1.", "r1.r1."])
def test_a_receipt_of_another_version_of_the_format_is_refused(prefix: str) -> None:
    text = make().issue(0.5, True)
    assert refusal(make(), prefix + text.removeprefix("r1.")) == (403, "receipt_invalid", "receipt")


def test_a_receipt_signed_with_another_key_is_refused() -> None:
    assert refusal(make(), make((b"x" * 64,)).issue(0.5, True)) == (403, "receipt_invalid", "receipt")


def test_another_models_receipt_is_refused() -> None:
    assert refusal(make(), make(name="churn").issue(0.5, True)) == (403, "receipt_other_model", "receipt")


def test_an_old_receipt_is_refused_and_a_clock_that_runs_ahead_is_not() -> None:
    text = make(now=1_800_000_000).issue(0.5, True)
    assert refusal(make(now=1_800_000_000 + DAY + 1), text) == (410, "receipt_expired", "receipt")
    for now in (1_800_000_000 + DAY, 1_800_000_000 - 30 * DAY):
        assert make(now=now).verify(text, "receipt").issued == 1_800_000_000


def test_a_new_key_signs_while_the_old_one_still_verifies() -> None:
    old, new = (b"o" * 64,), (b"n" * 64,)
    rotating = make(new + old)
    assert rotating.verify(make(old).issue(0.5, True), "receipt").score == 0.5
    assert make(new).verify(rotating.issue(0.5, True), "receipt").score == 0.5


def test_keys_stand_one_a_line_and_none_is_made_up(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("a" * 32 + "\n\n" + "b" * 64 + "\n")
    assert len(read_receipt_keys(path)) == 2
    assert read_receipt_keys(path) == read_receipt_keys(path)
    assert read_receipt_keys(None) != read_receipt_keys(None)


@pytest.mark.parametrize("content", ["", "\n", "short-2911", "a" * 32 + "\nshort-2911"])
def test_a_short_key_is_refused_and_not_repeated(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    with pytest.raises(ReceiptKeyError, match="at least 32 bytes") as told:
        read_receipt_keys(path)
    assert "2911" not in str(told.value)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReceiptKeyError, match="No such file"):
        read_receipt_keys(tmp_path / "none")


def test_the_receipt_of_the_longest_name_and_version_comes_back() -> None:
    receipts = make(name="ä" * (MAX_NAME_BYTES // 2), version="v" * MAX_NAME_BYTES)
    text = receipts.issue(0.5, True)
    assert receipts.verify(text, "receipt").model_version == "v" * MAX_NAME_BYTES
    assert len(text) <= MAX_RECEIPT_CHARACTERS


def test_a_well_signed_receipt_is_refused_from_the_first_character_above_the_limit_on() -> None:
    allowed = MAX_RECEIPT_CHARACTERS - len(make(name="").issue(0.5, True))
    lengths = {}
    for more in range(allowed * 3 // 4 - 4, allowed * 3 // 4 + 4):
        receipts = make(name="n" * more)
        text = receipts.issue(0.5, True)
        lengths[len(text)] = len(text) <= MAX_RECEIPT_CHARACTERS
        if lengths[len(text)]:
            assert receipts.verify(text, "receipt").model_name == "n" * more
        else:
            assert refusal(receipts, text) == (403, "receipt_invalid", "receipt")
    assert set(lengths.values()) == {True, False}


def test_as_many_outcomes_as_are_taken_with_the_longest_receipts_fit_into_one_body() -> None:
    label = {"receipt": "r" * MAX_RECEIPT_CHARACTERS, "outcome": -3.4028234663852886e38}
    assert len(json.dumps({"feedback": [label] * MAX_LABELS}, indent=2)) <= MAX_BODY_BYTES


def test_a_key_file_at_the_limit_is_read_whole_and_a_larger_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("a" * 64 + "\n" + "b" * (MAX_KEY_FILE_BYTES - 65))
    keys = read_receipt_keys(path)
    assert len(keys) == 2
    path.write_text("a" * 64 + "\n" + "b" * (MAX_KEY_FILE_BYTES - 64))
    with pytest.raises(ReceiptKeyError, match="is larger than 65,536 bytes"):  # never a key that was cut
        read_receipt_keys(path)
