"""What goes into an image: a verified bundle that the gate let pass, and nothing in its place otherwise."""

import json
import os
import shutil
from pathlib import Path

import pytest

from cli.errors import InputError, RefusedError
from release.image.staging import stage_model
from tests.release.reports import write_approval, write_report
from tests.review.worlds import read_report_json

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the model is staged."""
    return tmp_path / "artifacts" / "image"


@pytest.fixture
def damaged(bundle_folder: Path, tmp_path: Path) -> Path:
    """The bundle with one bit of its model flipped."""
    bundle = shutil.copytree(bundle_folder, tmp_path / "damaged")
    content = bytearray((bundle / "model.ubj").read_bytes())
    content[100] ^= 1
    (bundle / "model.ubj").write_bytes(content)
    return bundle


def list_names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_passed_bundle_is_staged_with_its_report(bundle_folder: Path, folder: Path, tmp_path: Path) -> None:
    report = write_report(tmp_path / "report.json", bundle_folder)
    model = stage_model(bundle_folder, report, folder)
    assert model.digest == json.loads((bundle_folder / "bundle.json").read_bytes())["digest"]
    assert list_names(folder) == sorted([*(f"bundle/{path.name}" for path in bundle_folder.iterdir()), "report.json"])
    assert (folder / "report.json").read_bytes() == report.read_bytes()


def test_an_accepted_lack_of_evidence_is_staged_with_the_record_of_who_accepted_it(
    bundle_folder: Path, folder: Path, tmp_path: Path
) -> None:
    report = write_report(tmp_path / "report.json", bundle_folder, verdict="not_enough_evidence")
    approval = write_approval(tmp_path / "approval.json", report, bundle_folder)
    model = stage_model(bundle_folder, report, folder, approval)
    assert "accepted by reviewer" in model.headline
    assert (folder / "approval.json").read_bytes() == approval.read_bytes()


def test_what_is_staged_can_be_read_by_anybody(bundle_folder: Path, folder: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        stage_model(bundle_folder, write_report(tmp_path / "report.json", bundle_folder), folder)
    finally:
        os.umask(before)
    modes = {oct(path.stat().st_mode & 0o777) for path in [folder, *folder.rglob("*")]}
    assert modes == {"0o755", "0o644"}


def test_staging_replaces_what_was_staged_before(bundle_folder: Path, folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "stale").write_text("x")
    stage_model(bundle_folder, write_report(tmp_path / "report.json", bundle_folder), folder)
    assert "stale" not in list_names(folder)
    assert [path.name for path in folder.parent.iterdir()] == ["image"]


@pytest.mark.parametrize("verdict", ["fail", "not_enough_evidence"])
def test_a_bundle_that_did_not_pass_is_refused(bundle_folder: Path, folder: Path, tmp_path: Path, verdict: str) -> None:
    report = write_report(tmp_path / "report.json", bundle_folder, verdict=verdict, headline="It is worse.")
    with pytest.raises(RefusedError, match=r"verdict on bundle .* expected 'pass': It is worse\.") as refused:
        stage_model(bundle_folder, report, folder)
    assert refused.value.exit_code == 1


def test_a_refusal_leaves_what_was_staged_before(bundle_folder: Path, folder: Path, damaged: Path) -> None:
    report = write_report(folder.parents[1] / "report.json", bundle_folder)
    stage_model(bundle_folder, report, folder)
    before = list_names(folder)
    with pytest.raises(RefusedError):
        stage_model(damaged, report, folder)
    assert list_names(folder) == before
    assert [path.name for path in folder.parent.iterdir()] == ["image"]


def test_a_damaged_bundle_is_refused_by_its_own_name(damaged: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"damaged: model\.ubj has SHA-256 .* it was changed") as refused:
        stage_model(damaged, write_report(tmp_path / "report.json", damaged), folder)
    assert "\n" not in str(refused.value)
    assert "error:" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is not a regular file"),
        (b"{", "no gate report of version 1: Input data was truncated; run `make gate`"),
        (b"\xff", "no gate report of version 1"),
        (b"[]", "no gate report of version 1: Expected `object`, got `array`"),
        (b'{"schema_version": 2}', "no gate report of version 1: Invalid enum value 2"),
        (b'{"schema_version": 1}', "no gate report of version 1: Object missing required field"),
        (json.dumps(read_report_json("good")).encode(), "is of bundle .*, expected"),
    ],
)
def test_a_report_that_is_not_the_bundles_is_refused(
    bundle_folder: Path, folder: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    report = tmp_path / "report.json"
    if content is not None:
        report.write_bytes(content)
    with pytest.raises(InputError, match=said):
        stage_model(bundle_folder, report, folder)


def test_a_bundle_with_a_pipe_in_it_is_refused_and_not_waited_for(
    bundle_folder: Path, folder: Path, tmp_path: Path
) -> None:
    bundle = shutil.copytree(bundle_folder, tmp_path / "piped")
    os.mkfifo(bundle / "pipe")
    with pytest.raises(InputError, match="holds 'pipe', expected only"):
        stage_model(bundle, tmp_path / "report.json", folder)
