"""A tensor's JSON array, cut: the same values in the same order, however it is written."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predictor.http.errors import TooLargeError
from app.predictor.inputs import array_pieces
from app.predictor.inputs.array_pieces import cut_array
from app.predictor.inputs.pieces import PIECE_BYTES
from app.predictor.inputs.tensor_request import InputTensor
from app.predictor.inputs.tensors import read_numbers, read_strings
from contract.errors import RowError

TEXTS = st.text(st.sampled_from('a",[]\\{}é '), max_size=8)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.none()
ITEMS = st.one_of(*(st.lists(one | st.lists(one, max_size=4)) for one in (TEXTS, NUMBERS)))


@given(items=ITEMS, is_ascii=st.booleans(), indent=st.none() | st.integers(0, 3))
def test_the_pieces_hold_the_same_values(items: list[Any], is_ascii: bool, indent: int | None) -> None:
    data = json.dumps(items, ensure_ascii=is_ascii, indent=indent).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(array_pieces, "PIECE_BYTES", 120)
        pieces = list(cut_array(data))
    assert [value for piece in pieces for value in json.loads(piece)] == items


@pytest.mark.parametrize(
    "item", ['"' + "a" * PIECE_BYTES + '"', "[" + "1," * PIECE_BYTES + "1]", " " * PIECE_BYTES + "1"]
)
def test_an_item_longer_than_a_piece_is_refused(item: str) -> None:
    with pytest.raises(TooLargeError, match=str(PIECE_BYTES)):
        list(cut_array(f"[{item}, 1]".encode()))


def make_tensor(items: list[Any], datatype: str) -> InputTensor[msgspec.Raw]:
    return InputTensor("a", [len(items)], datatype, data=msgspec.Raw(json.dumps(items).encode()))


def test_a_large_tensor_is_read_as_a_small_one() -> None:
    numbers = [index / 7 for index in range(20_000)]
    assert read_numbers(make_tensor(numbers, "FP64"), None, "inputs[0]").tolist() == numbers
    texts = [f"{index}," for index in range(20_000)]
    assert read_strings(make_tensor(texts, "BYTES"), None, "inputs[0]") == texts


@pytest.mark.parametrize("place", [3, 15_000])
def test_what_is_wrong_is_named_by_its_place_in_all_of_the_data(place: int) -> None:
    items: list[Any] = [1.0] * 20_000
    items[place] = "x"
    with pytest.raises(RowError) as refusal:
        read_numbers(make_tensor(items, "FP64"), None, "inputs[0]")
    assert refusal.value.field == f"inputs[0].data[{place}]"
