"""`make up` as a person runs it: the whole way once, nothing twice, and no way round the checks."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from cli.errors import InputError
from contract.bundle import MODEL_NAME, Bundle, read_bundle
from tests.conftest import ROOT
from tests.contract.forging import write_forged
from tests.ports import take_free_port
from training.artifacts import Artifacts
from training.data.table import Table
from training.local.local_predictor import find_predictor, stop_predictor
from training.local.up import bring_up, renew_bundle
from training.params import PARAMS, Params, load_params
from training.tracking.address import tracking_uri
from training.tracking.tracker import Tracker

SECOND_RUN_SECONDS = 20
# a third of the trees at three times the rate
QUICK = (
    PARAMS.read_text()
    .replace("rounds: 300", "rounds: 90")
    .replace("eta: 0.03", "eta: 0.1")
    .replace("tree_method: exact", "tree_method: hist")
)

pytestmark = pytest.mark.slow


class Installation:
    """A folder in which `up` is run, as a fresh clone would be."""

    def __init__(self, folder: Path) -> None:
        self.artifacts = Artifacts(folder / "artifacts")
        self.params = folder / "params.yaml"
        self.params.write_text(QUICK)
        self.port = take_free_port()

    def run(self, verb: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [
            sys.executable,
            "-m",
            "training",
            verb,
            *map(str, arguments),
            "--artifacts",
            str(self.artifacts.root),
        ]
        environment = {**os.environ, "MLFLOW_TRACKING_URI": ""}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=500, check=False
        )

    def up(self, *arguments: str | Path, port: int | None = None) -> subprocess.CompletedProcess[str]:
        given = ("--data", "generator", "--params", self.params, "--port", str(port or self.port))
        return self.run("up", *given, *arguments)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ready(self) -> dict[str, str]:
        answer: dict[str, str] = httpx.get(f"{self.url}/readyz", trust_env=False).raise_for_status().json()
        return answer


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Installation, subprocess.CompletedProcess[str]]]:
    """The first run, and what it printed."""
    place = Installation(tmp_path_factory.mktemp("clone"))
    try:
        yield place, place.up()
    finally:
        stop_predictor(place.artifacts.predictor)


@pytest.fixture
def place(first: tuple[Installation, subprocess.CompletedProcess[str]]) -> Installation:
    """The installation, its predictor running."""
    if find_predictor(first[0].artifacts.predictor) is None:
        assert first[0].up().returncode == 0
    return first[0]


def test_the_first_run_goes_from_data_to_served_predictions(
    first: tuple[Installation, subprocess.CompletedProcess[str]],
) -> None:
    place, ended = first
    assert (ended.returncode, ended.stderr) == (0, "")
    for passage in (
        "10,000 rows",
        "no champion yet",
        "PR-AUC",
        "Gate: PASS",
        "Answers of the running predictor",
        "make down",
    ):
        assert passage in ended.stdout
    assert f"{place.url}/v1/predict" in ended.stdout
    bundle = read_bundle(place.artifacts.bundle)
    assert bundle.digest in json.dumps(place.ready())
    report = json.loads((place.artifacts.gate / "report.json").read_text())
    assert report["verdict"] == "pass"
    for name in ("report.md", "report.html"):
        assert (place.artifacts.gate / name).stat().st_size > 0


def test_what_is_served_scores_as_what_was_trained(place: Installation) -> None:
    golden = read_bundle(place.artifacts.bundle).manifest.golden
    rows = [entry.row for entry in golden]
    answer = httpx.post(f"{place.url}/v1/predict", json={"rows": rows}, trust_env=False).json()
    assert [prediction["score"] for prediction in answer["predictions"]] == pytest.approx(
        [entry.score for entry in golden], abs=1e-6
    )


def test_a_second_run_trains_nothing_and_is_quick(place: Installation) -> None:
    before = {path: path.stat().st_mtime_ns for path in place.artifacts.bundle.iterdir()}
    running = find_predictor(place.artifacts.predictor)
    begun = os.times().children_user  # not the clock: other tests run beside this one
    ended = place.up()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert os.times().children_user - begun < SECOND_RUN_SECONDS
    assert "nothing has changed" in ended.stdout
    assert "the predictor runs already" in ended.stdout
    assert "Gate" not in ended.stdout
    assert {path: path.stat().st_mtime_ns for path in place.artifacts.bundle.iterdir()} == before
    assert find_predictor(place.artifacts.predictor) == running


def test_a_given_bundle_is_served_as_it_is(place: Installation, tmp_path: Path) -> None:
    bundle = shutil.copytree(place.artifacts.bundle, tmp_path / "bundle")
    ended = place.up("--bundle", bundle)
    assert ended.returncode == 0, ended.stderr
    assert "as it is, nothing is trained" in ended.stdout


def test_a_changed_bundle_is_refused_and_what_is_served_is_served_still(place: Installation, tmp_path: Path) -> None:
    bundle = shutil.copytree(place.artifacts.bundle, tmp_path / "bundle")
    content = (bundle / MODEL_NAME).read_bytes()
    (bundle / MODEL_NAME).write_bytes(content[:1000] + b"\0" + content[1001:])
    ended = place.up("--bundle", bundle)
    assert ended.returncode == 2
    assert f"{MODEL_NAME} has SHA-256" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    place.ready()


def test_a_changed_champion_is_refused_and_nothing_is_trained_over_it(place: Installation) -> None:
    path = place.artifacts.bundle / MODEL_NAME
    content = path.read_bytes()
    path.write_bytes(content[:1000] + b"\0" + content[1001:])
    candidate = read_bundle(place.artifacts.candidate)
    try:
        same, other = place.up(), place.up("--seed", "77")
    finally:
        path.write_bytes(content)
    assert (same.returncode, other.returncode) == (2, 2)
    assert f"{MODEL_NAME} has SHA-256" in same.stderr
    assert "the champion cannot be read" in other.stderr
    assert "restore it, or remove" in other.stderr
    assert read_bundle(place.artifacts.candidate) == candidate


def test_a_taken_port_is_refused_and_what_is_served_is_served_still(place: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        ended = place.up(port=port)
    assert ended.returncode == 2
    assert f"port {port} cannot be listened on" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    place.ready()


def test_a_bundle_of_another_dataset_is_refused_before_it_is_served(
    other_bundle: Bundle, table: Table, tmp_path: Path
) -> None:
    artifacts = Artifacts(tmp_path / "artifacts", served=write_forged(tmp_path / "bundle", other_bundle))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    with pytest.raises(InputError, match=rf"is of dataset '{other_bundle.manifest.name}', expected 'ai4i'"):
        bring_up(artifacts, table.dataset, "generator", load_params(), port, 3000, 3)
    assert find_predictor(artifacts.predictor) is None


def test_a_model_that_the_gate_refuses_is_not_served(place: Installation, tmp_path: Path) -> None:
    served = read_bundle(place.artifacts.bundle)
    place.params.write_text(QUICK.replace("gamma: 0.0", "gamma: 1000000000.0"))
    try:
        ended = place.up()
    finally:
        place.params.write_text(QUICK)
    assert ended.returncode == 1
    assert "Gate: FAIL" in ended.stdout
    assert "the candidate is not served; why stands in" in ended.stderr
    assert read_bundle(place.artifacts.bundle) == served
    place.ready()


def renew(artifacts: Artifacts, table: Table, params: Params) -> tuple[Bundle, dict[str, Any]]:
    """The bundle that passed, and what the gate's report says."""
    bundle = renew_bundle(artifacts, table, params)
    return bundle, json.loads((artifacts.gate / "report.json").read_text())


def test_changed_parameters_are_judged_against_the_champion_and_take_its_place(
    table: Table, quick_params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    artifacts = Artifacts(tmp_path / "artifacts")
    former, report = renew(artifacts, table, quick_params)
    assert report["champion"] is None
    # no other model, so that it has to pass
    evaluation = msgspec.structs.replace(quick_params.evaluation, repeats=quick_params.evaluation.repeats + 1)
    changed, report = renew(artifacts, table, msgspec.structs.replace(quick_params, evaluation=evaluation))
    assert changed.digest != former.digest
    assert report["champion"]["digest"] == former.digest
    assert report["candidate"]["digest"] == changed.digest
    assert read_bundle(artifacts.bundle) == changed
    client = Tracker(tracking_uri(artifacts.root), artifacts.root).client
    for alias in ("champion", "challenger"):
        tags = client.get_model_version_by_alias("ai4i", alias).tags
        assert {name: value for name, value in tags.items() if not name.startswith("gate.")} == {
            "digest": changed.digest,
            "version": changed.manifest.version,
            "verdict": "pass",
        }
        assert tags["gate.champion"] == former.digest


def test_a_tracking_server_that_is_down_keeps_no_model_from_being_installed(
    table: Table,
    quick_params: Params,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        uri = f"http://127.0.0.1:{listener.getsockname()[1]}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    artifacts = Artifacts(tmp_path / "artifacts")
    bundle, report = renew(artifacts, table, quick_params)
    assert report["verdict"] == "pass"
    assert read_bundle(artifacts.bundle) == bundle
    warnings = capsys.readouterr().err.splitlines()
    assert warnings
    assert all(line.startswith(f"warning: MLflow at {uri} did not do its part") for line in warnings)


def test_down_stops_it_once(place: Installation) -> None:
    ended = place.run("down")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "the predictor is stopped" in ended.stdout
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{place.url}/healthz", trust_env=False)
    assert "no predictor of ours was running" in place.run("down").stdout
