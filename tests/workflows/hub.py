"""The local GitHub of these runs: its pull requests, runs, artifacts and approvals, and what was written to it."""

from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from tests.review.github_state import State
from tests.review.worlds import FORK, OURS, make_artifact, make_pull, make_run
from tests.workflows.repository import Pull, Repository

WRITING, READING, APP = "token-that-writes", "token-that-reads", "token-of-the-app"
TOKENS = {WRITING: "write", READING: "read", APP: "write"}
REVIEWER, AUTHOR = "reviewer", "author"
LABEL = "accept-not-enough-evidence"
ENVIRONMENT = "model-approval"


@dataclass
class Hub:
    """GitHub's side of every event. A person's click at an environment is played: act has no environments."""

    state: State
    address: str
    work: Path
    repository: Repository

    def __post_init__(self) -> None:
        self.run_ids = count(501)

    def add_pull(self, pull: Pull, is_fork: bool) -> dict[str, Any]:
        repo = {**(FORK if is_fork else OURS), "fork": is_fork}
        found = make_pull(
            pull.number,
            user={"login": "stranger" if is_fork else AUTHOR},
            head={"sha": pull.head, "ref": pull.branch, "repo": repo},
            base={"sha": pull.base, "ref": "main", "repo": OURS},
        )
        self.state.data["pulls"].append(found)
        self.state.data["commits"][pull.head] = self.describe_commit(pull.head, pull.number)
        self.state.data["permissions"] |= {REVIEWER: "write", AUTHOR: "write"}
        return found

    def describe_commit(self, commit: str, number: int) -> dict[str, Any]:
        return {"tree": self.repository.read_tree(commit), "pulls": [number]}

    def start_run(self, pull: dict[str, Any]) -> int:
        """A run of model.yml that is under way, which REVIEWER will let through if it comes to the environment."""
        run_id = next(self.run_ids)
        head = pull["head"]
        run = make_run(
            run_id, head_sha=head["sha"], head_branch=head["ref"], head_repository=head["repo"], status="in_progress"
        )
        self.state.data["runs"].append({**run, "conclusion": None})
        review = {"state": "approved", "user": {"login": REVIEWER}, "environments": [{"name": ENVIRONMENT}]}
        self.state.data["approvals"][str(run_id)] = [review]
        return run_id

    def end_run(self, run_id: int, succeeded: bool) -> None:
        """GitHub shows the artifacts that the run left."""
        run = next(run for run in self.state.data["runs"] if run["id"] == run_id)
        run |= {"status": "completed", "conclusion": "success" if succeeded else "failure"}
        for path in self.list_artifacts(run_id):
            artifact_id = self.state.next_id()
            self.state.data["artifacts"].append(make_artifact(artifact_id, path.stem, path.read_bytes(), run_id))
            self.state.data["contents"][f"artifacts/{artifact_id}"] = {"file": str(path)}

    def list_artifacts(self, run_id: int) -> list[Path]:
        return sorted((self.work / "artifacts" / str(run_id)).glob("*.zip"))

    def accept_uncertain(self, pull: dict[str, Any]) -> None:
        """REVIEWER sets the label by name."""
        pull["labels"] = [{"name": LABEL}]
        event = {"event": "labeled", "actor": {"login": REVIEWER}, "label": {"name": LABEL}}
        timeline = self.state.data["timelines"].setdefault(str(pull["number"]), [])
        timeline.append({**event, "created_at": "2026-11-21T12:00:00Z"})

    def merge_pull(self, pull: dict[str, Any], commit: str) -> None:
        pull |= {"state": "closed", "merged_at": "2026-11-21T13:00:00Z", "merge_commit_sha": commit}
        self.state.data["commits"][commit] = self.describe_commit(commit, pull["number"])

    def list_comments(self, number: int) -> list[str]:
        return [str(comment["body"]) for comment in self.state.list_comments(number)]

    def list_writes(self, since: int = 0) -> list[str]:
        return [f"{write['method']} {write['path'].split('/', 4)[-1]}" for write in self.state.writes[since:]]
