"""A real tracking server of MLflow's, and what is fetched from one."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port


class Server:
    """A real tracking server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        port = take_free_port()
        self.uri = f"http://127.0.0.1:{port}"
        store = ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts-destination", str(folder)]
        command = [
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            "127.0.0.1",
            "--port",
            str(port),
            "--workers",
            "1",
        ]
        self.log = (folder / "log").open("wb")
        self.process = subprocess.Popen(
            [*command, *store], stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True, cwd=folder
        )

    def wait(self) -> None:
        wait_until(self._is_up, "MLflow's start")

    def _is_up(self) -> bool:
        assert self.process.poll() is None
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"{self.uri}/health", trust_env=False).status_code == 200
        return False

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=LAST_RESORT_SECONDS)
        self.log.close()


def fetch_bundle(client: Any, version: Any, folder: Path) -> Path:
    """The bundle in a version's model, fetched as whoever loads it would."""
    from mlflow.artifacts import download_artifacts

    place = f"{version.source}/data/bundle"
    return Path(download_artifacts(place, dst_path=str(folder), tracking_uri=client.tracking_uri))
