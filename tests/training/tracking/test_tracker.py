"""T6: every run is logged once, and an MLflow that is down, slow or broken costs seconds and loses nothing."""

import socket
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from cli.errors import EXIT_OUTSIDE, InputError, OutsideError
from contract.bundle import Bundle, read_bundle
from contract.schema import Interval
from tests.harness.loopback import QuietHandler, serve_until_end
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port
from tests.training.tracking.elsewhere import load_elsewhere
from tests.training.tracking.server import Server, fetch_bundle
from training.data.table import Table
from training.tracking import tracker as tracker_module
from training.tracking.address import hide_password, tracking_uri
from training.tracking.record import RunRecord, describe_table, read_record, record_path, write_record
from training.tracking.runs import DIGEST_TAG, create_run
from training.tracking.tracker import LIMITS, Tracker, VerdictNote


@pytest.fixture
def record(bundle: Bundle) -> RunRecord:
    return RunRecord(
        digest=bundle.digest,
        name="ai4i",
        version=bundle.manifest.version,
        revision="0" * 40,
        params={"eta": 0.03, "tree_method": "exact", "rounds": 40},
        metrics={"pr_auc": Interval(mean=0.9, low=0.8, high=0.95)},
        folds=({"pr_auc": 0.88}, {"pr_auc": 0.92}),
        tags={"data.sha256": "1" * 64, "data.origin": "file rows.csv"},
    )


# Quick: what needs no MLflow


def test_a_record_is_read_back_beside_its_bundle(record: RunRecord, tmp_path: Path) -> None:
    write_record(record, tmp_path / "candidate")
    assert record_path(tmp_path / "candidate") == tmp_path / "candidate.run.json"
    assert read_record(tmp_path / "candidate", record.digest) == record


def test_a_record_of_another_bundle_is_refused(record: RunRecord, tmp_path: Path) -> None:
    write_record(record, tmp_path / "candidate")
    with pytest.raises(
        InputError, match=rf"is of bundle {record.digest[:12]}, expected ffffffffffff: run `make train`"
    ):
        read_record(tmp_path / "candidate", "f" * 64)


def test_a_missing_or_damaged_record_is_named(record: RunRecord, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"candidate.run.json cannot be read: No such file"):
        read_record(tmp_path / "candidate", record.digest)
    write_record(record, tmp_path / "candidate")
    path = record_path(tmp_path / "candidate")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match=r"candidate.run.json is no record of a training: .* run `make train` again"):
        read_record(tmp_path / "candidate", record.digest)


def test_the_tracking_uri_is_the_environments_or_a_file_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert tracking_uri(tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracking.example.org")
    assert tracking_uri(tmp_path) == "http://tracking.example.org"


def test_a_password_is_not_shown() -> None:
    uri = "http://someone:s3cret@tracking.example.org/a"
    assert hide_password(f"asked {uri}b", uri) == "asked http://someone:***@tracking.example.org/ab"
    assert hide_password("nothing to hide", "sqlite:///x.db") == "nothing to hide"


# Slow: a real MLflow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    started = Server(tmp_path)
    try:
        started.wait()
        yield started
    finally:
        started.stop()


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture
def tracker(artifacts: Path) -> Tracker:
    """A file, which each test fills with a model of its own name."""
    return Tracker(f"sqlite:///{artifacts / 'mlflow.db'}", artifacts)


def rename(record: RunRecord, name: str) -> RunRecord:
    return msgspec.structs.replace(record, name=name)


def stand_for(bundle: Bundle, record: RunRecord) -> Bundle:
    """The bundle under the record's name."""
    manifest = msgspec.structs.replace(bundle.manifest, name=record.name, digest=record.digest)
    return Bundle(manifest, bundle.files)


def versions(tracker: Tracker, name: str) -> list[Any]:
    return list(tracker.client.search_model_versions(f"name = '{name}'"))


def runs(tracker: Tracker, name: str) -> list[Any]:
    experiment = tracker.client.get_experiment_by_name(name)
    return list(tracker.client.search_runs([experiment.experiment_id])) if experiment else []


@pytest.mark.slow
def test_a_run_is_logged_with_everything_it_was_made_of(
    tracker: Tracker, record: RunRecord, bundle_folder: Path
) -> None:
    record = rename(record, "whole")
    run_id = tracker.log_training(record, bundle_folder)
    run = tracker.client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"eta": "0.03", "tree_method": "exact", "rounds": "40"}
    assert run.data.metrics == {"pr_auc": 0.9, "pr_auc_low": 0.8, "pr_auc_high": 0.95, "fold_pr_auc": 0.92}
    folds = tracker.client.get_metric_history(run_id, "fold_pr_auc")
    assert sorted((fold.step, fold.value) for fold in folds) == [(0, 0.88), (1, 0.92)]
    assert run.data.tags["data.sha256"] == "1" * 64
    assert run.data.tags["mlflow.source.git.commit"] == record.revision
    assert run.data.tags[DIGEST_TAG] == record.digest


@pytest.mark.slow
def test_the_bundle_is_registered_as_challenger_and_can_be_fetched_whole(
    tracker: Tracker, record: RunRecord, bundle: Bundle, bundle_folder: Path, tmp_path: Path
) -> None:
    record = rename(record, "fetched")
    run_id = tracker.log_training(record, bundle_folder)
    found = tracker.client.get_model_version_by_alias("fetched", "challenger")
    assert found.run_id == run_id
    assert found.tags == {"digest": record.digest, "version": record.version}
    assert read_bundle(fetch_bundle(tracker.client, found, tmp_path)) == bundle


@pytest.mark.slow
def test_a_server_keeps_the_run_its_bundle_and_one_version(
    server: Server, record: RunRecord, bundle: Bundle, bundle_folder: Path, tmp_path: Path
) -> None:
    tracker = Tracker(server.uri, tmp_path)
    first = tracker.log_training(record, bundle_folder)
    assert tracker.log_training(record, bundle_folder) == first
    assert len(runs(tracker, "ai4i")) == len(versions(tracker, "ai4i")) == 1
    tracker.name_champion(bundle)
    for alias in ("challenger", "champion"):
        assert tracker.client.get_model_version_by_alias("ai4i", alias).run_id == first
    version = tracker.client.get_model_version_by_alias("ai4i", "champion")
    assert read_bundle(fetch_bundle(tracker.client, version, tmp_path)) == bundle
    row = bundle.manifest.golden[0]
    found = load_elsewhere("models:/ai4i@champion", [[row.row]], tmp_path, MLFLOW_TRACKING_URI=server.uri)
    assert abs(found["answers"][0][0]["score"] - row.score) <= 1e-6
    assert tracker.log_verdict(bundle, bundle_folder, VerdictNote("pass", {"pr_auc": 0.9}, {"gate.pr_auc": "0.90"}))
    [named] = tracker.client.search_model_versions("tags.verdict = 'pass' and tags.`gate.pr_auc` = '0.90'")
    assert named.version == version.version


@pytest.mark.slow
def test_logging_again_registers_nothing_twice(tracker: Tracker, record: RunRecord, bundle_folder: Path) -> None:
    record = rename(record, "repeated")
    first = tracker.log_training(record, bundle_folder)
    assert tracker.log_training(record, bundle_folder) == first
    again = Tracker(tracker.uri, tracker._files.parent)
    assert again.log_training(record, bundle_folder) == first
    assert len(runs(tracker, "repeated")) == len(versions(tracker, "repeated")) == 1
    assert len(tracker.client.get_metric_history(first, "pr_auc")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("point", ["log_model", "log_record", "register_model"])
def test_a_crash_half_way_is_taken_up_by_the_next_call(
    tracker: Tracker, record: RunRecord, bundle_folder: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = rename(record, f"crashed_{point}")

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(tracker_module, point, kill)
        with pytest.raises(Killed):
            tracker.log_training(record, bundle_folder)
    assert len(runs(tracker, record.name)) == 1
    assert versions(tracker, record.name) == []
    run_id = tracker.log_training(record, bundle_folder)
    assert [run.info.run_id for run in runs(tracker, record.name)] == [run_id]
    assert [version.run_id for version in versions(tracker, record.name)] == [run_id]


@pytest.mark.slow
def test_another_bundle_is_another_run_and_the_alias_moves_on(
    tracker: Tracker, record: RunRecord, bundle: Bundle, bundle_folder: Path
) -> None:
    first = rename(record, "renewed")
    second = msgspec.structs.replace(first, digest="e" * 64, version="later")
    assert tracker.log_training(first, bundle_folder) != tracker.log_training(second, bundle_folder)
    assert len(versions(tracker, "renewed")) == 2
    tracker.name_champion(stand_for(bundle, first))
    aliases = {
        alias: tracker.client.get_model_version_by_alias("renewed", alias).tags["digest"]
        for alias in ("champion", "challenger")
    }
    assert aliases == {"champion": first.digest, "challenger": second.digest}


@pytest.mark.slow
def test_the_verdict_and_its_report_join_the_run(
    tracker: Tracker, record: RunRecord, bundle: Bundle, bundle_folder: Path, tmp_path: Path
) -> None:
    record = rename(record, "judged")
    run_id = tracker.log_training(record, bundle_folder)
    (tmp_path / "report.json").write_text("{}")
    drawn = {"cost.svg": b"<svg/>"}
    note = VerdictNote("fail", {"pr_auc": 0.5}, {"gate.pr_auc": "0.50", "gate.failed": "leakage/values"}, drawn)
    assert tracker.log_verdict(stand_for(bundle, record), tmp_path, note)
    assert tracker.log_verdict(
        stand_for(bundle, record), tmp_path, VerdictNote("pass", {"pr_auc": 0.9}, {"gate.pr_auc": "0.90"})
    )
    assert tracker.client.get_run(run_id).data.tags["lathe.verdict"] == "pass"
    tags = versions(tracker, "judged")[0].tags
    assert (tags["verdict"], tags["gate.pr_auc"], "gate.failed" in tags) == ("pass", "0.90", False)
    run = tracker.client.get_run(run_id)
    assert run.data.metrics["gate_pr_auc"] == 0.9
    [model] = tracker.client.search_logged_models([run.info.experiment_id], f"tags.digest = '{record.digest}'")
    assert {metric.key: metric.value for metric in model.metrics}["gate_pr_auc"] == 0.9
    assert [entry.path for entry in tracker.client.list_artifacts(run_id, "plots")] == ["plots/cost.svg"]
    assert [entry.path for entry in tracker.client.list_artifacts(run_id, "gate")] == ["gate/report.json"]


@pytest.mark.slow
def test_a_bundle_that_mlflow_does_not_know_gets_no_verdict_and_no_alias(
    tracker: Tracker, record: RunRecord, bundle: Bundle, tmp_path: Path
) -> None:
    unknown = stand_for(bundle, rename(record, "unknown"))
    assert not tracker.log_verdict(unknown, tmp_path, VerdictNote("pass", {}, {}))
    assert not tracker.name_champion(unknown)


@pytest.mark.slow
def test_a_version_of_files_without_a_model_is_followed_by_one_that_loads(
    tracker: Tracker, record: RunRecord, bundle_folder: Path
) -> None:
    record = rename(record, "former")
    client = tracker.client
    run_id = create_run(client, tracker.find_experiment("former"), record)
    client.log_artifacts(run_id, str(bundle_folder), "bundle")
    client.create_registered_model("former")
    source = f"{client.get_run(run_id).info.artifact_uri}/bundle"
    client.create_model_version("former", source, run_id, tags={"digest": record.digest})
    client.set_registered_model_alias("former", "challenger", "1")
    assert tracker.log_training(record, bundle_folder) == run_id
    assert client.get_model_version_by_alias("former", "challenger").version == 2
    assert client.get_run(run_id).info.status == "FINISHED"


@pytest.mark.slow
def test_times_person_data_and_curves_are_those_of_the_training(
    tracker: Tracker, record: RunRecord, bundle_folder: Path, table: Table
) -> None:
    record = msgspec.structs.replace(
        rename(record, "timed"),
        started_ms=1_700_000_000_000,
        ended_ms=1_700_000_009_000,
        user="somebody",
        inputs=(describe_table(table, "training", "a" * 64), describe_table(table, "holdout", "b" * 64)),
        rounds={"rounds_train_log_loss": ((1, 0.6), (20, 0.2), (40, 0.1))},
    )
    run_id = tracker.log_training(record, bundle_folder)
    assert tracker.log_training(record, bundle_folder) == run_id
    run = tracker.client.get_run(run_id)
    assert (run.info.start_time, run.info.end_time) == (record.started_ms, record.ended_ms)
    assert run.info.user_id == "somebody"
    given = {one.tags[0].value: one.dataset for one in run.inputs.dataset_inputs}
    assert {context: one.digest for context, one in given.items()} == {"training": "a" * 32, "holdout": "b" * 32}
    curve = tracker.client.get_metric_history(run_id, "rounds_train_log_loss")
    assert [(point.step, point.value, point.timestamp) for point in curve] == [
        (step, value, record.ended_ms) for step, value in record.rounds["rounds_train_log_loss"]
    ]
    [model] = tracker.client.search_logged_models([run.info.experiment_id], f"tags.digest = '{record.digest}'")
    assert {metric.key: metric.dataset_digest for metric in model.metrics}["pr_auc"] == "b" * 32
    assert model.source_run_id == run_id


# Slow: an MLflow that does not do its part


class Broken(ThreadingHTTPServer):
    """Answers every request in one wrong way and counts them."""

    daemon_threads = True

    def __init__(self, way: str) -> None:
        super().__init__(("127.0.0.1", 0), Misbehave)
        self.way, self.asked, self.closing = way, 0, threading.Event()

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Misbehave(QuietHandler):
    def answer(self) -> None:
        server = cast(Broken, self.server)
        server.asked += 1
        if server.way == "hangs":
            server.closing.wait(LAST_RESORT_SECONDS)  # longer than the client may bear it
            return
        if server.way == "drops":
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response({"later": 503, "html": 200, "forbidden": 403, "empty": 200}.get(server.way, 500))
        if server.way == "later":
            self.send_header("Retry-After", "3600")
        body = {"html": b"<html>Sign in</html>", "empty": b"{}"}.get(server.way, b"broken")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = answer


@pytest.fixture
def broken(request: pytest.FixtureRequest) -> Iterator[Broken]:
    server = Broken(request.param)
    with serve_until_end(server):
        yield server
        server.closing.set()


@pytest.mark.slow
@pytest.mark.parametrize("broken", ["500", "hangs", "drops", "later", "html", "forbidden", "empty"], indirect=True)
def test_a_broken_server_is_given_up_within_seconds_and_by_name(
    broken: Broken, record: RunRecord, bundle: Bundle, bundle_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(OutsideError) as told:
        Tracker(broken.uri, tmp_path).log_training(record, bundle_folder)
    assert told.value.exit_code == EXIT_OUTSIDE
    assert str(told.value).startswith(f"MLflow at {broken.uri} did not do its part: ")
    assert str(told.value).endswith("The bundle is kept; run `python -m training track` when it is back")
    assert len(str(told.value).splitlines()) == 1
    assert 1 <= broken.asked <= 1 + int(LIMITS["MLFLOW_HTTP_REQUEST_MAX_RETRIES"]) + 6
    assert read_bundle(bundle_folder) == bundle


@pytest.mark.slow
def test_a_server_that_is_not_there_is_given_up_within_seconds(
    record: RunRecord, bundle_folder: Path, tmp_path: Path
) -> None:
    port = take_free_port()
    with pytest.raises(OutsideError, match="did not do its part") as told:
        Tracker(f"http://someone:s3cret@127.0.0.1:{port}", tmp_path).log_training(record, bundle_folder)
    assert "s3cret" not in str(told.value)


@pytest.mark.slow
def test_a_file_that_is_no_database_is_named(record: RunRecord, bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database" * 100)
    with pytest.raises(OutsideError, match="file is not a database"):
        Tracker(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path).log_training(record, bundle_folder)


@pytest.mark.slow
@pytest.mark.parametrize("uri", ["gopher://127.0.0.1", "http://", "http://no such host"])
def test_a_tracking_uri_that_is_none_is_named(record: RunRecord, bundle_folder: Path, tmp_path: Path, uri: str) -> None:
    with pytest.raises(OutsideError, match="did not do its part"):
        Tracker(uri, tmp_path).log_training(record, bundle_folder)


@pytest.mark.slow
def test_every_limit_is_one_that_mlflow_knows() -> None:
    from mlflow import environment_variables

    known = [name for name in LIMITS if name.startswith("MLFLOW_")]
    assert len(known) > 5
    assert [name for name in known if not hasattr(environment_variables, name)] == []
