"""Where MLflow is: a server that the environment names, or a file among the artifacts."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from cli.errors import OutsideError

DATABASE, FILES = "mlflow.db", "mlflow"  # below the artifacts
TRACK_AGAIN = "The bundle is kept; run `python -m training track` when it is back"


def tracking_uri(artifacts: Path) -> str:
    """MLFLOW_TRACKING_URI, else a SQLite file under `artifacts`.

    Raises: OutsideError if that has a name which MLflow would read otherwise.
    """
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return uri
    database = artifacts.resolve() / DATABASE
    if set("?%") & set(str(database)):  # it would write beside the folder, and say nothing
        raise OutsideError(
            f"{database} has ? or % in its path, which MLflow takes for a part of an address; rename the folder, "
            f"or set MLFLOW_TRACKING_URI. {TRACK_AGAIN}"
        )
    return f"sqlite:///{database}"


def hide_password(text: str, uri: str) -> str:
    """`text` without the password that `uri` may hold."""
    password = urlsplit(uri).password
    return text.replace(f":{password}@", ":***@") if password else text
