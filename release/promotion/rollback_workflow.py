"""A rollback by its workflow, for people who may not push to main: started, waited for, its result printed."""

import os
import secrets
import time
from dataclasses import dataclass, field

from cli import console
from cli.errors import OutsideError, RefusedError
from release.git.clone_settings import WEB, fill_environment
from release.git.remote import DeclinedError, Remote
from release.history.moves import read_moves
from release.history.withdrawal import Former
from release.promotion.rollback import Rollback
from review.github.client import GitHub
from review.github.connection import open_github
from review.github.types import Run, Runs

WORKFLOW = "rollback.yml"
POLL_SECONDS = 3
FINDING_POLLS, RUNNING_POLLS = 40, 400  # two minutes until a run is there, twenty until it is over
LATEST_RUNS = 20
STATES = {
    "queued": "waits for a runner",
    "pending": "waits for another rollback there to end",
    "waiting": "waits for a person's approval of the environment `rollback`",
    "in_progress": "runs",
}


def roll_back_elsewhere(remote: Remote, rollback: Rollback, declined: DeclinedError) -> str | None:
    """What `roll_back` does where this person may push: the commit, None if there was nothing to do.

    Raises: DeclinedError with what else to do if no workflow can be started, RefusedError, OutsideError.
    """
    if os.environ.get("GITHUB_ACTIONS") == "true":
        raise DeclinedError(
            f"{declined}; this run pushes with a token that main's rules do not let through: give the App's number to "
            "`.github/branch-protection/apply OWNER/NAME TEAM-ID APP-ID`"
        )
    address = remote.clone.run("remote", "get-url", remote.name).text.strip()
    environment = fill_environment(address)
    if not environment.get("GITHUB_TOKEN") or not environment.get("GITHUB_REPOSITORY"):
        raise DeclinedError(f"{declined}; {describe_way(address)}")
    with open_github(environment) as github:
        return WorkflowRollback(remote, github, rollback).run()


def describe_way(address: str) -> str:
    """How a person starts the workflow by other means."""
    match = WEB.fullmatch(address)
    page = f"https://{match['host']}/{match['name']}/actions/workflows/{WORKFLOW}" if match else "Actions, rollback"
    return (
        "only the App writes there, by the workflow: run `gh auth login` once, or give GITHUB_TOKEN (and "
        f"GITHUB_REPOSITORY=OWNER/NAME), and the same command starts it; or start it by hand: {page}"
    )


def pause() -> None:
    """Between two questions."""
    time.sleep(POLL_SECONDS)


@dataclass
class WorkflowRollback:
    """One run of the workflow, known by a mark in its name: GitHub answers a start without saying which run it is."""

    remote: Remote
    github: GitHub
    rollback: Rollback
    mark: str = field(default_factory=lambda: secrets.token_hex(6))

    def run(self) -> str | None:
        """Raises: RefusedError if the run fails, OutsideError if nobody can say what became of it."""
        rollback = self.rollback
        inputs = {
            "environment": rollback.environment,
            "to": rollback.to or "",
            "from": rollback.start or rollback.withdrawn,
            "reason": rollback.reason,
            "again": "true" if rollback.again else "false",
            "mark": self.mark,
        }
        self.github.start(f"/actions/workflows/{WORKFLOW}/dispatches", {"ref": self.remote.branch, "inputs": inputs})
        console.print_done(f"only the App writes {self.remote.branch} of {self.remote.name}: {WORKFLOW} is started")
        run = self.wait(self.find())
        if run.conclusion != "success":
            raise RefusedError(f"{WORKFLOW} ended with {run.conclusion}: {run.html_url} says why")
        return self.find_commit(run)

    def list_runs(self) -> list[Run]:
        path = f"/actions/workflows/{WORKFLOW}/runs"
        return self.github.get(path, Runs, event="workflow_dispatch", per_page=LATEST_RUNS).workflow_runs

    def find(self) -> Run:
        """Raises: OutsideError."""
        for _ in range(FINDING_POLLS):
            if own_run := next((run for run in self.list_runs() if self.mark in run.display_title), None):
                console.print_done(f"it is {own_run.html_url}")
                return own_run
            pause()
        raise OutsideError(
            f"{WORKFLOW} was started, and GitHub shows no run of it after {FINDING_POLLS * POLL_SECONDS} s; look under "
            "Actions before you start another"
        )

    def wait(self, run: Run) -> Run:
        """Raises: OutsideError."""
        shown = None
        for _ in range(RUNNING_POLLS):
            if run.status == "completed":
                return run
            if run.status != shown:
                console.out.print(f"  it {STATES.get(run.status or '', f'is {run.status}')} …", markup=False)
                shown = run.status
            pause()
            run = self.github.get(f"/actions/runs/{run.id}", Run)
        raise OutsideError(f"{WORKFLOW} is not over after {RUNNING_POLLS * POLL_SECONDS // 60} min: see {run.html_url}")

    def find_commit(self, run: Run) -> str | None:
        """The run's commit on main, by the trailer that names the run.

        Raises: InputError, OutsideError.
        """
        head = self.remote.fetch()
        moves = read_moves(self.remote.clone, head, self.rollback.environment)
        made = next((move for move in reversed(moves) if move.commit.trailers.get("Run") == str(run.id)), None)
        if made is None or made.new is None or made.old is None:
            console.print_done(f"the run found nothing to do: {run.html_url}")
            return None
        self.rollback.withdrawn, self.rollback.former = made.old.tag, self.find_former(made.new.tag)
        name = self.remote.name
        console.print_done(
            f"{self.rollback.environment}: {made.old.version} → {made.new.version}; "
            f"commit {made.commit.name[:10]} is on {self.remote.branch} of {name}"
        )
        return made.commit.name

    def find_former(self, version: str) -> Former | None:
        """What this clone would have gone back to; nothing if the run chose another version."""
        return self.rollback.former if self.rollback.target == version else None
