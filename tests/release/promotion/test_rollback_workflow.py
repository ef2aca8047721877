"""Where only the App may push, the same command starts the workflow, waits for it, and says what it did."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli import console
from cli.errors import OutsideError, RefusedError
from release.git.remote import DeclinedError
from release.promotion import rollback_workflow
from release.promotion.back import take_back
from release.promotion.bump import Bump, bump_environment
from release.promotion.rollback import Rollback, roll_back
from tests.release.origin import Origin, make_image, open_remote
from tests.review.github_server import run_server
from tests.review.github_state import State
from tests.workflows.files import FOLDER, read_workflow
from tests.workflows.ruleset import APP_TOKEN, enforce_ruleset

pytestmark = pytest.mark.slow  # each drives real repositories and servers

PRODUCTION = "prod-eks"
REASON = "too many false alarms"
WRITER = "token-that-writes"


class World:
    """Production has run two versions, main is the App's alone to write, and Ada has a clone and a token of her own."""

    def __init__(self, folder: Path) -> None:
        self.origin = Origin(folder)
        self.ada, self.app = self.origin.clone("ada"), self.origin.clone("app")
        for version in ("v1.0.0", "v1.1.0"):
            image = make_image(version)
            bump_environment(open_remote(self.app), Bump(PRODUCTION, version, image.digest, image))
        enforce_ruleset(self.origin.bare)
        self.polls = 0
        self.conclusion = "success"

    def play(self, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
        """What GitHub's runner does while Ada waits: once it is seen waiting, once running, then it is over."""
        self.polls += 1
        run = next(one for one in state.data["runs"] if one["event"] == "workflow_dispatch")
        run["status"] = ("waiting", "in_progress", "completed")[min(self.polls, 3) - 1]
        if run["status"] != "completed" or run["conclusion"]:
            return
        run["conclusion"] = self.conclusion
        if self.conclusion == "success":
            inputs = state.data["dispatches"][-1]["inputs"]
            request = Rollback(PRODUCTION, inputs["reason"], inputs["to"] or None, start=inputs["from"])
            request.run = str(run["id"])
            with monkeypatch.context() as patch:
                patch.setenv("GITHUB_TOKEN", APP_TOKEN)
                # what it prints is the runner's, and not Ada's to read
                runner = threading.Thread(target=roll_back, args=(open_remote(self.app), request))
                runner.start()
                runner.join()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def state(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[State]:
    with run_server({"git": str(world.origin.bare), "tokens": {WRITER: "write", "reads": "read"}}) as (server, known):
        for name in ("GITHUB_ACTIONS", "GITHUB_RUN_ID"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("GITHUB_API_URL", server.address)
        monkeypatch.setenv("GITHUB_TOKEN", WRITER)
        monkeypatch.setenv("GITHUB_REPOSITORY", "lathe-ml/lathe")
        monkeypatch.setattr(rollback_workflow, "pause", lambda: world.play(known, monkeypatch))
        yield known
    assert known.violations == []


def ask(world: World, **changes: Any) -> str:
    with console.out.capture() as said, console.err.capture() as warned:
        take_back(open_remote(world.ada), Rollback(PRODUCTION, REASON, **changes))
    return said.get() + warned.get()


def test_one_command_works_for_a_person_who_may_not_push(world: World, state: State) -> None:
    former = world.origin.git("rev-parse", "main~1")
    lines = ask(world).splitlines()
    run = state.data["dispatches"][0]["run"]
    commit = world.origin.head[:10]
    moved = "v1.1.0 (sha256:000000000000) → v1.0.0 (sha256:000000000000)"
    assert lines == [
        "✓ only the App writes main of origin: rollback.yml is started",
        f"✓ it is https://github.com/lathe-ml/lathe/actions/runs/{run}",
        "  it waits for a runner …",
        "  it waits for a person's approval of the environment `rollback` …",
        "  it runs …",
        f"✓ prod-eks: {moved}; commit {commit} is on main of origin",
        "✓ v1.1.0 is left and withdrawn: no bump and no promotion brings it back",
        f"✓ it renders byte for byte as at {former[:10]}",
        "  then: argocd app sync lathe-prod-eks --prune --async",
    ]
    assert world.origin.line(PRODUCTION).tag == "v1.0.0"


def test_the_run_is_told_which_version_is_to_be_left_and_why(world: World, state: State) -> None:
    ask(world)
    inputs = state.data["dispatches"][0]["inputs"]
    assert {name: inputs[name] for name in ("environment", "from", "to", "reason", "again")} == {
        "environment": PRODUCTION,
        "from": "v1.1.0",
        "to": "",
        "reason": REASON,
        "again": "false",
    }


def test_a_run_that_fails_is_named_and_ends_with_1(world: World, state: State) -> None:
    world.conclusion = "failure"
    with pytest.raises(RefusedError, match=r"rollback\.yml ended with failure: https://.*/runs/\d+ says why"):
        ask(world)
    assert world.origin.line(PRODUCTION).tag == "v1.1.0"


def test_a_run_that_never_shows_is_not_started_twice(
    world: World, state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback_workflow, "pause", state.data["runs"].clear)
    monkeypatch.setattr(rollback_workflow.WorkflowRollback, "list_runs", lambda _: [])
    with pytest.raises(
        OutsideError, match="GitHub shows no run of it after 120 s; look under Actions before you start"
    ):
        ask(world)
    assert len(state.data["dispatches"]) == 1


def test_a_second_one_is_refused_here_before_anything_is_started(world: World, state: State) -> None:
    ask(world)
    with pytest.raises(RefusedError, match=r"took prod-eks back from v1\.1\.0 to v1\.0\.0 0 minutes ago"):
        ask(world)
    assert len(state.data["dispatches"]) == 1


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("https://github.com/lathe-ml/lathe.git", "https://github.com/lathe-ml/lathe/actions/workflows/rollback.yml"),
        ("git@github.com:lathe-ml/lathe.git", "https://github.com/lathe-ml/lathe/actions/workflows/rollback.yml"),
        ("/srv/git/lathe.git", "Actions, rollback"),
    ],
)
def test_the_way_is_named_by_the_remotes_own_page(address: str, way: str) -> None:
    said = rollback_workflow.describe_way(address)
    assert said.endswith(f"or start it by hand: {way}")
    assert "`gh auth login`" in said


def test_without_a_token_the_error_names_the_way(world: World, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    with pytest.raises(
        DeclinedError, match=r"GH013: .* pull request\. .*run `gh auth login` once, or give GITHUB_TOKEN"
    ):
        ask(world)
    assert state.data["dispatches"] == []


def test_a_run_of_the_workflow_starts_no_other(world: World, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    with pytest.raises(DeclinedError, match=r"give the App's number to `\.github/branch-protection/apply"):
        ask(world)
    assert state.data["dispatches"] == []


def test_a_token_that_may_not_start_it_says_so(world: World, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "reads")
    with pytest.raises(OutsideError, match="answered 403 'Resource not accessible by integration'"):
        ask(world)


def test_a_bump_by_hand_names_the_workflow_that_does_it(world: World, state: State) -> None:
    image = make_image("v1.2.0")
    with pytest.raises(DeclinedError, match=r"`gh workflow run release\.yml --ref v1\.2\.0` runs it in test"):
        bump_environment(open_remote(world.ada), Bump(PRODUCTION, "v1.2.0", image.digest, image))


def test_every_input_that_is_sent_is_the_workflows_and_its_name_holds_the_mark(world: World, state: State) -> None:
    found = read_workflow(FOLDER / "rollback.yml").content
    inputs = found["on"]["workflow_dispatch"]["inputs"]
    ask(world)
    assert set(state.data["dispatches"][0]["inputs"]) == set(inputs)
    assert "inputs.mark" in found["run-name"]


def test_nothing_that_the_workflow_has_done_is_closed_a_second_time(world: World, state: State) -> None:
    ask(world)
    assert [write["path"].rpartition("/")[2] for write in state.writes] == ["dispatches"]
