"""One MLflow server or file: a bundle's run, model, version, verdict and aliases."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from cli.errors import OutsideError
from contract.bundle import Bundle
from contract.schema import Struct
from training.tracking.address import DATABASE, FILES, TRACK_AGAIN, hide_password
from training.tracking.models import find_model_id, list_versions, log_model, register_model
from training.tracking.nested import ParentRun, log_nested
from training.tracking.record import RunRecord, read_clock
from training.tracking.relocation import lead_here
from training.tracking.runs import DIGEST_TAG, create_run, find_run, log_metrics, log_record

RELEASE_TAG = "release"
CHALLENGER, CHAMPION = "challenger", "champion"
# a tracking server that is down must not hold up a trained model: 3 tries of 5 s, where MLflow's default is 8 of 120 s
LIMITS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a proxy may say an hour
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # it would copy the uv.lock of whatever folder this is started in
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",  # nothing stays open: Python 3.13 minds a file that nobody closes
    "GIT_PYTHON_REFRESH": "quiet",
}


class VerdictNote(Struct, frozen=True):
    """The gate's verdict, for the run and the version: numbers and texts by name, pictures by file name."""

    verdict: str
    metrics: dict[str, float]
    tags: dict[str, str]
    pictures: dict[str, bytes] = msgspec.field(default_factory=dict)


class Tracker:
    """One MLflow server or file. Every call is repeatable: a bundle has one run, one model and one registered version.

    Each method raises OutsideError if MLflow does not do its part within the limits.
    """

    def __init__(self, uri: str, artifacts: Path, hint: str = TRACK_AGAIN) -> None:
        for name, value in LIMITS.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient  # 2 s to import, and only after the limits are set

        self.uri, self._hint = uri, hint
        self._files = artifacts.resolve() / FILES
        with self.outside():
            # what a person should know: the file came from another folder
            self.note = lead_here(self._files.with_name(DATABASE), self._files) if self._is_ours() else None
            self.client: Any = MlflowClient(tracking_uri=uri, registry_uri=uri)

    def _is_ours(self) -> bool:
        return self.uri == f"sqlite:///{self._files.with_name(DATABASE)}"

    def log_training(self, record: RunRecord, folder: Path) -> str:
        """Logs the run with its model, registers that as `challenger`; the run's id.

        Raises: BundleError too.
        """
        with self.outside():
            run_id, version = self._log_bundle(record, folder)
            self.client.set_registered_model_alias(record.name, CHALLENGER, version)
            return run_id

    def log_release(self, record: RunRecord, folder: Path, release: str) -> str:
        """Registers a released bundle unless it is known, tags it with its release, and names it champion.

        Raises: BundleError too.
        """
        with self.outside():
            if not list_versions(self.client, record.name, record.digest):
                self._log_bundle(record, folder)
            version = list_versions(self.client, record.name, record.digest)[0]
            self.client.set_model_version_tag(version.name, version.version, RELEASE_TAG, release)
            self.client.set_registered_model_alias(version.name, CHAMPION, version.version)
            return str(version.version)

    def _log_bundle(self, record: RunRecord, folder: Path) -> tuple[str, str]:
        """The run's id and the version's number."""
        experiment = self.find_experiment(record.name)
        run = find_run(self.client, experiment, DIGEST_TAG, record.digest)
        run_id = run or create_run(self.client, experiment, record)
        model_id = log_model(self.client, experiment, run_id, record, folder)
        log_record(self.client, run_id, model_id, record)
        version = register_model(self.client, run_id, model_id, record)
        if run is None or self.client.get_run(run_id).info.status != "FINISHED":
            self.client.set_terminated(run_id, end_time=record.ended_ms)
        return run_id, version

    def log_verdict(self, bundle: Bundle, report: Path, note: VerdictNote) -> bool:
        """Adds the gate's report, numbers and pictures to the bundle's run, and the verdict to its version.

        False if MLflow does not know the bundle.
        """
        from mlflow.entities import Metric

        with self.outside():
            versions = list_versions(self.client, bundle.manifest.name, bundle.digest)
            when = read_clock()
            for version in versions:
                self.client.log_artifacts(version.run_id, str(report), "gate")
                for name, content in note.pictures.items():
                    self.client.log_text(version.run_id, content.decode(), f"plots/{name}")
                self.client.set_tag(version.run_id, "lathe.verdict", note.verdict)
                model = find_model_id(version)
                metrics = [
                    Metric(f"gate_{name}", value, when, 0, model_id=model) for name, value in note.metrics.items()
                ]
                log_metrics(self.client, version.run_id, metrics)
                self._tag_version(version, {"verdict": note.verdict, **note.tags})
            return bool(versions)

    def _tag_version(self, version: Any, tags: Mapping[str, str]) -> None:
        """Also removes what an earlier verdict left and this one does not have."""
        for former in version.tags.keys() - tags.keys():
            if former.startswith("gate."):
                self.client.delete_model_version_tag(version.name, version.version, former)
        for name, value in tags.items():
            self.client.set_model_version_tag(version.name, version.version, name, value)

    def log_nested(self, name: str, parent: ParentRun, artifact: Path) -> str:
        """Logs an evaluation or a search of data set `name` with its file; the id of the run above."""
        with self.outside():
            run_id = log_nested(self.client, self.find_experiment(name), parent)
            self.client.log_artifact(run_id, str(artifact))
            return run_id

    def name_champion(self, bundle: Bundle) -> bool:
        """Moves the alias `champion` to the bundle; False if MLflow does not know it."""
        with self.outside():
            versions = list_versions(self.client, bundle.manifest.name, bundle.digest)
            for version in versions:
                self.client.set_registered_model_alias(version.name, CHAMPION, version.version)
            return bool(versions)

    def find_released(self, name: str) -> str | None:
        """The release that the champion says it is of; None without a champion, or if it does not say."""
        from mlflow.exceptions import MlflowException

        with self.outside():
            try:
                number = self.client.get_registered_model(name).aliases.get(CHAMPION)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                return None
            tag = self.client.get_model_version(name, number).tags.get(RELEASE_TAG) if number else None
            return str(tag) if tag else None

    def find_experiment(self, name: str) -> str:
        """The id of the data set's experiment, which is made unless it is there."""
        experiment = self.client.get_experiment_by_name(name)
        if experiment is not None:
            return str(experiment.experiment_id)
        local = self.uri.startswith("sqlite:")  # a server has its own place for artifacts
        location = self._files.as_uri() if local else None
        kind = {"mlflow.experimentKind": "custom_model_development"}  # else the page guesses
        return str(self.client.create_experiment(name, artifact_location=location, tags=kind))

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Raises: OutsideError for whatever MLflow, its server or its file raise."""
        from mlflow.exceptions import MlflowException
        from requests.exceptions import RequestException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield
        except (MlflowException, RequestException, SQLAlchemyError, sqlite3.Error, OSError) as error:
            message = hide_password(str(error), self.uri)
            reason = message.splitlines()[0][:200].rstrip(".") if message else type(error).__name__
            raise OutsideError(
                f"MLflow at {hide_password(self.uri, self.uri)} did not do its part: {reason}. {self._hint}"
            ) from error
