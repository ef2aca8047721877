"""Rows for the traffic: read as training wrote them, moved where drift is wanted."""

from pathlib import Path

import pytest

from app.monitor.watch.rows import parse_shifts, read_rows, shift_row
from cli.errors import InputError
from contract.bundle import Bundle
from training.data.table import Table, write_rows


@pytest.fixture(scope="module")
def written(table: Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    write_rows(table, path)
    return path


def test_every_row_that_training_wrote_is_read_with_its_outcome(written: Path, table: Table, bundle: Bundle) -> None:
    rows = read_rows(written, bundle.manifest.schema)
    assert len(rows) == len(table)
    assert [row.outcome for row in rows] == [bool(value) for value in table.target]
    assert rows[0].values.keys() == {column.name for column in bundle.manifest.schema.columns}
    assert isinstance(rows[0].values["torque_nm"], float)
    assert rows[0].values["type"] in {"L", "M", "H"}


def test_a_shift_stays_within_what_the_schema_allows(written: Path, bundle: Bundle) -> None:
    schema = bundle.manifest.schema
    row = read_rows(written, schema)[0]
    (torque,) = (column for column in schema.columns if column.name == "torque_nm")
    moved = shift_row(row, parse_shifts(["torque_nm=1.5"], schema), schema)
    assert moved.values["torque_nm"] == pytest.approx(row.values["torque_nm"] + 1.5)
    assert {name for name in row.values if row.values[name] != moved.values[name]} == {"torque_nm"}
    far = shift_row(row, {"torque_nm": 1e9}, schema)
    assert far.values["torque_nm"] == torque.maximum


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("torque_nm", "'' is no number, expected COLUMN=AMOUNT"),
        ("torque_nm=much", "'much' is no number"),
        ("type=1", "'type' is no column of numbers, expected one of air_temperature_k"),
        ("other=1", "'other' is no column of numbers"),
    ],
)
def test_a_shift_that_means_nothing_is_refused(bundle: Bundle, text: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        parse_shifts([text], bundle.manifest.schema)


def test_a_file_of_other_columns_or_of_none_is_refused(tmp_path: Path, bundle: Bundle) -> None:
    schema = bundle.manifest.schema
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"other.csv has no column Type, .*; write it with `make data`"):
        read_rows(tmp_path / "other.csv", schema)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_rows(tmp_path / "none.csv", schema)
    names = [column.source for column in schema.columns] + [schema.target.source]
    (tmp_path / "empty.csv").write_text(",".join(names) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="holds no row"):
        read_rows(tmp_path / "empty.csv", schema)
