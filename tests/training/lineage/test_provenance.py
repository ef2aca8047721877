"""What a bundle was made from: every input counts, and the folder does not."""

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from training.data.table import Table
from training.lineage import provenance
from training.lineage.provenance import (
    LIBRARIES,
    SOURCES,
    describe_inputs,
    describe_revision,
    list_libraries,
    name_version,
)
from training.params import Params

digest_code = provenance.digest_code.__wrapped__  # asked anew each time


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sources in another folder, which provenance takes for its own."""
    for source in SOURCES:
        shutil.copytree(source, tmp_path / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(provenance, "SOURCES", tuple(tmp_path / source.name for source in SOURCES))
    return tmp_path


def test_the_code_has_the_same_digest_in_another_folder(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = digest_code()
    monkeypatch.setattr(provenance, "SOURCES", SOURCES)
    assert digest_code() == elsewhere


@pytest.mark.parametrize(
    "path", ["training/model/train.py", "training/data/splits.py", "contract/compute/features/ai4i.py"]
)
def test_a_changed_new_or_renamed_source_file_changes_the_codes_digest(copied: Path, path: str) -> None:
    before = digest_code()
    file = copied / path
    content = file.read_bytes()
    file.write_bytes(content + b"\n")
    changed = digest_code()
    file.write_bytes(content)
    renamed = file.rename(file.with_name("renamed.py"))
    moved = digest_code()
    renamed.rename(file)
    assert digest_code() == before
    (file.parent / "new.py").write_bytes(b"")
    assert len({before, changed, moved, digest_code()}) == 4


def test_how_a_model_is_judged_and_logged_does_not_change_what_it_is(copied: Path) -> None:
    before = digest_code()
    for path in ("training/gate/judge.py", "training/report/write.py", "training/tracking/tracker.py"):
        (copied / path).write_text("", encoding="utf-8")
    assert digest_code() == before


def test_what_is_no_source_does_not_count(copied: Path) -> None:
    before = digest_code()
    (copied / "training" / "notes.txt").write_text("x")
    (copied / "training" / "__pycache__").mkdir()
    (copied / "training" / "__pycache__" / "train.pyc").write_text("x")
    assert digest_code() == before


def test_every_input_has_its_own_digest(table: Table, small_params: Params) -> None:
    inputs = describe_inputs(table, small_params)
    assert inputs.keys() == {"data", "dataset", "params", "code", "libraries"}
    assert all(len(digest) == 64 for digest in inputs.values())

    def changed(other: dict[str, str]) -> set[str]:
        return {name for name in inputs if other[name] != inputs[name]}

    assert changed(describe_inputs(table, small_params)) == set()
    seeded = msgspec.structs.replace(small_params, seed=small_params.seed + 1)
    assert changed(describe_inputs(table, seeded)) == {"params"}
    titled = msgspec.structs.replace(table.dataset, title="Another")
    assert changed(describe_inputs(Table(titled, table.frame, table.origin, table.sha256), small_params)) == {"dataset"}
    other = Table(table.dataset, table.frame, table.origin, "0" * 64)
    assert changed(describe_inputs(other, small_params)) == {"data"}


def test_another_library_version_is_another_input(
    table: Table, small_params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = describe_inputs(table, small_params)
    monkeypatch.setattr(provenance, "list_libraries", lambda: {**list_libraries(), "numpy": "0.0"})
    assert describe_inputs(table, small_params)["libraries"] != before["libraries"]


def test_the_order_of_parameters_in_the_file_does_not_count(table: Table, small_params: Params) -> None:
    turned = msgspec.structs.replace(small_params, model=dict(reversed(small_params.model.items())))
    assert describe_inputs(table, turned) == describe_inputs(table, small_params)


def test_the_version_stands_for_all_inputs() -> None:
    version = name_version({"a": "1", "b": "2"})
    assert len(version) == 12
    assert version == name_version({"b": "2", "a": "1"})
    assert version != name_version({"a": "1", "b": "3"})


def test_the_libraries_are_those_installed() -> None:
    found = list_libraries()
    assert set(found) <= set(LIBRARIES)
    assert {"numpy", "scikit-learn", "onnx"} <= set(found)
    assert ("xgboost-cpu" in found) != ("xgboost" in found)


def test_the_revision_is_the_commit_and_says_when_files_differ(copied: Path) -> None:
    git(copied, "init", "-q")
    git(copied, "add", ".")
    git(copied, "commit", "-qm", "first")
    commit = git(copied, "rev-parse", "HEAD")
    git(copied, "tag", "v1.0")
    assert describe_revision() == commit
    (copied / "training" / "model" / "train.py").write_text("changed")
    assert describe_revision() == f"{commit}-dirty"


def test_without_git_the_revision_is_unknown(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert describe_revision() == "unknown"
    monkeypatch.setenv("PATH", "")
    assert describe_revision() == "unknown"


@pytest.mark.parametrize(
    "path",
    ["contract/approval.py", "contract/psi.py", "contract/report.py", "contract/wording.py", "training/gate/judge.py"],
)
def test_what_judges_and_shows_a_model_does_not_change_the_codes_digest(copied: Path, path: str) -> None:
    before = digest_code()
    (copied / path).write_bytes((copied / path).read_bytes() + b"\n")
    assert digest_code() == before
