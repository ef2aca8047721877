"""The command line: one clear line for each mistake, exit codes that mean something, and nothing lost."""

import contextlib
import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from contract.bundle import MODEL_NAME, Bundle, digest_inputs, read_bundle
from contract.schema import Calibration
from tests.conftest import ROOT
from tests.contract.forging import write_forged
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port
from training import cli
from training.data.splits import group_holdout
from training.data.table import Table
from training.params import PARAMS

Run = Callable[..., tuple[int, str, str]]
ROWS = ROOT / "tests" / "data"
VERBS = ("data", "train", "gate", "evaluate", "tune", "inspect", "report", "inputs", "track", "up", "down")


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """The command line in this process, in an empty folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def run_main(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["training", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        output, errors = capsys.readouterr()
        return int(ended.value.code or 0), output, errors

    return run_main


def refuse(run: Run, *arguments: str | Path) -> str:
    """The one line on standard error of a command that ends with 2."""
    code, _, errors = run(*arguments)
    assert code == 2, errors
    assert errors.startswith("error: ")
    assert len(errors.splitlines()) == 1, errors
    assert "Traceback" not in errors
    return errors


def run_process(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    settings = {"cwd": ROOT, "capture_output": True, "text": True, "timeout": 300, **options}
    return subprocess.run(command, check=False, **settings)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_says_what_it_does(run: Run, verb: str) -> None:
    code, output, _ = run(verb, "--help")
    assert code == 0
    assert f"Usage: python -m training {verb}" in output
    assert "--help" in output


def test_without_a_verb_the_verbs_are_listed(run: Run) -> None:
    _, output, errors = run()
    assert all(verb in output + errors for verb in VERBS)


@pytest.mark.parametrize(
    ("file", "told"),
    [
        ("rows-empty.csv", r"is empty (0 bytes)"),
        ("rows-header-only.csv", "has a header and no rows"),
        ("rows-latin-1.csv", "is not UTF-8"),
        ("rows-utf-16.csv", "is text in UTF-16"),
        ("rows-missing-column.csv", "lacks the columns"),
        ("rows-extra-column.csv", "which the dataset file does not declare"),
        ("rows-wrong-type.csv", "rows refused"),
        ("rows-impossible-value.csv", "rows refused"),
        ("rows-duplicate-key.csv", "rows refused"),
        ("rows-unknown-category.csv", "rows refused"),
        ("rows-no-positives.csv", "expected both classes"),
        ("rows-damaged.parquet", "rows-damaged.parquet"),
    ],
)
@pytest.mark.parametrize("verb", ["data", "train"])
def test_bad_data_is_refused_by_name(run: Run, verb: str, file: str, told: str) -> None:
    errors = refuse(run, verb, "--data", ROWS / file)
    assert told in errors
    assert file in errors
    assert not Path("artifacts/candidate").exists()
    assert Path("artifacts/rejected-rows.csv").exists() == ("rows refused" in errors)


def test_a_missing_data_file_is_named(run: Run) -> None:
    assert "absent.csv" in refuse(run, "data", "--data", "absent.csv")


def test_a_holdout_without_positives_is_said(run: Run, table: Table, tmp_path: Path) -> None:
    split = group_holdout(table)
    unseen = np.intersect1d(split.test, np.flatnonzero(table.target == 1))
    frame = table.frame.drop(index=table.frame.index[unseen])
    frame.to_csv(tmp_path / "rows.csv", index=False)
    errors = refuse(run, "train", "--data", tmp_path / "rows.csv")
    assert "the holdout of the group split has no positives" in errors
    assert "give more data or another share" in errors


def test_an_unknown_dataset_is_said_with_the_known(run: Run) -> None:
    assert "dataset 'iris' is not known: expected one of ai4i" in refuse(run, "train", "--dataset", "iris")


def test_an_unknown_parameter_is_said_before_anything_is_read(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(PARAMS.read_text().replace("max_depth: 4", "max_deph: 4"))
    for verb in ("train", "evaluate", "tune", "up"):
        errors = refuse(run, verb, "--data", "absent.csv", "--params", path)
        assert "max_deph" in errors
        assert "params.yaml" in errors
    assert "absent.yaml cannot be read" in refuse(run, "train", "--params", "absent.yaml")


def test_rows_and_seed_are_for_the_generator(run: Run) -> None:
    errors = refuse(run, "data", "--data", ROWS / "rows-good.csv", "--rows", "10")
    assert "a number of rows or a seed is for the generator only" in errors


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("train", "--speed", "9"),
        ("data", "--rows", "many"),
        ("up", "--port", "0"),
        ("up", "--port", "70000"),
        ("tune", "--trials", "0"),
    ],
)
def test_bad_usage_is_2_and_no_traceback(run: Run, arguments: tuple[str, ...]) -> None:
    code, _, errors = run(*arguments)
    assert code == 2
    assert "Usage: python -m training" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("rows", ["0", "-5"])
def test_an_impossible_number_of_rows_is_said(run: Run, rows: str) -> None:
    assert rows in refuse(run, "data", "--rows", rows)


def test_good_data_is_described_and_written(run: Run, tmp_path: Path) -> None:
    code, output, errors = run("data", "--data", "generator", "--rows", "500", "--output", tmp_path / "rows.csv")
    assert (code, errors) == (0, "")
    assert "500 rows, " in output
    assert "500 rows written to" in output
    assert run("data", "--data", tmp_path / "rows.csv")[0] == 0


def test_a_place_that_cannot_be_written_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    errors = refuse(run, "data", "--data", "generator", "--rows", "500", "--output", tmp_path / "file" / "rows.csv")
    assert "file/rows.csv" in errors or "non-existent directory" in errors


def test_a_tampered_bundle_is_not_shown(run: Run, bundle_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bundle_folder, tmp_path / "bundle")
    code, output, _ = run("inspect", folder)
    assert code == 0
    assert read_bundle(folder).digest in output
    content = (folder / MODEL_NAME).read_bytes()
    (folder / MODEL_NAME).write_bytes(content[:-1] + b"x")
    assert f"{MODEL_NAME} has SHA-256" in refuse(run, "inspect", folder)


def test_a_bundle_that_could_not_be_served_is_shown_and_refused(run: Run, bundle: Bundle, tmp_path: Path) -> None:
    for name, told, changes in (
        ("threshold", "its threshold is -1, expected a probability", {"threshold": -1.0}),
        ("slope", "golden row 0 scores", {"calibration": Calibration(slope=0.1, intercept=3.0)}),
    ):
        folder = write_forged(tmp_path / name, bundle, **changes)
        code, output, errors = run("inspect", folder)
        assert code == 2
        assert "every checksum verified" in output
        assert told in errors
        assert errors.startswith("error: ")


def test_no_bundle_and_no_report_are_said_with_what_to_do(run: Run) -> None:
    assert "artifacts/bundle/bundle.json cannot be read: No such file" in refuse(run, "inspect")
    assert "is not there: run `make gate` first" in refuse(run, "report")
    assert "artifacts/candidate/bundle.json cannot be read" in refuse(run, "track")
    assert "artifacts/candidate/bundle.json cannot be read" in refuse(run, "gate", "--first-run")


def test_the_gate_needs_a_champion_or_the_word_that_there_is_none(run: Run, bundle_folder: Path) -> None:
    errors = refuse(run, "gate", "--candidate", bundle_folder)
    assert "artifacts/bundle holds no champion to compare with; say --first-run" in errors
    shutil.copytree(bundle_folder, "artifacts/bundle")
    assert "so this is no first run" in refuse(run, "gate", "--candidate", bundle_folder, "--first-run")


def test_a_champion_that_a_crash_put_aside_is_no_first_run(run: Run, bundle_folder: Path) -> None:
    shutil.copytree(bundle_folder, "artifacts/.bundle.former")
    assert "so this is no first run" in refuse(run, "gate", "--candidate", bundle_folder, "--first-run")


def test_a_corrupt_champion_is_refused(run: Run, bundle_folder: Path, tmp_path: Path) -> None:
    champion = shutil.copytree(bundle_folder, tmp_path / "champion")
    (champion / MODEL_NAME).unlink()
    errors = refuse(run, "gate", "--candidate", bundle_folder, "--champion", champion)
    assert "champion/model.ubj cannot be read" in errors


def test_a_champion_of_another_dataset_is_refused(
    run: Run, bundle_folder: Path, other_bundle: Bundle, tmp_path: Path
) -> None:
    champion = write_forged(tmp_path / "champion", other_bundle)
    rows = ("--data", "generator", "--rows", "3000", "--seed", "3")
    errors = refuse(run, "gate", "--candidate", bundle_folder, "--champion", champion, *rows)
    assert other_bundle.manifest.name in errors
    assert "ai4i" in errors


def test_a_taken_port_is_said_before_anything_is_trained(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        errors = refuse(run, "up", "--port", str(port), "--data", "generator")
    assert f"port {port} cannot be listened on" in errors
    assert not Path("artifacts").exists()


def test_down_says_when_nothing_ran(run: Run) -> None:
    code, output, _ = run("down")
    assert code == 0
    assert "no predictor of ours was running" in output


@pytest.mark.slow
def test_an_output_that_knows_no_utf_8_is_no_traceback(tmp_path: Path) -> None:
    ended = run_process("down", "--artifacts", tmp_path, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "? no predictor of ours was running\n"


@pytest.mark.slow
def test_a_process_of_its_own_prints_the_same_single_line(tmp_path: Path) -> None:
    ended = run_process("train", "--data", tmp_path / "absent.csv", "--artifacts", tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: {tmp_path / 'absent.csv'}")
    assert len(ended.stderr.splitlines()) == 1


# Slow: processes of their own, and whole trainings


QUICK = PARAMS.read_text().replace("rounds: 300", "rounds: 30").replace("tree_method: exact", "tree_method: hist")


@pytest.fixture
def training(tmp_path: Path) -> tuple[str | Path, ...]:
    """`train` on few rows with few trees, everything under the test's folder."""
    (tmp_path / "params.yaml").write_text(QUICK)
    rows = ("--data", "generator", "--rows", "3000", "--seed", "3")
    return ("train", *rows, "--params", tmp_path / "params.yaml", "--artifacts", tmp_path / "artifacts")


@pytest.mark.slow
def test_a_full_disk_while_packaging_ends_with_one_line_and_keeps_the_former_bundle(
    training: tuple[str | Path, ...], bundle_folder: Path, bundle: Bundle, tmp_path: Path
) -> None:
    former = shutil.copytree(bundle_folder, tmp_path / "artifacts" / "candidate")

    def shrink() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    # Python would leave cut-off bytecode of the libraries it imports, for everyone after
    ended = run_process(*training, preexec_fn=shrink, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    assert ended.returncode == 2, ended.stderr
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert "artifacts/candidate could not be written: File too large; free some space and run again" in ended.stderr
    assert read_bundle(former) == bundle
    assert [path.name for path in (tmp_path / "artifacts").iterdir()] == ["candidate"]


@pytest.mark.slow
def test_a_tracking_server_that_is_down_is_4_and_the_bundle_is_kept(
    training: tuple[str | Path, ...], tmp_path: Path
) -> None:
    port = take_free_port()
    down = {**os.environ, "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    ended = run_process(*training, env=down)
    assert ended.returncode == 4
    assert len(ended.stderr.splitlines()) == 1, ended.stderr
    assert f"error: MLflow at http://127.0.0.1:{port} did not do its part" in ended.stderr
    bundle = read_bundle(tmp_path / "artifacts" / "candidate")
    back = {**os.environ, "MLFLOW_TRACKING_URI": ""}
    for _ in range(2):
        ended = run_process("track", "--artifacts", tmp_path / "artifacts", env=back)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert read_bundle(tmp_path / "artifacts" / "candidate") == bundle


@pytest.mark.slow
def test_the_same_inputs_give_the_same_digest_from_two_folders(tmp_path: Path) -> None:
    digests = []
    for name in ("one", "another one"):
        folder = tmp_path / name
        for part in ("contract", "cli", "app", "training"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "params.yaml").write_text(QUICK)
        rows = ("--data", "generator", "--rows", "3000", "--params", "params.yaml", "--artifacts", "made")
        ended = run_process("train", *rows, cwd=folder)
        assert (ended.returncode, ended.stderr) == (0, "")
        bundle = read_bundle(folder / "made" / "candidate")
        digests.append(bundle.digest)
        # what a bundle would be made from is known before it is made, and names it
        asked = run_process("inputs", *rows, cwd=folder)
        assert asked.stdout.strip() == digest_inputs(bundle.manifest.inputs)
    assert digests[0] == digests[1]


def count_trials(study: Path) -> int:
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{study}?mode=ro", uri=True)) as file,
    ):
        return int(file.execute("SELECT count(*) FROM trials WHERE state = 'COMPLETE'").fetchone()[0])
    return 0


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_no_traceback(training: tuple[str | Path, ...], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training", "tune", *map(str, training[1:]), "--trials", "50"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: process.poll() is not None or count_trials(tmp_path / "artifacts" / "tune.db"), "a trial")
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=LAST_RESORT_SECONDS)
    assert process.returncode == 130
    assert "Traceback" not in errors
