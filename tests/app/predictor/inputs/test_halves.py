"""FP16 is taken where it holds whatever the column may be, and refused by column and datatype where it does not."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predictor.inputs.halves import are_halves
from app.predictor.inputs.tensor_reader import TensorReader
from contract.errors import RowError
from contract.schema import Column


def column(low: float | None, high: float | None, step: float | None, kind: str = "number") -> Column:
    data: dict[str, Any] = {"name": "torque", "source": "T", "type": kind, "description": "d"}
    return msgspec.convert(data | {"minimum": low, "maximum": high, "step": step}, Column)


@pytest.mark.parametrize(
    ("low", "high", "step", "kind", "is_held"),
    [
        (0, 2048, None, "integer", True),
        (0, 2049, None, "integer", False),
        (-2048, 0, 1, "integer", True),
        (0, 4096, 2, "integer", True),
        (1, 4095, 2, "integer", False),
        (0, 65504, 32, "integer", True),
        (0, 65536, 64, "integer", False),
        (0, 100, 0.5, "number", True),
        (0.25, 100.25, 0.5, "number", True),
        (0, 1500, 0.5, "number", False),
        (0, 100, 0.1, "number", False),
        (250, 350, 0.1, "number", False),
        (0, 100, None, "number", False),
        (None, 100, 1, "integer", False),
        (0, None, 1, "integer", False),
    ],
)
def test_fp16_is_held_against_range_and_step(
    low: float | None, high: float | None, step: float | None, kind: str, is_held: bool
) -> None:
    assert are_halves(column(low, high, step, kind)) is is_held


@given(low=st.integers(-300, 300), places=st.integers(0, 6), step=st.integers(1, 40), steps=st.integers(0, 2000))
def test_what_is_taken_comes_back_as_it_was(low: int, places: int, step: int, steps: int) -> None:
    unit = 2.0**-places
    values = (low + step * np.arange(steps + 1)) * unit
    if are_halves(column(float(values[0]), float(values[-1]), step * unit)):
        assert values.astype(np.float16).astype(np.float64).tolist() == values.tolist()


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize("name", ["torque", "rows"])
def test_the_refusal_names_column_and_datatype(is_binary: bool, name: str) -> None:
    reader = TensorReader([column(0, 100, 0.1)], ["score"], 10)
    tensor: dict[str, Any] = {"name": name, "shape": [1, 1], "datatype": "FP16"}
    tensor |= {"parameters": {"binary_data_size": 2}} if is_binary else {"data": [57.9]}
    body = msgspec.json.encode({"inputs": [tensor]})
    expected = r"inputs\[0\].datatype \(torque\) is FP16, which does not hold every value .* in steps of 0.1; send FP64"
    with pytest.raises(RowError, match=expected):
        reader.read(body + np.float16(57.9).tobytes() * is_binary, str(len(body)).encode())


def test_a_column_that_fp16_holds_is_read() -> None:
    reader = TensorReader([column(0, 300, 1, "integer")], ["score"], 10)
    tensor = {"name": "torque", "shape": [2], "datatype": "FP16", "parameters": {"binary_data_size": 4}}
    body = msgspec.json.encode({"inputs": [tensor]})
    _, table = reader.read(body + np.array([191, 300], "<f2").tobytes(), str(len(body)).encode())
    assert list(table.columns["torque"]) == [191.0, 300.0]
