"""MLflow's page: the server's own where one is named, else one that is started on the file among the artifacts."""

import os
import sys
from pathlib import Path

from cli.errors import InputError
from training.tracking.address import DATABASE, hide_password, tracking_uri
from training.tracking.tracker import LIMITS, Tracker

HOST = "127.0.0.1"


def find_page(artifacts: Path) -> str | None:
    """The address of a server that is named, without its password; None if there is a file to show.

    Raises: InputError if nothing was tracked yet, OutsideError if the file cannot be used.
    """
    uri = tracking_uri(artifacts)
    if uri.startswith(("http://", "https://")):
        return hide_password(uri, uri)
    if uri == f"sqlite:///{artifacts.resolve() / DATABASE}" and not (artifacts / DATABASE).is_file():
        raise InputError(f"{artifacts / DATABASE} is not there: nothing was tracked yet, run `make train` first")
    return None


def open_file(artifacts: Path) -> str | None:
    """Makes a file that came from another folder lead here; what was done.

    Raises: OutsideError.
    """
    return Tracker(tracking_uri(artifacts), artifacts).note


def serve_page(artifacts: Path, port: int) -> None:
    """Becomes MLflow's server of the file: this process ends with it."""
    command = ["-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    # what its libraries will drop one day is MLflow's concern, not that of who looks at the page
    environment = {**LIMITS, "PYTHONWARNINGS": "ignore", **os.environ, "MLFLOW_LOGGING_LEVEL": "WARNING"}
    store = ["--backend-store-uri", tracking_uri(artifacts)]
    os.execve(sys.executable, [sys.executable, *command, *store], environment)  # noqa: S606 - our own Python
