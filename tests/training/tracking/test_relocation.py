"""A project that was copied or moved: what is logged afterwards lands in the new folder, whatever became of the old."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from cli.errors import OutsideError
from contract.bundle import Bundle
from contract.schema import Interval
from tests.training.tracking.elsewhere import load_elsewhere
from training.local.stages import open_tracker
from training.tracking.address import tracking_uri
from training.tracking.record import RunRecord
from training.tracking.relocation import PLACES, lead_here


def make_record(digest: str) -> RunRecord:
    metrics = {"pr_auc": Interval(mean=0.9, low=0.8, high=0.95)}
    return RunRecord(
        digest=digest * 64, name="ai4i", version=digest, revision="0", params={}, metrics=metrics, folds=(), tags={}
    )


def log(root: Path, digest: str, bundle: Path) -> None:
    open_tracker(root).log_training(make_record(digest), bundle)


def list_files(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def list_places(root: Path) -> set[str]:
    connection = sqlite3.connect(root / "mlflow.db")
    found = set()
    for table, column in PLACES:
        query = f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - both are ours
        found |= {place for (place,) in connection.execute(query)}
    connection.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("keep", [True, False], ids=["copied", "moved"])
def test_what_is_logged_after_a_copy_or_move_lands_in_the_new_folder(
    tmp_path: Path,
    keep: bool,
    bundle: Bundle,
    bundle_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    old, new = tmp_path / "old project" / "artifacts", tmp_path / "newer ü" / "artifacts"
    log(old, "1", bundle_folder)
    shutil.copytree(old, new)
    before = list_files(old)
    if not keep:
        shutil.rmtree(old.parent)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{new}/mlflow.db")
            with pytest.raises(MlflowException, match=r"^No such artifact: ''$"):  # as docs/mlflow.md says
                download_artifacts(artifact_uri="models:/ai4i/1")
    log(new, "2", bundle_folder)
    told = capsys.readouterr().err.replace("\n", " ")
    assert "was made for file://" in told
    assert "places in it lead to file://" in told
    if keep:
        assert list_files(old) == before
        assert all(place.startswith(old.as_uri()) for place in list_places(old) if not place.endswith("/mlruns/0"))
    else:
        assert not old.parent.exists()
    assert all(place.startswith(f"{(new / 'mlflow').as_uri()}") for place in list_places(new))
    assert len([name for name in list_files(new) if name.endswith("artifacts/data/bundle/model.ubj")]) == 2
    row = bundle.manifest.golden[0]
    for name in ("models:/ai4i/1", "models:/ai4i@challenger"):  # logged before, and after
        found = load_elsewhere(name, [[row.row]], tmp_path, MLFLOW_TRACKING_URI=f"sqlite:///{new}/mlflow.db")
        assert abs(found["answers"][0][0]["score"] - row.score) <= 1e-6
    log(new, "3", bundle_folder)
    assert "was made for" not in capsys.readouterr().err


def test_only_places_of_ours_are_changed(tmp_path: Path) -> None:
    database, folder = tmp_path / "mlflow.db", tmp_path / "mlflow"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE experiments (experiment_id INTEGER, artifact_location TEXT)")
    connection.execute("CREATE TABLE runs (artifact_uri TEXT)")
    experiments = [(0, "/somewhere/mlruns/0"), (1, "file:///old/mlflow"), (2, "s3://bucket/mlflow"), (3, "file:///own")]
    connection.executemany("INSERT INTO experiments VALUES (?, ?)", experiments)
    runs = [("file:///old/mlflow/a/artifacts",), ("file:///old/mlflow-more/a",), ("s3://bucket/mlflow/b",)]
    connection.executemany("INSERT INTO runs VALUES (?)", runs)
    connection.commit()
    told = lead_here(database, folder)
    assert told is not None
    assert "2 places in it lead to" in told
    assert "mlflow is not here, so copy it too" in told
    assert [place for (place,) in connection.execute("SELECT artifact_location FROM experiments")] == [
        f"{folder.as_uri()}/0",
        folder.as_uri(),
        "s3://bucket/mlflow",
        "file:///own",
    ]
    assert [place for (place,) in connection.execute("SELECT artifact_uri FROM runs")] == [
        f"{folder.as_uri()}/a/artifacts",
        "file:///old/mlflow-more/a",
        "s3://bucket/mlflow/b",
    ]
    assert lead_here(database, folder) is None
    connection.close()


def test_no_file_and_a_new_one_are_left_alone(tmp_path: Path) -> None:
    assert lead_here(tmp_path / "mlflow.db", tmp_path / "mlflow") is None
    assert not (tmp_path / "mlflow.db").exists()
    (tmp_path / "mlflow.db").touch()
    assert lead_here(tmp_path / "mlflow.db", tmp_path / "mlflow") is None


@pytest.mark.parametrize("name", ["what?", "100%20"])
def test_a_folder_that_mlflow_would_write_beside_is_refused(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(OutsideError, match=r"has \? or % in its path, which MLflow takes for a part of an address"):
        tracking_uri(tmp_path / name)
