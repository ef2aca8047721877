"""A bundle as a model in MLflow, and its one version in the registry. Each call takes up what a former one left."""

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from training.tracking.model_folder import MODEL, write_model
from training.tracking.record import RunRecord

DIGEST = "digest"
_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")


def log_model(client: Any, experiment: str, run_id: str, record: RunRecord, bundle: Path) -> str:
    """The id of the model that MLflow loads; written unless it is there and whole.

    Raises: BundleError.
    """
    from mlflow.entities import LoggedModelOutput

    model = find_model(client, experiment, record.digest) or create_model(client, experiment, run_id, record)
    if str(model.status) == "READY":
        return str(model.model_id)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / MODEL
        write_model(folder, bundle, {"run_id": run_id, "model_id": model.model_id, "model_uuid": model.model_id})
        client.log_model_artifacts(model.model_id, str(folder))
    client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
    client.finalize_logged_model(model.model_id, "READY")
    return str(model.model_id)


def find_model(client: Any, experiment: str, digest: str) -> Any | None:
    query = f"tags.{DIGEST} = '{digest}'"
    models = client.search_logged_models([experiment], query, max_results=1)
    return models[0] if models else None


def create_model(client: Any, experiment: str, run_id: str, record: RunRecord) -> Any:
    return client.create_logged_model(
        experiment,
        name=MODEL,
        source_run_id=run_id,
        tags={DIGEST: record.digest, "version": record.version},
        params={name: str(value) for name, value in record.params.items()},
        model_type="xgboost",
    )


def list_versions(client: Any, name: str, digest: str) -> list[Any]:
    """The registered versions of a bundle that can be loaded: before 2026-11-28 they were files without an MLmodel."""
    versions = client.search_model_versions(f"name = '{name}' and tag.{DIGEST} = '{digest}'")
    return [version for version in versions if find_model_id(version) is not None]


def find_model_id(version: Any) -> str | None:
    """The logged model that a version stands for, by where its files are."""
    match = _MODEL_ID.search(version.source)
    return match[0] if match else None


def register_model(client: Any, run_id: str, model_id: str, record: RunRecord) -> str:
    """The number of the bundle's version, which is made unless it is there."""
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(record.name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    if versions := list_versions(client, record.name, record.digest):
        return str(versions[0].version)
    model = client.get_logged_model(model_id)
    tags = {DIGEST: record.digest, "version": record.version}
    # not models:/<id>, which MLflow looks up at the address that the whole process has, not at this client's
    made = client.create_model_version(record.name, model.artifact_location, run_id, tags=tags, model_id=model_id)
    link = json.dumps([{"name": record.name, "version": made.version}])
    client.set_logged_model_tags(model_id, {"mlflow.modelVersions": link})  # as MLflow's own registering does
    return str(made.version)
