"""The local GitHub of a scenario: what people and GitHub itself do there, and what was written to it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from tests.review.github_state import State
from tests.review.worlds import FORK, OURS, make_artifact, make_pull, make_run

OWNER_AND_NAME = "lathe-ml/lathe"
WRITING, READING, APP = "token-that-writes", "token-that-reads", "token-of-the-app"
TOKENS = {WRITING: "write", READING: "read", APP: "write"}
REVIEWER, AUTHOR = "reviewer", "author"
LABEL = "accept-not-enough-evidence"
ENVIRONMENT = "model-approval"
MERGED = "2026-11-21T13:00:00Z"


@dataclass
class LocalGitHub:
    """GitHub's side of every event, on the state of tests/review/github_server.py, which answers at `address`.

    A person's click at an environment is played: act has no environments.
    """

    state: State
    address: str
    run_ids: "count[int]" = field(default_factory=lambda: count(501))

    def list_pulls(self) -> list[dict[str, Any]]:
        """Open ones, newest last."""
        return [pull for pull in self.state.data["pulls"] if pull["state"] == "open"]

    def list_violations(self) -> list[str]:
        """Requests that a real GitHub would not take, or that only we insist on."""
        return self.state.violations

    def add_tag(self, name: str, commit: str, tag: str) -> None:
        """`tag` is the annotated tag's own object. Where GitHub's tags are a real repository's, nothing is to do."""
        self.state.data["tags"][name] = {"commit": commit, "tag": tag}

    def add_pull(
        self, number: int, branch: str, head: str, base: str, tree: str, is_fork: bool = False
    ) -> dict[str, Any]:
        """`head` and `base` are commits, `tree` is the head's."""
        repo = {**(FORK if is_fork else OURS), "fork": is_fork}
        pull = make_pull(
            number,
            user={"login": "stranger" if is_fork else AUTHOR},
            head={"sha": head, "ref": branch, "repo": repo},
            base={"sha": base, "ref": "main", "repo": OURS},
        )
        self.state.data["pulls"].append(pull)
        self.state.data["commits"][head] = {"tree": tree, "pulls": [number]}
        self.state.data["permissions"] |= {REVIEWER: "write", AUTHOR: "write"}
        return pull

    def merge_pull(self, number: int, commit: str, tree: str | None = None) -> None:
        """Git has the commit by then; `tree` is the commit's."""
        pull = next(one for one in self.list_pulls() if one["number"] == number)
        pull |= {"state": "closed", "merged_at": MERGED, "merge_commit_sha": commit}
        if tree:
            self.state.data["commits"][commit] = {"tree": tree, "pulls": [number]}

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

    def end_run(self, run_id: int, succeeded: bool, archives: Iterable[Path]) -> None:
        """GitHub shows the artifacts that the run left: zip archives, each named as its artifact."""
        run = next(run for run in self.state.data["runs"] if run["id"] == run_id)
        run |= {"status": "completed", "conclusion": "success" if succeeded else "failure"}
        for path in archives:
            artifact_id = self.state.next_id()
            self.state.data["artifacts"].append(make_artifact(artifact_id, path.stem, path.read_bytes(), run_id))
            self.state.data["contents"][f"artifacts/{artifact_id}"] = {"file": str(path)}

    def accept_uncertain(self, pull: dict[str, Any]) -> None:
        """REVIEWER sets the label by name."""
        pull["labels"] = [{"name": LABEL}]
        event = {"event": "labeled", "actor": {"login": REVIEWER}, "label": {"name": LABEL}}
        timeline = self.state.data["timelines"].setdefault(str(pull["number"]), [])
        timeline.append({**event, "created_at": "2026-11-21T12:00:00Z"})

    def list_comments(self, number: int) -> list[str]:
        return [str(comment["body"]) for comment in self.state.list_comments(number)]

    def list_writes(self, since: int = 0) -> list[str]:
        return [f"{write['method']} {write['path'].split('/', 4)[-1]}" for write in self.state.writes[since:]]
