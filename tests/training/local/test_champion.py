"""MLflow's champion follows the releases: by Git's order, once each, and a silent MLflow undoes no release."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cli.errors import EXIT_OUTSIDE, EXIT_USAGE, InputError
from contract.bundle import Bundle, read_bundle
from tests.patience import LAST_RESORT_SECONDS
from tests.training.tracking.server import Server, fetch_bundle
from training.artifacts import Artifacts
from training.local.champion import name_released, order_version
from training.tracking import tracker
from training.tracking.address import tracking_uri
from training.tracking.tracker import Tracker

ROOT = Path(__file__).parents[3]


@pytest.fixture
def artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Artifacts:
    """With a SQLite file of its own."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return Artifacts(tmp_path / "artifacts")


def open_client(artifacts: Artifacts) -> Any:
    return Tracker(tracking_uri(artifacts.root), artifacts.root).client


def list_versions(client: Any) -> list[Any]:
    return list(client.search_model_versions("name = 'ai4i'"))


def read_aliases(client: Any) -> dict[str, str]:
    return {alias: str(number) for alias, number in client.get_registered_model("ai4i").aliases.items()}


@pytest.mark.parametrize(
    ("release", "order"),
    [("v1.2.3", (1, 2, 3)), ("v1.10.0", (1, 10, 0)), ("v1.2", None), ("1.2.3", None), ("v1.2.3-rc1", None)],
)
def test_releases_are_compared_as_versions(release: str, order: tuple[int, ...] | None) -> None:
    assert order_version(release) == order


def test_what_is_no_release_is_refused(artifacts: Artifacts, bundle_folder: Path) -> None:
    with pytest.raises(InputError, match=r"release 'latest' is not usable, expected vMAJOR\.MINOR\.PATCH"):
        name_released(artifacts, bundle_folder, "latest")


@pytest.mark.slow
def test_an_unknown_bundle_is_registered_once_and_named_champion(
    artifacts: Artifacts, bundle: Bundle, bundle_folder: Path, tmp_path: Path
) -> None:
    artifacts.root.mkdir()
    for _ in range(2):
        name_released(artifacts, bundle_folder, "v1.2.3")
    client = open_client(artifacts)
    [version] = list_versions(client)
    assert version.tags == {"digest": bundle.digest, "version": bundle.manifest.version, "release": "v1.2.3"}
    assert read_aliases(client) == {"champion": "1"}  # and no challenger
    assert read_bundle(fetch_bundle(client, version, tmp_path)) == bundle
    assert client.get_run(version.run_id).data.metrics.keys() >= set(bundle.manifest.metrics)


@pytest.mark.slow
def test_the_same_bundle_released_again_is_the_same_version(artifacts: Artifacts, bundle_folder: Path) -> None:
    artifacts.root.mkdir()
    for release in ("v1.2.3", "v1.3.0"):
        name_released(artifacts, bundle_folder, release)
    [version] = list_versions(open_client(artifacts))
    assert version.tags["release"] == "v1.3.0"


@pytest.mark.slow
def test_a_patch_of_an_older_line_does_not_become_champion(
    artifacts: Artifacts, bundle_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    artifacts.root.mkdir()
    for release in ("v1.10.0", "v1.9.1"):
        name_released(artifacts, bundle_folder, release)
    assert "the champion is of v1.10.0, which is higher than v1.9.1: it stays" in capsys.readouterr().out
    [version] = list_versions(open_client(artifacts))
    assert version.tags["release"] == "v1.10.0"


@pytest.mark.slow
@pytest.mark.parametrize("point", ["log_record", "register_model"])
def test_a_crash_half_way_is_taken_up_by_the_next_call(
    artifacts: Artifacts, bundle_folder: Path, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifacts.root.mkdir()

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(tracker, point, kill)
        with pytest.raises(Killed):
            name_released(artifacts, bundle_folder, "v1.2.3")
    name_released(artifacts, bundle_folder, "v1.2.3")
    client = open_client(artifacts)
    [version] = list_versions(client)
    assert read_aliases(client) == {"champion": str(version.version)}
    experiment = client.get_experiment_by_name("ai4i")
    assert len(client.search_runs([experiment.experiment_id])) == 1


@pytest.mark.slow
def test_a_server_is_seeded_by_the_command_line(
    tmp_path: Path, bundle: Bundle, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "server").mkdir()
    server = Server(tmp_path / "server")
    try:
        server.wait()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.uri)
        done = run_verb(bundle_folder, tmp_path, "v1.2.3")
        assert done.returncode == 0, done.stderr
        assert f"bundle {bundle.digest[:12]} of v1.2.3 is champion, version 1 of ai4i" in done.stdout
        found = Tracker(server.uri, tmp_path).client.get_model_version_by_alias("ai4i", "champion")
        assert found.tags["digest"] == bundle.digest
    finally:
        server.stop()
    silent = run_verb(bundle_folder, tmp_path, "v1.2.3")
    assert silent.returncode == EXIT_OUTSIDE
    assert "The release stands; run `python -m training champion --release v1.2.3" in silent.stderr
    assert "Traceback" not in silent.stderr


@pytest.mark.slow
def test_a_damaged_bundle_is_never_named(tmp_path: Path, bundle_folder: Path) -> None:
    folder = tmp_path / "bundle"
    folder.mkdir()
    for path in bundle_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "model.ubj").write_bytes(b"other")
    done = run_verb(folder, tmp_path, "v1.2.3")
    assert done.returncode == EXIT_USAGE
    assert not (tmp_path / "mlflow.db").exists()


def run_verb(bundle: Path, root: Path, release: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "training", "champion", "--bundle", str(bundle), "--release", release]
    return subprocess.run(
        [*command, "--artifacts", str(root)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )
