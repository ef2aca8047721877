"""What MLflow loads: the predictor's scores, decisions and refusals, anywhere, without a pickle and without us."""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest

from contract.bundle import Bundle, read_bundle
from contract.compute.scoring import ReferenceModel
from contract.errors import BundleError
from tests.conftest import ROOT, make_bundle
from tests.contract.forging import write_forged
from tests.training.tracking.elsewhere import load_elsewhere
from training.data.table import Table
from training.packaging.package import raw_row
from training.params import Params
from training.tracking.model_code import list_sources, write_code
from training.tracking.model_folder import list_requirements, write_model

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # MLflow's, of its own type hints


@pytest.fixture(scope="module", autouse=True)
def own_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where MLflow looks for what it is not told: it would make a file in the folder that the tests run in."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path_factory.mktemp('own')}/mlflow.db")
        yield


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, bundle_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_UV_AUTO_DETECT", "false")
        write_model(folder, bundle_folder, {})
    return folder


@pytest.fixture(scope="module")
def loaded(model: Path) -> Iterator[Any]:
    import mlflow.pyfunc

    before = list(sys.path)
    yield mlflow.pyfunc.load_model(str(model))
    sys.path[:] = before


def change(row: dict[str, Any], **values: Any) -> pd.DataFrame:
    return pd.DataFrame([row, {**row, **values}])


@pytest.fixture
def row(bundle: Bundle) -> dict[str, Any]:
    return dict(bundle.manifest.golden[0].row)


# Quick: no MLflow


def test_the_code_that_goes_along_names_nothing_of_this_project(tmp_path: Path) -> None:
    package = write_code(tmp_path)
    text = "\n".join(path.read_text(encoding="utf-8") for path in package.rglob("*.py"))
    assert {"loader.py", "compute/scoring.py", "compute/features/ai4i.py"} <= list_sources().keys()
    assert not [
        line
        for line in text.splitlines()
        if line.startswith(("import app", "from app", "from contract", "import contract", "from training"))
    ]
    assert f"from {package.name}.compute.scoring import" in text


def test_other_code_has_another_name_so_that_two_models_get_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = write_code(tmp_path)
    changed = {**list_sources(), "features/ai4i.py": "def derive(row, xp):\n    return {}\n"}
    monkeypatch.setattr("training.tracking.model_code.list_sources", lambda: changed)
    assert write_code(tmp_path).name != first.name


def test_requirements_are_those_of_the_lock_file() -> None:
    locked = (ROOT / "uv.lock").read_text()
    for requirement in list_requirements():
        name, _, version = requirement.partition(";")[0].partition("==")
        assert f'name = "{name}"\nversion = "{version}"\n' in locked, requirement


# Slow: MLflow


@pytest.mark.slow
def test_every_row_scores_as_in_training_and_is_decided_at_the_threshold(
    loaded: Any, bundle: Bundle, table: Table
) -> None:
    rows = pd.DataFrame([raw_row(table, place) for place in range(500)])
    answer = loaded.predict(rows)
    expected = ReferenceModel.from_bundle(bundle).score_table({str(name): rows[name].tolist() for name in rows})
    assert np.abs(answer["score"] - expected).max() == 0.0
    assert answer["decision"].tolist() == (expected >= (bundle.manifest.threshold or 0.0)).tolist()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"type": "X"}, r"rows\[1\]\.type is not a known category, expected one of L, M, H"),
        ({"type": "l"}, r"rows\[1\]\.type is a known category but for upper and lower case"),
        ({"type": None}, r"rows\[1\]\.type is missing, expected one of L, M, H"),
        ({"type": 5}, r"rows\[1\]\.type is a number"),
        (
            {"tool_wear_min": None},
            r"rows\[1\]\.tool_wear_min is missing, expected a whole number from 0 to 600 \(min\)",
        ),
        ({"tool_wear_min": 1.5}, r"rows\[1\]\.tool_wear_min is not a whole number"),
        ({"torque_nm": "12"}, r"rows\[1\]\.torque_nm is a string"),
        ({"torque_nm": True}, r"rows\[1\]\.torque_nm is a boolean"),
        ({"torque_nm": -1}, r"rows\[1\]\.torque_nm is too small"),
        ({"torque_nm": float("inf")}, r"rows\[1\]\.torque_nm is too large"),
        ({"torque_nm": pd.Timestamp("2026-01-01")}, r"rows\[1\]\.torque_nm is a Timestamp"),
    ],
)
def test_what_the_predictor_refuses_is_refused_by_the_same_name(
    loaded: Any, row: dict[str, Any], values: dict[str, Any], problem: str
) -> None:
    from mlflow.exceptions import MlflowException

    with pytest.raises(MlflowException, match=rf"^{problem}"):
        loaded.predict(change(row, **values))


@pytest.mark.slow
def test_the_ways_in_which_people_write_the_same_row_give_the_same_score(loaded: Any, row: dict[str, Any]) -> None:
    score = loaded.predict(pd.DataFrame([row]))["score"].tolist()
    frame = pd.DataFrame([row])
    whole = {name: value for name, value in row.items() if isinstance(value, int)}
    for same in (
        [row],
        {name: [value] for name, value in row.items()},
        frame.astype(dict.fromkeys(whole, "int64")),
        frame.astype(dict.fromkeys(whole, "float64")),
        frame.astype(dict.fromkeys(whole, "Int64")),
        frame.astype(dict.fromkeys([name for name in row if name != "type"], "object")),
        frame.assign(type=f" {row['type']} "),
        frame.astype({"type": "category"}),
        frame.astype({"type": "string"}),
        frame[frame.columns[::-1]],
        frame.assign(more=1),
    ):
        assert loaded.predict(same)["score"].tolist() == score


@pytest.mark.slow
def test_an_answer_keeps_the_index_of_its_rows_and_none_is_no_answer(loaded: Any, row: dict[str, Any]) -> None:
    from mlflow.exceptions import MlflowException

    assert loaded.predict(pd.DataFrame([row, row], index=["b", "a"])).index.tolist() == ["b", "a"]
    with pytest.raises(MlflowException, match="there are no rows, expected at least one"):
        loaded.predict(pd.DataFrame([row]).iloc[:0])
    with pytest.raises(MlflowException, match="missing inputs"):
        loaded.predict(pd.DataFrame([row]).drop(columns="type"))


@pytest.mark.slow
def test_the_trees_alone_load_as_xgboosts_own_model(model: Path, loaded: Any, row: dict[str, Any]) -> None:
    import mlflow.xgboost
    import xgboost

    booster = mlflow.xgboost.load_model(str(model))
    features = loaded.get_raw_model().encode(pd.DataFrame([row]))
    calibration = loaded.metadata.metadata["calibration"]
    margin = booster.predict(xgboost.DMatrix(features), output_margin=True).astype(np.float64)
    score = 1 / (1 + np.exp(-(calibration["slope"] * margin + calibration["intercept"])))
    assert np.abs(score - loaded.predict(pd.DataFrame([row]))["score"]).max() < 1e-6
    assert list(features) == loaded.metadata.metadata["features"]


@pytest.mark.slow
def test_signature_example_requirements_and_no_pickle_go_along(model: Path, bundle: Bundle) -> None:
    from mlflow.models import get_model_info

    info = get_model_info(str(model))
    assert info.signature.inputs.input_names() == [column.name for column in bundle.manifest.schema.columns]
    assert info.signature.outputs.input_names() == ["score", "decision"]
    assert info.flavors.keys() == {"python_function", "xgboost"}
    assert info.metadata is not None
    assert info.metadata["bundle_digest"] == bundle.digest
    assert info.metadata["columns"]["torque_nm"] == "a number from 0 to 200 (Nm)"
    files = {path.name for path in model.rglob("*") if path.is_file()}
    assert {"MLmodel", "input_example.json", "requirements.txt", "conda.yaml", "bundle.json", "model.ubj"} <= files
    assert not {name for name in files if name.endswith((".pkl", ".pickle", ".joblib"))} | files & {"uv.lock"}
    assert read_bundle(model / "data" / "bundle") == bundle


@pytest.mark.slow
def test_it_loads_in_another_folder_without_this_project(model: Path, row: dict[str, Any], tmp_path: Path) -> None:
    moved = model.rename(tmp_path / "elsewhere ü")
    try:
        (tmp_path / "contract").mkdir()  # somebody's own package of that name
        (tmp_path / "contract" / "__init__.py").write_text("raise SystemExit('not ours')")
        found = load_elsewhere(str(moved), [[row], [{**row, "type": "X"}]], tmp_path)
    finally:
        moved.rename(model)
    assert found["answers"][0][0].keys() == {"score", "decision"}
    assert found["answers"][1] == "rows[0].type is not a known category, expected one of L, M, H"
    assert found["ours"] == []


@pytest.mark.slow
@pytest.mark.parametrize("part", ["model.ubj", "bundle.json"])
def test_a_damaged_model_is_refused_in_one_line(model: Path, tmp_path: Path, part: str) -> None:
    import mlflow.pyfunc

    copied = Path(shutil.copytree(model, tmp_path / "model"))
    path = copied / "data" / "bundle" / part
    path.write_bytes(path.read_bytes().replace(b"type", b"kind", 1))
    with pytest.raises(mlflow.exceptions.MlflowException, match=r"it was changed$") as refused:
        mlflow.pyfunc.load_model(str(copied))
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.slow
def test_a_bundle_that_this_code_scores_otherwise_makes_no_model(bundle: Bundle, tmp_path: Path) -> None:
    golden = tuple(msgspec.structs.replace(entry, score=entry.score * 0.9) for entry in bundle.manifest.golden)
    forged = write_forged(tmp_path / "forged", bundle, golden=golden)
    with pytest.raises(BundleError, match=r"golden row 0 scores .*, expected"):
        write_model(tmp_path / "model", forged, {})


@pytest.mark.slow
def test_an_unknown_category_is_missing_where_the_data_set_says_so(
    bundle: Bundle, row: dict[str, Any], tmp_path: Path
) -> None:
    columns = tuple(
        msgspec.structs.replace(column, unknown="missing") if column.type == "category" else column
        for column in bundle.manifest.schema.columns
    )
    schema = msgspec.structs.replace(bundle.manifest.schema, columns=columns)
    lenient = write_forged(tmp_path / "lenient", bundle, schema=schema)
    write_model(tmp_path / "model", lenient, {})
    found = load_elsewhere(str(tmp_path / "model"), [[{**row, "type": "X"}], [{**row, "type": None}]], tmp_path)
    [expected] = ReferenceModel.from_bundle(bundle).score_table({name: [row[name]] for name in row} | {"type": ["X"]})
    assert abs(found["answers"][0][0]["score"] - expected) <= 1e-6
    assert "rows[0].type is missing" in found["answers"][1]


@pytest.mark.slow
def test_other_data_sets_load_too_with_missing_and_unknown_as_their_file_says(
    other_table: Table, other_bundle: Bundle, small_params: Params, tmp_path: Path
) -> None:
    make_bundle(tmp_path / "bundle", other_table, small_params)
    write_model(tmp_path / "model", tmp_path / "bundle", {})
    columns = other_bundle.manifest.schema.columns
    rows = [raw_row(other_table, place) for place in range(50)]
    for column in columns:
        rows.append({**rows[0], column.name: None})
        if column.type == "category":
            rows.append({**rows[0], column.name: "none that training knew"})
    is_taken = [
        all(
            column.nullable
            if row[column.name] is None
            else row[column.name] != "none that training knew" or column.unknown == "missing"
            for column in columns
        )
        for row in rows
    ]
    found = load_elsewhere(str(tmp_path / "model"), [[row] for row in rows], tmp_path)["answers"]
    reference = ReferenceModel.from_bundle(read_bundle(tmp_path / "bundle"))
    for row, taken, answer in zip(rows, is_taken, found, strict=True):
        assert isinstance(answer, list) == taken, (row, answer)
        if taken:
            [expected] = reference.score_table({name: [value] for name, value in row.items()})
            assert abs(answer[0]["score"] - expected) <= 1e-6 * max(1.0, abs(expected))
