"""The stages as a person watches them: whose mistake it was, what was left where, and MLflow never in the way."""

import shutil
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cli.errors import EXIT_FAIL, EXIT_OK, EXIT_UNDECIDED, InputError
from contract.bundle import MANIFEST_NAME, Bundle
from contract.errors import BundleError
from contract.schema import Interval
from tests.contract.forging import write_forged
from tests.ports import take_free_port
from training import cli
from training.artifacts import Artifacts
from training.data.splits import group_holdout
from training.data.table import Table
from training.local.pipeline import make_candidate
from training.local.stages import describe_rerun, read_champion, read_table, track_training
from training.params import Params
from training.tracking.address import tracking_uri
from training.tracking.record import RunRecord, write_record
from training.tracking.tracker import Tracker

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Artifacts:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Artifacts(tmp_path / "artifacts")


@pytest.fixture
def silent_mlflow(monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a tracking server that is not there."""
    uri = f"http://127.0.0.1:{take_free_port()}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return uri


def test_there_is_no_champion_on_a_declared_first_run_only(artifacts: Artifacts) -> None:
    assert read_champion(None, artifacts, first_run=True) is None
    with pytest.raises(InputError, match=r"artifacts/bundle holds no champion .* say --first-run"):
        read_champion(None, artifacts, first_run=False)
    with pytest.raises(InputError, match=r"elsewhere holds no champion"):
        read_champion(artifacts.root / "elsewhere", artifacts, first_run=False)


def test_the_champion_is_what_is_served_unless_another_is_named(
    artifacts: Artifacts, bundle: Bundle, bundle_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(bundle_folder, artifacts.bundle)
    assert read_champion(None, artifacts, first_run=False) == bundle
    other = write_forged(tmp_path / "other", bundle, version="other")
    named = read_champion(other, artifacts, first_run=False)
    assert named is not None
    assert named.manifest.version == "other"


def test_a_champion_is_never_passed_over_as_a_first_run(
    artifacts: Artifacts, bundle_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(bundle_folder, artifacts.bundle)
    for folder in (None, bundle_folder):
        with pytest.raises(InputError, match=r"holds a champion, so this is no first run"):
            read_champion(folder, artifacts, first_run=True)
    (artifacts.bundle / MANIFEST_NAME).write_bytes(b"{}")
    with pytest.raises(BundleError, match=r"does not open with its digest"):
        read_champion(None, artifacts, first_run=False)


def test_a_bundle_without_its_record_makes_no_run(artifacts: Artifacts, bundle: Bundle, bundle_folder: Path) -> None:
    with pytest.raises(InputError, match=r"ai4i.run.json cannot be read: No such file"):
        track_training(artifacts, bundle, bundle_folder)
    assert not artifacts.root.exists()


@pytest.mark.parametrize(
    ("origin", "first_run", "command"),
    [
        ("file rows.csv", False, "make train gate DATA=rows.csv"),
        ("UCI repository, dataset 601", True, "make train gate FIRST_RUN=1"),
        ("file rows.csv", True, "make train gate DATA=rows.csv FIRST_RUN=1"),
    ],
)
def test_the_report_says_how_to_judge_again(table: Table, origin: str, first_run: bool, command: str) -> None:
    assert describe_rerun(Table(table.dataset, table.frame, origin, table.sha256), first_run) == command


# Slow: MLflow, and the gate


@pytest.mark.slow
def test_a_trained_bundle_is_tracked_in_a_file_among_the_artifacts(
    artifacts: Artifacts, bundle: Bundle, bundle_folder: Path, capsys: Capture
) -> None:
    folder = Path(shutil.copytree(bundle_folder, artifacts.candidate))
    metrics = {"pr_auc": Interval(mean=0.9, low=0.8, high=0.95)}
    version = bundle.manifest.version
    write_record(RunRecord(bundle.digest, "ai4i", version, "0" * 40, {"eta": 0.3}, metrics, (), {}), folder)
    track_training(artifacts, bundle, folder)
    track_training(artifacts, bundle, folder)
    assert capsys.readouterr().out.count("registered as challenger") == 2
    client = Tracker(tracking_uri(artifacts.root), artifacts.root).client
    assert (artifacts.root / "mlflow.db").is_file()
    assert [version.tags["digest"] for version in client.search_model_versions("name = 'ai4i'")] == [bundle.digest]


def gate(monkeypatch: pytest.MonkeyPatch, *arguments: str | Path) -> int:
    """The exit code of `python -m training gate`."""
    monkeypatch.setattr(sys, "argv", ["training", "gate", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "positives", "code", "verdict"),
    [
        ({}, None, EXIT_OK, "PASS"),
        ({"gamma": 1e9}, None, EXIT_FAIL, "FAIL"),  # no tree ever splits
        ({}, 5, EXIT_UNDECIDED, "NOT ENOUGH EVIDENCE"),
    ],
)
def test_each_verdict_has_its_exit_code_and_a_report_whatever_mlflow_does(
    artifacts: Artifacts,
    table: Table,
    quick_params: Params,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    silent_mlflow: str,
    changes: dict[str, float],
    positives: int | None,
    code: int,
    verdict: str,
) -> None:
    test = group_holdout(table).test
    spare = test[table.target[test] == 1][positives:] if positives else np.array([], dtype=np.intp)
    table.frame.drop(index=table.frame.index[spare]).to_csv(tmp_path / "rows.csv", index=False)
    params = msgspec.structs.replace(quick_params, model={**quick_params.model, **changes})
    (tmp_path / "params.yaml").write_bytes(msgspec.json.encode(params))
    rows = read_table(table.dataset, str(tmp_path / "rows.csv"), artifacts, None, None)
    candidate = make_candidate(artifacts, rows, params)
    given = ("--data", tmp_path / "rows.csv", "--params", tmp_path / "params.yaml", "--artifacts", artifacts.root)
    assert gate(monkeypatch, *given, "--first-run") == code
    shown = capsys.readouterr()
    assert f"Gate: {verdict}" in shown.out
    assert shown.err.startswith(f"warning: MLflow at {silent_mlflow} did not do its part")
    assert len(shown.err.splitlines()) == 1
    report = msgspec.json.decode((artifacts.gate / "report.json").read_bytes())
    assert report["verdict"] == verdict.lower().replace(" ", "_")
    assert report["candidate"]["digest"] == candidate.digest
