"""The record of runs in MLflow, and which bundle is champion and which challenger. A view: Git decides what runs."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from app.contract.bundle import Bundle
from app.contract.schema import Interval, Struct
from training.errors import InputError, OutsideError
from training.files import write_file
from training.relocation import lead_here
from training.yaml_file import read_struct

DIGEST_TAG = "lathe.bundle_digest"
RELEASE_TAG = "release"
CHAMPION = "champion"
DATABASE, FILES = "mlflow.db", "mlflow"  # below the artifacts
TRACK_AGAIN = "The bundle is kept; run `python -m training track` when it is back"
# a tracking server that is down must not hold up a trained model: 3 tries of 5 s, where MLflow's default is 8 of 120 s
LIMITS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a proxy may say an hour
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",  # nothing stays open: Python 3.13 minds a file that nobody closes
    "GIT_PYTHON_REFRESH": "quiet",
}


class RunRecord(Struct, frozen=True):
    """What a training run leaves beside its bundle, so that it can be logged at any later time."""

    digest: str
    name: str
    version: str
    revision: str
    params: dict[str, float | int | str]
    metrics: dict[str, Interval]
    folds: tuple[dict[str, float], ...]
    tags: dict[str, str]


def record_path(bundle: Path) -> Path:
    return bundle.with_name(f"{bundle.name}.run.json")


def write_record(record: RunRecord, bundle: Path) -> None:
    """Raises: InputError if the disk refuses."""
    write_file(record_path(bundle), msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")


def read_record(bundle: Path, digest: str) -> RunRecord:
    """Raises: InputError if there is none or it is another bundle's."""
    path = record_path(bundle)
    record = read_struct(path, RunRecord)
    if record.digest != digest:
        raise InputError(f"{path} is of bundle {record.digest[:12]}, expected {digest[:12]}: run `make train` again")
    return record


def hide_password(text: str, uri: str) -> str:
    """`text` without the password that `uri` may hold."""
    password = urlsplit(uri).password
    return text.replace(f":{password}@", ":***@") if password else text


def tracking_uri(artifacts: Path) -> str:
    """MLFLOW_TRACKING_URI, else a SQLite file under `artifacts`.

    Raises: OutsideError if that has a name which MLflow would read otherwise.
    """
    if told := os.environ.get("MLFLOW_TRACKING_URI"):
        return told
    database = artifacts.resolve() / DATABASE
    if set("?%") & set(str(database)):  # it would write beside the folder, and say nothing
        raise OutsideError(
            f"{database} has ? or % in its path, which MLflow takes for a part of an address; rename the folder, "
            f"or set MLFLOW_TRACKING_URI. {TRACK_AGAIN}"
        )
    return f"sqlite:///{database}"


class Tracker:
    """One MLflow server or file. Every call is repeatable: a bundle has one run and one registered version.

    Each method raises OutsideError if MLflow does not do its part within the limits.
    """

    def __init__(self, uri: str, artifacts: Path, hint: str = TRACK_AGAIN) -> None:
        for name, value in LIMITS.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient  # noqa: PLC0415 - 2 s to import, and only after the limits are set

        self.uri, self._hint = uri, hint
        self._files = artifacts.resolve() / FILES
        with self._outside():
            # what a person should know: the file came from another folder
            self.note = lead_here(self._files.with_name(DATABASE), self._files) if self._is_ours() else None
            self._client: Any = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def _is_ours(self) -> bool:
        return self.uri == f"sqlite:///{self._files.with_name(DATABASE)}"

    def log_training(self, record: RunRecord, folder: Path) -> str:
        """Logs the run with its bundle, registers the bundle as `challenger`; the run's id."""
        with self._outside():
            run_id = self._find_run(record) or self._create_run(record)
            self._log_numbers(run_id, record)
            self._client.log_artifacts(run_id, str(folder), "bundle")
            version = self._register(record, run_id)
            self._client.set_registered_model_alias(record.name, "challenger", version)
            self._client.set_terminated(run_id)
            return run_id

    def log_verdict(self, bundle: Bundle, report: Path, verdict: str) -> None:
        """Adds the gate's report to the bundle's run, and its verdict to the run and the registered version."""
        with self._outside():
            for version in self._versions(bundle.manifest.name, bundle.digest):
                self._client.log_artifacts(version.run_id, str(report), "gate")
                self._client.set_tag(version.run_id, "lathe.verdict", verdict)
                self._client.set_model_version_tag(version.name, version.version, "verdict", verdict)

    def name_champion(self, bundle: Bundle) -> None:
        """Moves the alias `champion` to the bundle."""
        with self._outside():
            for version in self._versions(bundle.manifest.name, bundle.digest):
                self._client.set_registered_model_alias(version.name, CHAMPION, version.version)

    def find_released(self, name: str) -> str | None:
        """The release that the champion says it is of; None without a champion, or if it does not say."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        with self._outside():
            try:
                number = self._client.get_registered_model(name).aliases.get(CHAMPION)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                return None
            found = self._client.get_model_version(name, number).tags.get(RELEASE_TAG) if number else None
            return str(found) if found else None

    def log_release(self, record: RunRecord, folder: Path, release: str) -> str:
        """Registers a released bundle unless it is known, tags it with its release, and names it champion."""
        with self._outside():
            if not self._versions(record.name, record.digest):
                run_id = self._find_run(record) or self._create_run(record)
                self._log_numbers(run_id, record)
                self._client.log_artifacts(run_id, str(folder), "bundle")
                self._register(record, run_id)
                self._client.set_terminated(run_id)
            found = self._versions(record.name, record.digest)[0]
            self._client.set_model_version_tag(found.name, found.version, RELEASE_TAG, release)
            self._client.set_registered_model_alias(found.name, CHAMPION, found.version)
            return str(found.version)

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        local = self.uri.startswith("sqlite:")  # a server keeps artifacts where it was told to
        location = self._files.as_uri() if local else None
        return str(self._client.create_experiment(name, artifact_location=location))

    def _find_run(self, record: RunRecord) -> str | None:
        query = f"tags.`{DIGEST_TAG}` = '{record.digest}'"
        runs = self._client.search_runs([self._experiment(record.name)], query, max_results=1)
        return runs[0].info.run_id if runs else None

    def _create_run(self, record: RunRecord) -> str:
        tags = {**record.tags, DIGEST_TAG: record.digest, "mlflow.source.git.commit": record.revision}
        run = self._client.create_run(self._experiment(record.name), tags=tags, run_name=f"train {record.version}")
        return str(run.info.run_id)

    def _log_numbers(self, run_id: str, record: RunRecord) -> None:
        from mlflow.entities import Metric, Param  # noqa: PLC0415

        def metric(name: str, value: float, step: int = 0) -> Any:
            return Metric(name, value, 0, step)

        holdout = [metric(name, value.mean) for name, value in record.metrics.items()]
        bounds = [metric(f"{name}_low", value.low) for name, value in record.metrics.items()]
        bounds += [metric(f"{name}_high", value.high) for name, value in record.metrics.items()]
        folds = [
            metric(f"fold_{name}", value, step)
            for step, fold in enumerate(record.folds)
            for name, value in fold.items()
        ]
        params = [Param(name, str(value)) for name, value in record.params.items()]
        self._client.log_batch(run_id, metrics=[*holdout, *bounds, *folds], params=params)

    def _versions(self, name: str, digest: str) -> list[Any]:
        return list(self._client.search_model_versions(f"name = '{name}' and tag.digest = '{digest}'"))

    def _register(self, record: RunRecord, run_id: str) -> str:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        try:
            self._client.create_registered_model(record.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        if found := self._versions(record.name, record.digest):
            return str(found[0].version)
        source = f"{self._client.get_run(run_id).info.artifact_uri}/bundle"
        tags = {"digest": record.digest, "version": record.version}
        return str(self._client.create_model_version(record.name, source, run_id, tags=tags).version)

    @contextmanager
    def _outside(self) -> Iterator[None]:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415
        from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

        try:
            yield
        except (MlflowException, RequestException, SQLAlchemyError, sqlite3.Error, OSError) as error:
            said = hide_password(str(error), self.uri)
            reason = said.splitlines()[0][:200].rstrip(".") if said else type(error).__name__
            raise OutsideError(
                f"MLflow at {hide_password(self.uri, self.uri)} did not do its part: {reason}. {self._hint}"
            ) from error
