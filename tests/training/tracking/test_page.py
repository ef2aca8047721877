"""`make mlflow`: the server's page where one is named, else a server on the file, wherever the project came from."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cli.errors import InputError
from tests.conftest import ROOT
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port
from tests.training.tracking.test_relocation import log
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


@pytest.mark.slow
def test_the_page_of_a_moved_project_shows_its_runs_and_files(
    tmp_path: Path, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    log(tmp_path / "old", "1", bundle_folder)
    shutil.move(tmp_path / "old", tmp_path / "new")
    port = take_free_port()
    command = [sys.executable, "-m", "training", "mlflow", "--artifacts", str(tmp_path / "new"), "--port", str(port)]
    said = tmp_path / "said"
    with said.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    url = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        assert process.poll() is None, said.read_text()
        try:
            return httpx.get(f"{url}/health", trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_until(is_up, "MLflow's start")
        version = httpx.get(
            f"{url}/api/2.0/mlflow/registered-models/alias",
            params={"name": "ai4i", "alias": "challenger"},
            trust_env=False,
        ).json()["model_version"]
        place = f"{url}/model-versions/get-artifact"
        asked = {"name": "ai4i", "version": version["version"], "path": "MLmodel"}
        assert "python_function" in httpx.get(place, params=asked, trust_env=False).text
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=LAST_RESORT_SECONDS)
    assert "was made for file://" in said.read_text().replace("\n", " ")
