"""The derived ONNX artifact: the same scores as XGBoost's, on every row that can be thought of."""

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
import xgboost
from numpy.typing import NDArray

from app.contract.schema import Calibration, Task
from app.contract.scoring import PARITY_TOLERANCE, spread_matrix
from training.data.table import Table
from training.inference import ParityError, check_parity, convert_booster
from training.params import Params, load_params
from training.train import IDENTITY, fit_booster

PLATT = Calibration(slope=1.2, intercept=-0.3)
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
    margins = run(convert_booster(booster, "binary"), table.matrix)
    assert margins.shape == (len(table), 1)
    assert margins.dtype == np.float32
    assert margins[:, 0] == pytest.approx(booster.inplace_predict(table.matrix, predict_type="margin"), abs=1e-5)


def test_conversion_is_repeatable_and_leaves_the_booster_as_it_was(booster: xgboost.Booster) -> None:
    before = booster.save_raw("ubj")
    assert convert_booster(booster, "binary") == convert_booster(booster, "binary")
    assert booster.save_raw("ubj") == before
    assert booster.feature_names is not None


def test_the_graph_names_no_machine_and_no_moment(booster: xgboost.Booster) -> None:
    model = onnx.load_from_string(convert_booster(booster, "binary"))
    assert model.graph.name == "margin"
    assert [value.name for value in model.graph.input] == ["features"]
    assert not model.doc_string
    assert not list(model.metadata_props)


def test_parity_holds_on_rows_real_and_implausible(table: Table, booster: xgboost.Booster) -> None:
    content = convert_booster(booster, "binary")
    rows = spread_matrix(table.matrix, 5000, 1)
    assert check_parity(booster, content, rows, PLATT, "binary") == 5000
    empty = np.full((3, table.matrix.shape[1]), np.nan, dtype=np.float32)
    assert check_parity(booster, content, empty, PLATT, "binary") == 3


def test_parity_holds_on_the_values_where_trees_split(table: Table, booster: xgboost.Booster) -> None:
    frame = booster.trees_to_dataframe()
    splits = frame.loc[frame["Feature"] != "Leaf", ["Feature", "Split"]]
    rows = np.repeat(table.matrix[:1], len(splits), axis=0)
    places = [table.dataset.schema.features.index(name) for name in splits["Feature"]]
    rows[np.arange(len(splits)), places] = splits["Split"].to_numpy(dtype=np.float32)
    assert check_parity(booster, convert_booster(booster, "binary"), rows, PLATT, "binary") == len(splits)


def test_parity_holds_for_other_datasets(other_table: Table, small_params: Params) -> None:
    task: Task = other_table.dataset.task
    booster = fit(other_table, small_params)
    rows = spread_matrix(other_table.matrix, 5000, 2)
    calibration = IDENTITY if task == "regression" else PLATT
    assert check_parity(booster, convert_booster(booster, task), rows, calibration, task) == 5000


def test_parity_holds_for_all_trees_of_todays_parameters(table: Table) -> None:
    booster = fit(table, load_params())
    rows = spread_matrix(table.matrix, 20_000, 3)
    assert check_parity(booster, convert_booster(booster, "binary"), rows, PLATT, "binary") == 20_000


def test_a_model_that_never_splits_is_converted(table: Table, small_params: Params) -> None:
    constant = fit(table, small_params, gamma=1e9)
    assert check_parity(constant, convert_booster(constant, "binary"), table.matrix, PLATT, "binary") == len(table)


def test_another_models_artifact_is_refused(table: Table, small_params: Params, booster: xgboost.Booster) -> None:
    other = convert_booster(fit(table, msgspec.structs.replace(small_params, seed=99)), "binary")
    with pytest.raises(ParityError, match=rf"differs from XGBoost by .*, expected at most {PARITY_TOLERANCE}"):
        check_parity(booster, other, table.matrix, PLATT, "binary")


def test_scores_that_are_no_numbers_are_refused(table: Table, booster: xgboost.Booster) -> None:
    broken = Calibration(slope=float("nan"), intercept=0.0)
    with pytest.raises(ParityError, match="differs from XGBoost by nan"):
        check_parity(booster, convert_booster(booster, "binary"), table.matrix, broken, "binary")


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
