"""The release takes the bundle that was approved for the merged commit, and no other that anybody left."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.errors import InputError, RefusedError
from contract.bundle import read_bundle
from review.approval.find import fetch_approved
from review.approval.label import LABEL
from review.approval.record import write_record
from tests.review.approval.test_record import approval
from tests.review.conftest import Serve
from tests.review.worlds import (
    FORK,
    MERGED,
    TREE,
    encode,
    make_artifact,
    make_merged,
    make_run,
    pack_zip,
    read_folder,
    report_of,
)

Change = Callable[[dict[str, Any]], object]


def pack(bundle: Path, folder: Path, name: str = "good", **changes: Any) -> bytes:
    """The artifact that `record` leaves, as upload-artifact packs it."""
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_text(json.dumps(report_of(bundle, name)), encoding="utf-8")
    given = {"tree": TREE, "number": 7, "run_id": 500, "approved_by": ["reviewer"], "accepted_by": None, **changes}
    write_record(folder / "report.json", bundle, folder / "approved", **given)
    return pack_zip(read_folder(folder / "approved"))


def make_world(content: bytes, **changes: Any) -> dict[str, Any]:
    world = {
        "pulls": [make_merged()],
        "commits": {MERGED: {"tree": TREE, "pulls": [7]}},
        "runs": [make_run()],
        "artifacts": [make_artifact(1, f"approved-{TREE}", content)],
        "contents": {"artifacts/1": encode(content)},
        "approvals": {"500": [approval()]},
        "permissions": {"reviewer": "write", "owner": "admin"},
    }
    return {**world, **changes}


@pytest.mark.parametrize("by", [{"commit": MERGED, "tree": None}, {"commit": None, "tree": TREE}])
def test_the_approved_bundle_arrives_whole(
    serve: Serve, bundle_folder: Path, tmp_path: Path, by: dict[str, str | None]
) -> None:
    github, _ = serve(make_world(pack(bundle_folder, tmp_path / "made")))
    record = fetch_approved(github, tmp_path / "out", **by, inputs=None)
    assert read_bundle(tmp_path / "out" / "bundle").digest == record.bundle_digest
    assert read_folder(tmp_path / "out" / "bundle") == read_folder(bundle_folder)
    assert (tmp_path / "out" / "report.json").is_file()


def fetch(serve: Serve, world: dict[str, Any], folder: Path, inputs: str | None = None) -> str:
    github, _ = serve(world)
    return fetch_approved(github, folder, commit=MERGED, tree=None, inputs=inputs).bundle_digest


def change_run(**changes: Any) -> Change:
    return lambda world: world["runs"][0].update(changes)


PLANTED: dict[str, tuple[Change, str]] = {
    "nothing was left": (lambda world: world.update(artifacts=[]), "no approved bundle for tree cccccccccccc"),
    "it has run out": (lambda world: world["artifacts"][0].update(expired=True), "no approved bundle"),
    "another name": (lambda world: world["artifacts"][0].update(name="gate-report"), "no approved bundle"),
    "a run that failed": (change_run(conclusion="failure"), "no approved bundle"),
    "a run of another workflow": (change_run(path=".github/workflows/x.yml"), "no approved bundle"),
    "a run of another event": (change_run(event="workflow_dispatch"), "expected a pull_request"),
    "a run of another repository": (change_run(repository=FORK), "belongs to 'stranger/lathe'"),
    "a run of another commit": (change_run(head_sha="f" * 40), "no approved bundle"),
    "a run that nobody approved": (lambda world: world.update(approvals={}), "by nobody but its author"),
    "a run that its author approved": (
        lambda world: world.update(approvals={"500": [approval("author")]}),
        "by nobody but its author",
    ),
    "a run that another person approved": (
        lambda world: world.update(approvals={"500": [approval("owner")]}),
        "names reviewer and run 500, not GitHub's",
    ),
    "another tree": (
        lambda world: world["commits"][MERGED].update(tree="d" * 40),
        "it is of tree cccccccccccc, expected dddddddddddd",
    ),
    "another pull request": (
        lambda world: world.update(pulls=[make_merged(8)], commits={MERGED: {"tree": TREE, "pulls": [8]}}),
        "is of #7, the commit came by #8",
    ),
    "a commit without a pull request": (
        lambda world: world["commits"][MERGED].update(pulls=[]),
        "is no pull request's merge",
    ),
    "a pull request that was closed": (
        lambda world: world["pulls"][0].update(merged_at=None),
        "is no pull request's merge",
    ),
    "an archive that was changed": (
        lambda world: world["contents"].update({"artifacts/1": {"text": "x"}}),
        "is damaged",
    ),
    "an archive with another file": (
        lambda world: world["contents"].update({"artifacts/1": encode(pack_zip({"run.sh": b""}))}),
        r"holds 'run\.sh'",
    ),
    "a flood": (
        lambda world: world.update(
            artifacts=[{**world["artifacts"][0], "id": index, "name": f"approved-{index}"} for index in range(2, 30)],
            approvals={},
        ),
        "more than 20 artifacts",
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_what_was_not_approved_for_this_commit_is_refused(
    serve: Serve, bundle_folder: Path, tmp_path: Path, case: str
) -> None:
    change, reason = PLANTED[case]
    world = make_world(pack(bundle_folder, tmp_path / "made"))
    change(world)
    with pytest.raises(RefusedError, match=reason):
        fetch(serve, world, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (change_run(conclusion="failure"), "ended with 'failure', expected 'success'"),
        (change_run(path=".github/workflows/x.yml"), "is of workflow 'x.yml'"),
        (lambda world: world["artifacts"][0].update(workflow_run=None), "GitHub names no run"),
        (lambda world: world.update(approvals={}), "by nobody but its author"),
    ],
)
def test_a_tree_alone_is_held_to_the_same(
    serve: Serve, bundle_folder: Path, tmp_path: Path, change: Change, reason: str
) -> None:
    world = make_world(pack(bundle_folder, tmp_path / "made"))
    change(world)
    github, _ = serve(world)
    with pytest.raises(RefusedError, match=reason):
        fetch_approved(github, tmp_path / "out", commit=None, tree=TREE, inputs=None)


def test_a_strangers_artifact_beside_the_right_one_changes_nothing(
    serve: Serve, bundle_folder: Path, tmp_path: Path
) -> None:
    content = pack(bundle_folder, tmp_path / "made")
    evil = make_artifact(9, f"approved-{TREE}", b"evil", run_id=600)
    world = make_world(content)
    world["artifacts"].insert(0, evil)
    world["runs"].append(make_run(600, head_repository=FORK, head_branch="evil", head_sha="f" * 40))
    world["contents"]["artifacts/9"] = {"text": "evil"}
    github, _ = serve(world)
    found = fetch_approved(github, tmp_path / "out", commit=None, tree=TREE, inputs=None)
    assert found.bundle_digest == read_bundle(bundle_folder).digest


def test_when_main_has_moved_the_same_inputs_are_the_same_model(
    serve: Serve, bundle_folder: Path, tmp_path: Path
) -> None:
    world = make_world(pack(bundle_folder, tmp_path / "made"))
    world["commits"][MERGED]["tree"] = "d" * 40
    inputs = json.loads((tmp_path / "made" / "approved" / "approval.json").read_bytes())["inputs_digest"]
    assert fetch(serve, world, tmp_path / "out", inputs) == read_bundle(bundle_folder).digest
    with pytest.raises(RefusedError, match=r"expected dddddddddddd or 999999999999"):
        fetch(serve, world, tmp_path / "other", "9" * 64)


def uncertain(bundle: Path, folder: Path, actor: str) -> dict[str, Any]:
    content = pack(bundle, folder, "uncertain", accepted_by="reviewer")
    event = {
        "event": "labeled",
        "actor": {"login": actor},
        "label": {"name": LABEL},
        "created_at": "2026-11-21T11:00:00Z",
    }
    return make_world(content, pulls=[make_merged(labels=[{"name": LABEL}])], timelines={"7": [event]})


def test_an_accepted_lack_of_evidence_is_asked_of_github_again(
    serve: Serve, bundle_folder: Path, tmp_path: Path
) -> None:
    assert fetch(serve, uncertain(bundle_folder, tmp_path / "made", "reviewer"), tmp_path / "out")


@pytest.mark.parametrize(
    ("actor", "reason"),
    [
        ("passer-by", "who has no write permission"),
        ("author", "it takes another person"),
        ("owner", "names reviewer, the label was set by owner"),
    ],
)
def test_a_record_cannot_accept_on_anybodys_behalf(
    serve: Serve, bundle_folder: Path, tmp_path: Path, actor: str, reason: str
) -> None:
    with pytest.raises(RefusedError, match=reason):
        fetch(serve, uncertain(bundle_folder, tmp_path / "made", actor), tmp_path / "out")


@pytest.mark.parametrize(
    ("commit", "tree"), [(None, None), (MERGED, TREE), ("main", None), (None, "main"), (f"{MERGED}\n", None)]
)
def test_what_is_wanted_must_be_said_exactly(
    serve: Serve, tmp_path: Path, commit: str | None, tree: str | None
) -> None:
    github, state = serve()
    with pytest.raises(InputError, match=r"--commit or --tree|is not usable"):
        fetch_approved(github, tmp_path / "out", commit=commit, tree=tree, inputs=None)
    assert state.requests == []
