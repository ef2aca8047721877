"""The table of what Git wants: version, quality, since when, and what is newer or was taken back."""

import json
import os
import time
from pathlib import Path

import pytest

from cli import console
from release.history.cluster import Cluster
from release.history.standing import Standing, read_standings
from release.history.status import read_git, show_status
from release.manifests.overlays import list_overlays
from release.tools import ROOT
from tests.release.history.test_moves import compose, push_version
from tests.release.origin import BUNDLE, Origin, ask_git, make_digest, push_file, run_release

NOBODY = Cluster("lathe-has-no-such-program")


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


@pytest.fixture
def ada(origin: Origin) -> Path:
    return origin.clone("ada")


def stand(clone: Path, *, fetch: bool = False) -> dict[str, Standing]:
    return {one.environment: one for one in read_git(clone, fetch=fetch)[0]}


def warn(clone: Path) -> str:
    with console.out.capture(), console.err.capture() as said:
        show_status(clone, NOBODY)
    return said.get()


def test_a_version_is_shown_with_its_quality_and_since_when(origin: Origin, ada: Path) -> None:
    message = compose(origin, "v1.0.0")
    push_version(origin, ada, "v1.0.0", message, GIT_COMMITTER_DATE="2026-03-03T10:00:00Z")
    assert stand(ada)["test"].cells == (
        "test",
        "v1.0.0",
        f"000000000000\n{BUNDLE[:12]}",
        "PR-AUC 0.941\nF1 0.899",
        "2026-03-03 10:00",
        "latest",
    )


def test_what_is_newer_is_counted_and_named_by_number(origin: Origin, ada: Path) -> None:
    for version in ("v1.8.0", "v1.9.0", "v1.10.0"):
        push_version(origin, ada, version)
    push_version(origin, ada, "v1.8.0", environment="prod-eks")
    found = stand(ada)
    assert found["test"].released == "latest"
    assert found["prod-eks"].released == "2 behind v1.10.0"
    assert found["prod-gke"].released == "3 behind v1.10.0"
    assert found["minikube"].released == "-"


def test_a_tag_whose_release_did_not_come_through_counts_as_newer(origin: Origin, ada: Path) -> None:
    push_version(origin, ada, "v1.0.0")
    push_file(ada, "pyproject.toml", '[project]\nversion = "1.1.0"\n', "Release v1.1.0")
    ask_git(ada, "tag", "v1.1.0")
    ask_git(ada, "tag", "v2-draft")
    assert stand(ada)["test"].released == "1 behind v1.1.0"


def test_a_mistyped_tag_is_no_version_that_anybody_is_behind(origin: Origin, ada: Path) -> None:
    push_version(origin, ada, "v1.0.0")
    push_file(ada, "pyproject.toml", '[project]\nversion = "1.0.0"\n', "Release v1.0.0")
    for tag in ("v9.0.0", "v1.0.0"):
        ask_git(ada, "tag", tag)
    assert stand(ada)["test"].released == "latest"


def test_a_withdrawn_version_is_no_reason_to_be_behind(origin: Origin, ada: Path) -> None:
    for version in ("v1.0.0", "v1.1.0", "v1.0.0"):
        push_version(origin, ada, version, environment="prod-eks")
    push_version(origin, ada, "v1.1.0", environment="prod-gke")
    push_version(origin, ada, "v1.0.0")
    found = stand(ada)
    assert found["prod-eks"].released == "latest\nv1.1.0 withdrawn"
    assert found["prod-gke"].released == "withdrawn in prod-eks"
    assert found["test"].released == "1 behind v1.1.0"


def test_nothing_is_said_of_quality_that_no_commit_tells(origin: Origin, ada: Path) -> None:
    push_version(origin, ada, "v1.0.0")
    assert stand(ada)["test"].cells[2:4] == ("000000000000\nnot said", "not said")


def test_an_edit_that_is_not_committed_has_no_since(origin: Origin, ada: Path) -> None:
    push_version(origin, ada, "v1.0.0")
    path = ada / "gitops/overlays/test/kustomization.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("v1.0.0", "v1.1.0"), encoding="utf-8")
    cells = stand(ada)["test"].cells
    assert (cells[1], cells[4]) == ("v1.1.0", "?")


def test_a_checkout_that_is_behind_says_so_and_fetch_goes_by_the_remote(origin: Origin, ada: Path) -> None:
    bob = origin.clone("bob")
    push_version(origin, ada, "v1.0.0")
    assert "ahead" not in warn(bob)
    assert stand(bob, fetch=True)["test"].line.tag == "v1.0.0"
    assert stand(bob)["test"].line.tag == "v0.0.0"
    assert "origin/main is 1 commit ahead of this checkout; `git pull`, or `make status FETCH=1` asks it" in warn(bob)


def test_a_shallow_clone_still_shows_what_is_wanted(origin: Origin, ada: Path) -> None:
    push_version(origin, ada, "v1.0.0")
    shallow = origin.clone("shallow", "--depth=1")
    assert stand(shallow)["test"].cells[1:] == ("v1.0.0", "000000000000\n?", "?", "?", "?")
    assert "Git's history was not read" in warn(shallow)
    assert "git fetch --unshallow" in warn(shallow)


def test_the_table_fits_a_terminal_at_its_widest(origin: Origin, ada: Path) -> None:
    push_version(origin, ada, "v10.20.30", compose(origin, "v10.20.30"))
    push_version(origin, ada, "v10.20.30", environment="prod-eks")
    push_version(origin, ada, "v10.20.29", environment="prod-eks")
    with console.out.capture() as said, console.err.capture():
        show_status(ada, NOBODY)
    lines = said.get().splitlines()
    assert max(map(len, lines)) <= console.WIDE_ENOUGH
    assert any("v10.20.30 withdrawn" in line for line in lines)
    assert any("not released yet" in line for line in lines)


@pytest.mark.slow
def test_the_table_is_there_for_programs(origin: Origin, ada: Path) -> None:
    push_version(origin, ada, "v1.0.0", compose(origin, "v1.0.0"), GIT_COMMITTER_DATE="2026-03-03T10:00:00Z")
    code, said = run_release(ada, "status", "--json", "--kubectl", "lathe-has-no-such-program")
    assert code == 0
    document, _, warning = said.partition("\n]\n")
    found = {one["environment"]: one for one in json.loads(f"{document}\n]")}
    assert found["test"] == {
        "environment": "test",
        "version": "v1.0.0",
        "digest": make_digest("v1.0.0"),
        "bundle": BUNDLE,
        "verdict": "pass",
        "quality": {"PR-AUC": "0.941 [0.884, 0.981]", "F1": "0.899 [0.821, 0.956]"},
        "since": "2026-03-03T10:00:00+00:00",
        "released": "latest",
        "cluster": None,
    }
    assert found["prod-gke"]["version"] is None
    assert warning.startswith("warning: no cluster was queried")


@pytest.mark.slow
def test_a_broken_overlay_on_main_is_an_error_that_names_it(origin: Origin, ada: Path) -> None:
    push_file(ada, "gitops/overlays/test/kustomization.yaml", "images: {", "Oops")
    code, said = run_release(ada, "status")
    assert (code, len(said.splitlines())) == (2, 1)
    assert "test/kustomization.yaml is not YAML" in said


def test_every_overlay_of_the_project_stands_somewhere() -> None:
    texts = {
        name: (ROOT / f"gitops/overlays/{name}/kustomization.yaml").read_text("utf-8") for name in list_overlays(ROOT)
    }
    productions = [one.environment for one in read_standings(texts) if one.is_production]
    assert productions == ["prod-eks", "prod-gke"]


def list_warnings(clone: Path, *, fetch: bool = False) -> list[str]:
    return read_git(clone, fetch=fetch)[1]


def test_an_old_state_says_how_old_it_is_and_how_to_ask_again(origin: Origin, ada: Path) -> None:
    assert list_warnings(ada) == []  # it was cloned just now
    for path in [ada / ".git/FETCH_HEAD", *(ada / ".git/logs/refs/remotes/origin").iterdir()]:
        path.touch()
        os.utime(path, (0, time.time() - 3 * 86400 - 7300))
    assert list_warnings(ada) == [
        "origin/main was last fetched 3 days 2 hours ago, what others merged since is not shown; "
        "`make status FETCH=1` asks it"
    ]
    assert list_warnings(ada, fetch=True) == []
    assert list_warnings(ada) == []  # nothing new came of it, and yet it was asked


def test_a_checkout_that_never_fetched_says_so(origin: Origin, ada: Path) -> None:
    ask_git(ada, "update-ref", "-d", "refs/remotes/origin/main")
    assert list_warnings(ada) == [
        "origin/main was never fetched here, what others merged is not shown; `make status FETCH=1` asks it"
    ]


def test_the_table_says_which_commit_it_is_of(ada: Path) -> None:
    with console.out.capture() as said, console.err.capture():
        show_status(ada, Cluster("lathe-has-no-such-program"))
    assert f"from this checkout, commit {ask_git(ada, 'rev-parse', '--short=10', 'HEAD')} of 20" in said.get()
