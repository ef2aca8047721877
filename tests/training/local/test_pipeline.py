"""The steps in their order: what is made, what is current, and what may be installed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from cli.errors import InputError
from cli.files import recover_folder
from contract.bundle import MANIFEST_NAME, MODEL_NAME, Bundle, read_bundle
from contract.errors import BundleError
from tests.conftest import ROOT, make_bundle
from training.artifacts import Artifacts
from training.data.splits import group_holdout
from training.data.table import Table
from training.local.pipeline import install_bundle, is_current, make_candidate
from training.params import Params
from training.tracking.record import read_record, record_path


@pytest.fixture(scope="module", autouse=True)
def few_resamples() -> Iterator[None]:
    """An interval's width is not what is tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.local.pipeline.HOLDOUT_RESAMPLES", 10)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, table: Table, small_params: Params) -> Artifacts:
    artifacts = Artifacts(tmp_path_factory.mktemp("made") / "artifacts")
    make_candidate(artifacts, table, small_params)
    return artifacts


@pytest.fixture
def artifacts(made: Artifacts, tmp_path: Path) -> Artifacts:
    """A candidate that no test has touched."""
    fresh = Artifacts(tmp_path / "artifacts")
    fresh.candidate.mkdir(parents=True)
    for path in made.candidate.iterdir():
        (fresh.candidate / path.name).write_bytes(path.read_bytes())
    return fresh


def install(artifacts: Artifacts) -> Bundle:
    return install_bundle(artifacts, read_bundle(artifacts.candidate).digest)


def test_the_candidate_is_fitted_on_the_one_side_and_measured_on_the_other(made: Artifacts, table: Table) -> None:
    manifest = read_bundle(made.candidate).manifest
    split = group_holdout(table)
    assert manifest.data.rows == len(split.train)
    assert manifest.data.positives == int(table.target[split.train].sum())
    assert manifest.data.sha256 == table.sha256
    assert manifest.metrics.keys() >= {"pr_auc", "recall", "expected_cost"}
    assert not set(table.groups[split.train].tolist()) & set(table.groups[split.test].tolist())


def test_the_record_beside_the_candidate_is_what_will_be_logged(
    made: Artifacts, table: Table, small_params: Params
) -> None:
    bundle = read_bundle(made.candidate)
    record = read_record(made.candidate, bundle.digest)
    assert (record.name, record.version) == ("ai4i", bundle.manifest.version)
    assert record.metrics == bundle.manifest.metrics
    assert record.params["max_depth"] == small_params.model["max_depth"]
    assert record.params["evaluation.inner_folds"] == small_params.evaluation.inner_folds
    assert record.tags == {"data.sha256": table.sha256, "data.origin": table.origin, "data.rows": "3000"}
    assert len(record.folds) == small_params.evaluation.inner_folds


def test_training_leaves_the_candidate_and_its_record_and_serves_nothing(made: Artifacts) -> None:
    assert sorted(path.name for path in made.root.iterdir()) == ["candidate", "candidate.run.json"]
    assert record_path(made.candidate).name == "candidate.run.json"


def test_installing_makes_the_candidate_the_served_bundle_byte_by_byte(artifacts: Artifacts) -> None:
    bundle = install(artifacts)
    assert {path.name: path.read_bytes() for path in artifacts.bundle.iterdir()} == {
        path.name: path.read_bytes() for path in artifacts.candidate.iterdir()
    }
    assert bundle == read_bundle(artifacts.candidate)


@pytest.mark.slow
def test_a_candidate_that_is_not_the_judged_one_is_not_installed(
    artifacts: Artifacts, table: Table, small_params: Params
) -> None:
    judged = read_bundle(artifacts.candidate).digest
    make_bundle(artifacts.candidate, table, small_params)  # another training came in between
    with pytest.raises(InputError, match=rf"expected {judged[:12]}, which was judged: something else trains there"):
        install_bundle(artifacts, judged)
    assert not artifacts.bundle.exists()


def test_a_damaged_candidate_is_not_installed(artifacts: Artifacts) -> None:
    digest = read_bundle(artifacts.candidate).digest
    (artifacts.candidate / MODEL_NAME).write_bytes(b"{")
    with pytest.raises(BundleError, match=r"model.ubj has 1 bytes"):
        install_bundle(artifacts, digest)
    assert not artifacts.bundle.exists()


def test_a_bundle_is_current_for_its_own_inputs_only(
    artifacts: Artifacts, table: Table, small_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_current(artifacts, table, small_params)
    install(artifacts)
    assert is_current(artifacts, table, small_params)
    assert not is_current(artifacts, table, msgspec.structs.replace(small_params, seed=1))
    assert not is_current(artifacts, Table(table.dataset, table.frame, table.origin, "0" * 64), small_params)
    costs = msgspec.structs.replace(table.dataset, title="Changed")
    assert not is_current(artifacts, Table(costs, table.frame, table.origin, table.sha256), small_params)
    monkeypatch.setattr("training.lineage.provenance.digest_code", lambda: "0" * 64)
    assert not is_current(artifacts, table, small_params)


def test_a_changed_manifest_is_never_current(artifacts: Artifacts, table: Table, small_params: Params) -> None:
    install(artifacts)
    manifest = artifacts.bundle / MANIFEST_NAME
    manifest.write_bytes(manifest.read_bytes().replace(b'"threshold": 0.', b'"threshold": 1.'))
    assert not is_current(artifacts, table, small_params)


def test_a_cut_off_installation_is_undone_before_the_bundle_is_looked_at(
    artifacts: Artifacts, table: Table, small_params: Params
) -> None:
    install(artifacts)
    artifacts.bundle.rename(artifacts.root / ".bundle.former")  # killed between the two renames
    assert is_current(artifacts, table, small_params)
    assert read_bundle(artifacts.bundle).manifest.name == "ai4i"


@pytest.mark.parametrize("positives", [1, 5])
def test_a_holdout_with_too_few_positives_ends_with_one_line(
    table: Table, small_params: Params, tmp_path: Path, positives: int
) -> None:
    split = group_holdout(table)
    unseen = split.test[table.target[split.test] == 1][: positives - 4 if positives > 4 else 0]
    seen = split.train[table.target[split.train] == 1][:4]
    kept = np.sort(np.concatenate([np.flatnonzero(table.target == 0), seen, unseen]))
    frame = table.frame.iloc[kept].reset_index(drop=True)
    thinned = Table(table.dataset, frame, table.origin, table.sha256)
    with pytest.raises(InputError, match=r"give more data"):
        make_candidate(Artifacts(tmp_path), thinned, small_params)
    assert list(tmp_path.iterdir()) == []


def test_other_datasets_go_the_whole_way_without_a_change_to_the_code(
    other_table: Table, small_params: Params, tmp_path: Path
) -> None:
    artifacts = Artifacts(tmp_path / "artifacts")
    bundle = make_candidate(artifacts, other_table, small_params)
    assert install(artifacts) == bundle
    assert is_current(artifacts, other_table, small_params)


# reads a folder a line; trains and packages there, again and again, in a child whose id it prints, until that is killed
FORK_TRAININGS = """
import itertools, os, sys
from pathlib import Path
import msgspec
from training.artifacts import Artifacts
from training.data.load import load_table
from training.data.dataset_file import load_dataset
from training.params import load_params
from training.local.pipeline import install_bundle, make_candidate
from training.packaging import package
from training.local import pipeline
pipeline.HOLDOUT_RESAMPLES, package.PARITY_ROWS = 2, 100  # the moments that matter come sooner
table = load_table(load_dataset("ai4i"), "generator", Path(sys.argv[1]) / "rejected.csv", rows=1000, seed=3)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        params = load_params()  # here, since it uses OpenMP, which does not survive a fork
        model = {**params.model, "tree_method": "hist"}
        for seed in itertools.count(1000 * os.getpid()):
            changed = msgspec.structs.replace(params, model=model, rounds=10, seed=seed)
            artifacts = Artifacts(Path(line.strip()))
            bundle = make_candidate(artifacts, table, changed)
            print("step", flush=True)
            install_bundle(artifacts, bundle.digest)
            print("step", flush=True)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


@pytest.mark.slow
def test_kill_9_at_20_random_moments_leaves_whole_bundles_only(tmp_path: Path) -> None:
    random = np.random.default_rng(9)
    command = [sys.executable, "-c", FORK_TRAININGS, str(tmp_path)]
    artifacts = Artifacts(tmp_path / "artifacts")
    had: set[Path] = set()
    states, longest = [], 0.0
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        for _ in range(20):
            parent.stdin.write(f"{artifacts.root}\n")
            parent.stdin.flush()
            child = int(parent.stdout.readline())
            for _ in range(random.integers(0, 4)):
                begun = time.monotonic()
                assert parent.stdout.readline() == "step\n"
                longest = max(longest, time.monotonic() - begun)
            time.sleep(float(random.uniform(0.0, longest)))  # somewhere in the next steps, however slow the machine
            os.kill(child, signal.SIGKILL)
            while (said := parent.stdout.readline()) != "ended\n":
                assert said == "step\n"
            for folder in (artifacts.candidate, artifacts.bundle):
                if folder.exists():
                    read_bundle(folder)  # whole, as it stands
                recover_folder(folder)
                if folder in had or folder.exists():  # what once was there is there still
                    had.add(folder)
                    states.append(read_bundle(folder).digest)
    assert had == {artifacts.candidate, artifacts.bundle}
    assert len(set(states)) > 3  # it was killed at different moments of different trainings
