"""The comparison of the engines: what it counts, and that no difference is too small for it."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from contract.bundle import Bundle
from contract.compute.engine import FEW_ROWS, Engine, Margins
from contract.compute.parity import EngineParity, compare_engines
from contract.compute.plan import Matrix


@pytest.fixture
def engine(bundle: Bundle) -> Engine:
    return Engine(bundle, 2)


@pytest.fixture
def rows(engine: Engine) -> Matrix:
    shape = (FEW_ROWS * 3 + 5, len(engine.reference.schema.features))
    return np.random.default_rng(1).normal(0, 50, shape).astype(np.float32)


def test_a_bundle_as_it_is_packaged_is_exact(engine: Engine, rows: Matrix) -> None:
    assert compare_engines(engine, rows) == EngineParity(rows=len(rows), unequal=0, worst=0.0)
    engine.leave_onnx()
    assert compare_engines(engine, rows).is_exact


def test_no_rows_are_exact(engine: Engine, rows: Matrix) -> None:
    assert compare_engines(engine, rows[:0]) == EngineParity(rows=0, unequal=0, worst=0.0)


def shift_alone(compute: Callable[[Sequence[bytes]], list[float]]) -> Callable[[Sequence[bytes]], list[float]]:
    return lambda vectors: [m + 1e-6 * (len(vectors) == 1) for m in compute(vectors)]


def shift_company(compute: Callable[[Sequence[bytes]], list[float]]) -> Callable[[Sequence[bytes]], list[float]]:
    return lambda vectors: [m + 1e-6 * (len(vectors) > 1) for m in compute(vectors)]


def next_bit(compute: Callable[[Matrix], Margins]) -> Callable[[Matrix], Margins]:
    return lambda matrix: np.nextafter(compute(matrix), np.float32(np.inf))


@pytest.mark.parametrize(
    ("way", "change"),
    [
        ("compute_margins", shift_alone),
        ("compute_margins", shift_company),
        ("compute_few", next_bit),
        ("compute_many", next_bit),
    ],
    ids=["alone", "in company", "a few", "many"],
)
def test_a_difference_on_any_way_is_found(
    engine: Engine, rows: Matrix, monkeypatch: pytest.MonkeyPatch, way: str, change: Callable[..., object]
) -> None:
    monkeypatch.setattr(engine, way, change(getattr(engine, way)))
    found = compare_engines(engine, rows)
    assert not found.is_exact
    assert 0 < found.worst < 2e-6
    assert str(found).endswith(f"of {len(rows)} rows differ, by up to {found.worst:.2g}")


def test_one_row_that_is_no_number_is_found(engine: Engine, rows: Matrix, monkeypatch: pytest.MonkeyPatch) -> None:
    exact = engine.compute_few

    def break_last(matrix: Matrix) -> Margins:
        margins = exact(matrix).copy()
        margins[-1:] = np.nan if len(matrix) < FEW_ROWS else margins[-1:]
        return margins

    monkeypatch.setattr(engine, "compute_few", break_last)
    found = compare_engines(engine, rows)
    assert found.unequal == 1
    assert math.isnan(found.worst)
