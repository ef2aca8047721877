"""`make mlflow`: the server's page where one is named, else a server on the file, wherever the project came from."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from cli.errors import InputError
from tests.app.predictor.page.browsing import find_chromium
from tests.conftest import ROOT
from tests.needs import leave_out
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port
from tests.training.tracking.browsing import open_mlflow, show_run, show_runs
from tests.training.tracking.test_relocation import log
from training.local.stages import open_tracker
from training.tracking.nested import ChildRun, ParentRun
from training.tracking.page import find_page


def test_a_named_server_has_the_page_and_its_password_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://someone:s3cret@tracking.example.org")
    assert find_page(tmp_path) == "https://someone:***@tracking.example.org"


def test_where_nothing_was_tracked_no_empty_page_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with pytest.raises(InputError, match=r"mlflow.db is not there: nothing was tracked yet, run `make train` first"):
        find_page(tmp_path)
    (tmp_path / "mlflow.db").touch()
    assert find_page(tmp_path) is None


class ShownPage:
    """`python -m training mlflow` of the artifacts in `root`."""

    def __init__(self, root: Path, log_file: Path) -> None:
        port = take_free_port()
        self.url, self.log_file = f"http://127.0.0.1:{port}", log_file
        command = [sys.executable, "-m", "training", "mlflow", "--artifacts", str(root), "--port", str(port)]
        with log_file.open("wb") as output:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.log_file.read_text()
        try:
            return httpx.get(f"{self.url}/health", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def ask(self, place: str, **params: str) -> httpx.Response:
        return httpx.get(f"{self.url}{place}", params=params, trust_env=False, timeout=LAST_RESORT_SECONDS)


@contextmanager
def show_page(root: Path, log_file: Path) -> Iterator[ShownPage]:
    page = ShownPage(root, log_file)
    try:
        wait_until(page.is_up, "MLflow's start")
        yield page
    finally:
        os.killpg(page.process.pid, signal.SIGTERM)
        page.process.wait(timeout=LAST_RESORT_SECONDS)


@pytest.mark.slow
def test_the_page_of_a_moved_project_shows_its_runs_and_files(
    tmp_path: Path, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    log(tmp_path / "old", "1", bundle_folder)
    shutil.move(tmp_path / "old", tmp_path / "new")
    with show_page(tmp_path / "new", tmp_path / "said") as page:
        found = page.ask("/api/2.0/mlflow/registered-models/alias", name="ai4i", alias="challenger").json()
        version = found["model_version"]["version"]
        model = page.ask("/model-versions/get-artifact", name="ai4i", version=version, path="MLmodel")
        assert "python_function" in model.text
    assert "DeprecationWarning" not in (tmp_path / "said").read_text()
    assert "was made for file://" in (tmp_path / "said").read_text().replace("\n", " ")


def make_evaluation(version: str) -> ParentRun:
    """An evaluation of the model of that version, with two estimators below it."""
    children = tuple(
        ChildRun(key=name, name=name, params={}, metrics={"pr_auc": 0.9}, steps={}, started_ms=1, ended_ms=2)
        for name in ("model", "rule")
    )
    return ParentRun(
        key="evaluate",
        name=f"evaluate {version}",
        verb="evaluate",
        user="ada",
        revision="0",
        params={},
        tags={},
        children=children,
        metrics={"pr_auc": 0.9},
        started_ms=1,
        ended_ms=2,
        version=version,
    )


@pytest.mark.slow
def test_a_browser_shows_the_runs_below_a_run_and_asks_nobody_outside(
    tmp_path: Path, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        find_chromium()
    except RuntimeError as error:
        leave_out(str(error))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    log(tmp_path / "made", "1", bundle_folder)
    (tmp_path / "evaluation.json").write_text("{}")
    open_tracker(tmp_path / "made").log_nested("ai4i", make_evaluation("1"), tmp_path / "evaluation.json")
    with show_page(tmp_path / "made", tmp_path / "said") as shown, open_mlflow(shown.url) as (page, requests):
        runs = show_runs(page, shown.url, "train", "evaluate")
        assert runs[:2] == ["train 1", "evaluate 1"]
        assert {"model", "rule"} <= set(runs)
        show_run(page, "train")
        assert requests.troubles == []
