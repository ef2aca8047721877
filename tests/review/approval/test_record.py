"""What was approved stays what was approved: each digest is shown to matter by changing what it covers."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.errors import InputError, RefusedError
from contract.approval import RECORD_NAME, ApprovalRecord
from review.approval.record import list_approvers, name_approved, read_tree, verify_approved, write_record
from tests.patience import LAST_RESORT_SECONDS
from tests.review.conftest import Serve
from tests.review.worlds import TREE, read_folder, read_report_json, report_of

Change = Callable[[dict[str, bytes]], object]


def write(bundle: Path, folder: Path, name: str = "good", **changes: Any) -> ApprovalRecord:
    report = folder.parent / "report.json"
    report.write_text(json.dumps(changes.pop("report", report_of(bundle, name))), encoding="utf-8")
    given = {"tree": TREE, "number": 7, "run_id": 500, "approved_by": ["reviewer"], "accepted_by": None, **changes}
    return write_record(report, bundle, folder, **given)


def test_the_record_binds_tree_bundle_report_and_names(bundle_folder: Path, tmp_path: Path) -> None:
    record = write(bundle_folder, tmp_path / "approved")
    files = read_folder(tmp_path / "approved")
    assert set(files) == {
        "approval.json",
        "report.json",
        *(f"bundle/{path.name}" for path in bundle_folder.iterdir()),
    }
    found, bundle = verify_approved(files, "the artifact")
    assert found == record
    assert (record.tree, record.bundle_digest, record.verdict) == (TREE, bundle.digest, "pass")
    assert (record.approved_by, record.accepted_by, record.pull_request) == (("reviewer",), None, 7)
    assert name_approved(record.tree) == f"approved-{TREE}"


def test_the_inputs_digest_is_the_one_that_names_a_models_version(bundle_folder: Path, tmp_path: Path) -> None:
    version = json.loads((bundle_folder / "bundle.json").read_bytes())["version"]
    assert write(bundle_folder, tmp_path / "approved").inputs_digest.startswith(version)


@pytest.mark.parametrize(
    ("name", "accepted_by", "reason"),
    [
        ("bad", "reviewer", "is 'fail': nobody can approve it"),
        ("uncertain", None, "lacks evidence, and nobody accepted that by name"),
    ],
)
def test_a_verdict_that_does_not_let_it_pass_is_not_recorded(
    bundle_folder: Path, tmp_path: Path, name: str, accepted_by: str | None, reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        write(bundle_folder, tmp_path / "approved", name, accepted_by=accepted_by)
    assert not (tmp_path / "approved").exists()


def test_an_accepted_lack_of_evidence_is_recorded_with_its_name(bundle_folder: Path, tmp_path: Path) -> None:
    record = write(bundle_folder, tmp_path / "approved", "uncertain", accepted_by="reviewer")
    assert (record.verdict, record.accepted_by) == ("not_enough_evidence", "reviewer")


def test_a_report_of_another_bundle_is_not_recorded(bundle_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"the report is of bundle .* expected .*: judge the bundle"):
        write(bundle_folder, tmp_path / "approved", report=read_report_json("good"))


@pytest.mark.parametrize("tree", ["", "main", "c" * 39, "C" * 40, f"{TREE}\n"])
def test_what_is_no_tree_is_not_recorded(bundle_folder: Path, tmp_path: Path, tree: str) -> None:
    with pytest.raises(InputError, match="is not usable, expected what `git rev-parse"):
        write(bundle_folder, tmp_path / "approved", tree=tree)


def flip(name: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        content = bytearray(files[name])
        content[len(content) // 2] ^= 1
        files[name] = bytes(content)

    return change


def edit_record(**changes: Any) -> Change:
    return lambda files: files.update({RECORD_NAME: msgspec.json.encode({**json.loads(files[RECORD_NAME]), **changes})})


def swap_report(files: dict[str, bytes]) -> None:
    """A report of another bundle, with its own SHA-256 in the record: a forger who can count."""
    files["report.json"] = json.dumps(read_report_json("good")).encode()
    edit_record(report_sha256=hashlib.sha256(files["report.json"]).hexdigest())(files)


PLANTED: dict[str, tuple[Change, str]] = {
    "the model was changed": (flip("bundle/model.ubj"), r"model\.ubj has SHA-256 .* it was changed"),
    "the manifest was changed": (flip("bundle/bundle.json"), r"bundle\.json has digest .* it was changed"),
    "the report was changed": (flip("report.json"), "is not the report that was approved"),
    "the report is of another bundle": (swap_report, "the report is of bundle"),
    "the record names another bundle": (edit_record(bundle_digest="0" * 64), "approved was 000000000000"),
    "the record names other inputs": (edit_record(inputs_digest="0" * 64), "holds bundle"),
    "the record names another verdict": (edit_record(verdict="not_enough_evidence"), "says 'not_enough_evidence'"),
    "the record says fail": (edit_record(verdict="fail"), "is no record of an approval: Invalid enum value 'fail'"),
    "the record names nobody": (edit_record(approved_by=[]), "is no record of an approval"),
    "the record says more": (edit_record(comment="trust me"), "is no record of an approval: .*unknown field"),
    "the record is of another version": (edit_record(schema_version=2), "is no record of an approval"),
    "the record is no JSON": (lambda files: files.update({RECORD_NAME: b"{"}), "is no record of an approval"),
    "the record is missing": (lambda files: files.pop(RECORD_NAME), r"holds no approval\.json"),
    "the report is missing": (lambda files: files.pop("report.json"), r"holds no report\.json"),
    "the model is missing": (lambda files: files.pop("bundle/model.ubj"), r"model\.ubj is not there"),
    "the bundle is missing": (
        lambda files: [files.pop(name) for name in list(files) if name.startswith("bundle/")],
        r"bundle\.json is not there",
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_whatever_disagrees_is_refused(bundle_folder: Path, tmp_path: Path, case: str) -> None:
    change, reason = PLANTED[case]
    write(bundle_folder, tmp_path / "approved")
    files = read_folder(tmp_path / "approved")
    change(files)
    with pytest.raises(RefusedError, match=reason):
        verify_approved(files, "the artifact")


def approval(login: str = "reviewer", state: str = "approved", place: str = "model-approval") -> dict[str, Any]:
    return {"state": state, "user": {"login": login}, "environments": [{"name": place}], "comment": ""}


def test_approvers_are_those_that_github_recorded(serve: Serve) -> None:
    github, _ = serve({"approvals": {"500": [approval(), approval("owner"), approval()]}})
    assert list_approvers(github, 500, "author") == ["owner", "reviewer"]


@pytest.mark.parametrize(
    "given",
    [
        [],
        [approval(state="rejected")],
        [approval(place="production")],
        [approval("author")],
        [approval(state="pending")],
    ],
)
def test_a_run_that_nobody_else_approved_is_refused(serve: Serve, given: list[dict[str, Any]]) -> None:
    github, _ = serve({"approvals": {"500": given}})
    with pytest.raises(RefusedError, match="was approved at the environment model-approval by nobody but its author"):
        list_approvers(github, 500, "author")


def run_git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@y", *arguments]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, timeout=LAST_RESORT_SECONDS
    ).stdout.strip()


def test_a_squash_merge_keeps_the_tree_that_was_recorded(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q", "-b", "main")
    run_git(tmp_path, "commit", "-q", "--allow-empty", "-m", "start")
    run_git(tmp_path, "switch", "-q", "-c", "better")
    for text in ("one", "two"):
        (tmp_path / "model.yaml").write_text(text)
        run_git(tmp_path, "add", ".")
        run_git(tmp_path, "commit", "-q", "-m", text)
    approved, head = read_tree(tmp_path), run_git(tmp_path, "rev-parse", "HEAD")
    run_git(tmp_path, "switch", "-q", "main")
    run_git(tmp_path, "merge", "-q", "--squash", "better")
    run_git(tmp_path, "commit", "-q", "-m", "Better (#7)")
    assert read_tree(tmp_path) == approved
    assert run_git(tmp_path, "rev-parse", "HEAD") != head


def test_a_tree_is_read_only_from_a_clean_checkout(tmp_path: Path) -> None:
    run_git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    run_git(tmp_path, "add", ".")
    run_git(tmp_path, "commit", "-q", "-m", "one")
    assert len(read_tree(tmp_path)) == 40
    (tmp_path / "file").write_text("two")
    with pytest.raises(InputError, match="has changes that no tree holds"):
        read_tree(tmp_path)


def test_a_folder_without_git_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"failed in .*: give --tree"):
        read_tree(tmp_path)


def test_as_many_approvers_as_the_reader_takes_are_recorded_and_one_more_is_refused(
    bundle_folder: Path, tmp_path: Path
) -> None:
    people = [f"reviewer-{index:02}" for index in range(21)]
    record = write(bundle_folder, tmp_path / "approved", approved_by=people[:20])
    assert verify_approved(read_folder(tmp_path / "approved"), "the artifact")[0] == record
    with pytest.raises(
        InputError, match=r"approval\.json is no record of an approval: .*length <= 20.*nothing was recorded"
    ):
        write(bundle_folder, tmp_path / "other", approved_by=people)
    assert not (tmp_path / "other").exists()
    with pytest.raises(InputError, match=r"approval\.json is no record of an approval"):
        write(bundle_folder, tmp_path / "other", approved_by=["x" * 201])
