"""From values to the model matrix: one row and many rows are the same arithmetic."""

import math
import struct
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.compute.features import find_derivation
from contract.compute.plan import FeaturePlan
from contract.compute.usual_row import UsualRow
from contract.dataset import flag_name, input_features
from contract.errors import ContractError
from contract.schema import Column, ModelSchema
from tests.conftest import DATASETS
from training.data.dataset_file import load_dataset

SCHEMAS = {
    "ai4i": load_dataset("ai4i").schema,
    "churn": load_dataset(str(DATASETS / "churn.yaml")).schema,
}
Row = dict[str, Any]


def draw_value(column: Column) -> st.SearchStrategy[Any]:
    """Values a request may hold, the missing, the unknown and the extreme among them."""
    if column.type == "category":
        return st.sampled_from([*column.categories, None, "", "never seen", "L "])
    low, high = column.minimum, column.maximum
    assert low is not None
    assert high is not None
    if column.type == "integer":
        return st.integers(int(low), int(high)) | st.none()
    stepped = st.integers(int(low * 10), int(high * 10)).map(lambda tenths: tenths / 10)
    return stepped | st.floats(low, high) | st.integers(int(low), int(high)) | st.none()


def draw_rows(schema: ModelSchema) -> st.SearchStrategy[list[Row]]:
    row = st.fixed_dictionaries({column.name: draw_value(column) for column in schema.columns})
    return st.lists(row, min_size=1, max_size=8)


def to_table(rows: list[Row]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}


def bits(value: float | np.floating) -> bytes:
    return struct.pack("<d", float(value)) if not math.isnan(value) else b"NaN"


def is_given(value: Any, column: Column) -> bool:
    return value in column.categories if column.type == "category" else value is not None


@pytest.mark.parametrize("name", SCHEMAS)
@given(data=st.data())
def test_one_row_and_many_rows_give_the_same_bits(name: str, data: st.DataObject) -> None:
    plan = FeaturePlan(SCHEMAS[name])
    rows = data.draw(draw_rows(SCHEMAS[name]))
    usual = UsualRow(plan, struct.Struct(f"{len(plan.features)}f").pack)
    table = plan.derive_table(plan.encode_table(to_table(rows)))
    matrix = plan.table_to_matrix(to_table(rows))
    for index, row in enumerate(rows):
        if any(row[column.name] is None and not column.nullable for column in plan.columns):
            continue  # validation lets no such row through
        ready = usual.encode([row[column.name] for column in plan.columns])
        is_known = all(is_given(row[column.name], column) for column in plan.columns)
        is_finite = all(np.isfinite(values[index]) for values in table.values())  # math raises where numpy answers
        assert (ready is not None) == (is_known and is_finite)
        if ready is not None:
            assert ready.values.keys() == table.keys()
            assert [bits(ready.values[key]) for key in table] == [bits(table[key][index]) for key in table]
            assert ready.vector == matrix[index].tobytes()


def test_matrix_has_the_schemas_features_in_their_order(table: Any) -> None:
    plan = FeaturePlan(SCHEMAS["ai4i"])
    matrix = plan.table_to_matrix(table.inputs)
    assert matrix.shape == (len(table), len(SCHEMAS["ai4i"].features))
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    for index, feature in enumerate(SCHEMAS["ai4i"].features):
        assert matrix[:, index].tolist() == table.values[feature].astype(np.float32).tolist()


def test_an_unordered_category_is_one_flag_each_and_the_unknown_is_missing_in_all() -> None:
    schema = SCHEMAS["churn"]
    plan = FeaturePlan(schema)
    column = schema.columns[0]
    places = [schema.features.index(flag) for flag in input_features(column)]
    others: Row = {other.name: other.example for other in schema.columns[1:]}
    for code, category in enumerate(column.categories):
        flags = plan.table_to_matrix(to_table([others | {column.name: category}]))[0, places]
        assert flags.tolist() == [float(code == place) for place in range(len(places))]
    for unknown in (None, "Three year", 1):
        flags = plan.table_to_matrix(to_table([others | {column.name: unknown}]))[0, places]
        assert np.isnan(flags).all()


def test_an_ordered_category_is_one_code() -> None:
    plan = FeaturePlan(SCHEMAS["ai4i"])
    column = SCHEMAS["ai4i"].columns[0]
    row: Row = {other.name: other.example for other in SCHEMAS["ai4i"].columns}
    rows = [row | {column.name: category} for category in column.categories]
    assert plan.encode_table(to_table(rows))[column.name].tolist() == [0.0, 1.0, 2.0]


def test_a_flags_name_holds_nothing_that_xgboost_refuses() -> None:
    assert flag_name("payment", "[a] < [b]") == "payment=(a) _ (b)"


@pytest.mark.parametrize("name", ["os", "plan", "subprocess", "../ai4i", "ai4i.os", "", "__init__"])
def test_a_derivation_that_is_no_module_here_is_refused_without_importing_it(name: str) -> None:
    with pytest.raises(ContractError, match="is not known here, expected one of ai4i"):
        find_derivation(name)
    with pytest.raises(ContractError, match="is not known here"):
        FeaturePlan(msgspec.structs.replace(SCHEMAS["ai4i"], derivation=name or "os"))


def test_a_feature_that_nothing_gives_is_refused() -> None:
    schema = msgspec.structs.replace(SCHEMAS["ai4i"], features=("strain_ratio", "humidity"))
    with pytest.raises(ContractError, match="feature 'humidity' comes from no column, flag or derivation"):
        FeaturePlan(schema)


@pytest.mark.parametrize("lost", ["torque_nm", "power_w"])
def test_a_derivation_that_does_not_fit_the_schema_is_refused_before_any_row(lost: str) -> None:
    schema = SCHEMAS["ai4i"]
    columns = tuple(column for column in schema.columns if column.name != lost)
    derived = tuple(msgspec.structs.replace(one, name="watts") if one.name == lost else one for one in schema.derived)
    changed = msgspec.structs.replace(schema, columns=columns, derived=derived, features=("strain_ratio",))
    with pytest.raises(ContractError, match="derivation 'ai4i' lacks the column or does not give the feature"):
        FeaturePlan(changed)
