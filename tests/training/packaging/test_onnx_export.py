"""The derived ONNX artifact: XGBoost's margins to the last bit, on every row that can be thought of."""

from typing import Any

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
import xgboost
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from contract.compute.engine import FEW_ROWS, OnnxRows, open_session
from contract.compute.scoring import spread_matrix
from training.data.table import Table
from training.model.train import fit_booster
from training.packaging.onnx_export import ConversionError, convert_booster
from training.params import Params, load_params

Matrix = NDArray[np.float32]


def run(content: bytes, matrix: Matrix) -> Matrix:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    margins: Matrix = session.run(None, {"features": matrix})[0]
    return margins


def fit(table: Table, params: Params, **model: float | str) -> xgboost.Booster:
    changed = msgspec.structs.replace(params, model={**params.model, **model})
    return fit_booster(table.matrix, table.target, table.dataset, changed)


@pytest.fixture(scope="module")
def booster(table: Table, small_params: Params) -> xgboost.Booster:
    return fit(table, small_params)


def test_the_graph_gives_the_margin_of_each_row(table: Table, booster: xgboost.Booster) -> None:
    margins = run(convert_booster(booster), table.matrix)
    assert margins.shape == (len(table), 1)
    assert margins.dtype == np.float32
    assert margins[:, 0] == pytest.approx(booster.inplace_predict(table.matrix, predict_type="margin"), abs=1e-5)


def test_conversion_is_repeatable_and_leaves_the_booster_as_it_was(booster: xgboost.Booster) -> None:
    before = booster.save_raw("ubj")
    assert convert_booster(booster) == convert_booster(booster)
    assert booster.save_raw("ubj") == before
    assert booster.feature_names is not None


def test_the_graph_names_no_machine_and_no_moment(booster: xgboost.Booster) -> None:
    model = onnx.load_from_string(convert_booster(booster))
    assert model.graph.name == "margin"
    assert [value.name for value in model.graph.input] == ["features"]
    assert not model.doc_string
    assert not list(model.metadata_props)


def count_unequal(booster: xgboost.Booster, matrix: Matrix) -> int:
    """Rows whose margins have other bits than XGBoost's, alone or in company."""
    exact = booster.inplace_predict(matrix, predict_type="margin", missing=np.nan)
    rows = OnnxRows(open_session(convert_booster(booster), booster.num_features()), booster.num_features())
    vectors = [row.tobytes() for row in matrix]
    unequal = np.zeros(len(matrix), dtype=bool)
    for size in (1, FEW_ROWS):
        calls = [rows.compute_margins(vectors[start : start + size]) for start in range(0, len(vectors), size)]
        found = np.array([margin for call in calls for margin in call], dtype=np.float32)
        unequal |= found.view(np.uint32) != exact.view(np.uint32)
    return int(unequal.sum())


def test_every_bit_is_the_same_on_rows_real_and_implausible(table: Table, booster: xgboost.Booster) -> None:
    assert count_unequal(booster, spread_matrix(table.matrix, 5000, 1)) == 0


def test_every_bit_is_the_same_on_the_values_where_trees_split(table: Table, booster: xgboost.Booster) -> None:
    frame = booster.trees_to_dataframe()
    splits = frame.loc[frame["Feature"] != "Leaf", ["Feature", "Split"]]
    places = [table.dataset.schema.features.index(name) for name in splits["Feature"]]
    at = splits["Split"].to_numpy(dtype=np.float32)
    for values in (at, np.nextafter(at, np.float32(-np.inf)), np.nextafter(at, np.float32(np.inf))):
        rows = np.repeat(table.matrix[:1], len(splits), axis=0)
        rows[np.arange(len(splits)), places] = values
        assert count_unequal(booster, rows) == 0


@given(matrix=arrays(np.float32, (FEW_ROWS + 3, 8), elements=st.floats(width=32, allow_infinity=False)))
def test_every_bit_is_the_same_for_any_float_and_for_nothing_at_all(booster: xgboost.Booster, matrix: Matrix) -> None:
    assert count_unequal(booster, matrix) == 0


def test_every_bit_is_the_same_for_other_datasets(other_table: Table, small_params: Params) -> None:
    booster = fit(other_table, small_params)
    assert count_unequal(booster, spread_matrix(other_table.matrix, 5000, 2)) == 0


VARIANTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "by leaves": {"tree_method": "hist", "grow_policy": "lossguide", "max_depth": 0, "max_leaves": 40},
    "deep": {"max_depth": 8, "min_child_weight": 0.0},
    "several trees a round": {"num_parallel_tree": 3},
    "stumps": {"max_depth": 1},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_bit_is_the_same_for_retrained_variants(table: Table, small_params: Params, name: str) -> None:
    booster = fit(table, msgspec.structs.replace(small_params, rounds=20), **VARIANTS[name])
    assert count_unequal(booster, spread_matrix(table.matrix, 1000, 3)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", VARIANTS)
def test_every_bit_is_the_same_for_all_trees_of_retrained_variants(table: Table, name: str) -> None:
    for seed in (20, 1):
        booster = fit(table, msgspec.structs.replace(load_params(), seed=seed), **VARIANTS[name])
        assert count_unequal(booster, spread_matrix(table.matrix, 5000, seed)) == 0


def test_every_bit_is_the_same_where_the_margins_are_large_and_the_leaves_small(
    table: Table, small_params: Params
) -> None:
    large = msgspec.structs.replace(table.dataset, task="regression")
    booster = fit_booster(table.matrix, table.target + 12345.678, large, small_params)
    assert count_unequal(booster, spread_matrix(table.matrix, 5000, 4)) == 0


def test_a_model_that_never_splits_is_converted(table: Table, small_params: Params) -> None:
    assert count_unequal(fit(table, small_params, gamma=1e9), table.matrix) == 0


def test_a_model_of_other_trees_is_not_converted(table: Table) -> None:
    data = xgboost.DMatrix(table.matrix, table.target)
    for params in ({"booster": "dart"}, {"booster": "gblinear"}, {"objective": "multi:softprob", "num_class": 3}):
        with pytest.raises(ConversionError, match="is no sum of plain trees"):
            convert_booster(xgboost.train(params, data, num_boost_round=2))
    codes = xgboost.DMatrix(
        np.arange(40.0)[:, None] % 4, np.arange(40) % 2, feature_types=["c"], enable_categorical=True
    )
    with pytest.raises(ConversionError, match="splits by categories"):
        convert_booster(xgboost.train({"min_child_weight": 0, "lambda": 0}, codes, num_boost_round=2))


def test_spread_rows_are_repeatable_and_hold_the_real_the_moved_and_the_missing(table: Table) -> None:
    rows = spread_matrix(table.matrix, 4000, 5)
    assert rows.shape == (4000, table.matrix.shape[1])
    assert rows.dtype == np.float32
    assert np.array_equal(rows, spread_matrix(table.matrix, 4000, 5), equal_nan=True)
    assert not np.array_equal(rows, spread_matrix(table.matrix, 4000, 6), equal_nan=True)
    assert 0.005 < np.isnan(rows).mean() < 0.02
    speed = table.dataset.schema.features.index("rotational_speed_rpm")
    known = np.isin(rows[:, speed], table.matrix[:, speed])
    assert 0.3 < known.mean() < 0.7
