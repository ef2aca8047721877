"""The play's hands: it pushes, opens and merges as people do, and lets act run what GitHub would."""

from dataclasses import dataclass, field
from typing import Any

from tests.harness.checkout import run_git
from tests.harness.errors import ScenarioError
from tests.rehearsal.commits import Commit, list_commits, read_head
from tests.workflows.act import Outcome
from tests.workflows.repository import Pull
from tests.workflows.ruleset import BUTTON
from tests.workflows.stage import Stage

APP = {"LATHE_APP_CLIENT_ID": "an-app"}
APP_KEY = {"LATHE_APP_KEY": "its-key"}
NOBODY = "0" * 40


@dataclass
class Play:
    """`settings`: of registry, key, builder. `seen`: main's last commit that was shown. `rendered`: by environment."""

    stage: Stage
    settings: dict[str, str]
    seen: str = field(init=False)
    rendered: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.seen = self.head

    @property
    def head(self) -> str:
        return read_head(self.stage.repository.origin)

    def list_landed(self) -> list[Commit]:
        """What is new on main since it was last asked."""
        landed = list_commits(self.stage.repository.origin, self.seen)
        self.seen = self.head
        return landed

    def pull_main(self) -> None:
        """The person's clone, up to date."""
        repository = self.stage.repository
        repository.git("fetch", "--quiet", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
        repository.git("checkout", "--quiet", "--force", "-B", "main", "origin/main")

    def propose(self, branch: str) -> tuple[Pull, dict[str, Any]]:
        """A pull request of the branch that is checked out and committed."""
        number = max((int(one["number"]) for one in self.stage.github.state.data["pulls"]), default=0) + 1
        pull = self.stage.repository.open_pull(number, branch)
        return pull, self.stage.add_pull(pull, is_fork=False)

    def merge(self, hosted: dict[str, Any]) -> str:
        """By squashing, as the ruleset of main has it: a branch of one commit keeps that commit's own message."""
        repository, head = self.stage.repository, hosted["head"]["ref"]
        self.pull_main()
        commits = repository.git("rev-list", f"main..origin/{head}").split()
        if len(commits) != 1:
            raise ScenarioError(f"branch {head} has {len(commits)} commits above main, expected one")
        subject, _, body = repository.git("show", "--no-patch", "--format=%B", commits[0]).partition("\n")
        repository.git("merge", "--quiet", "--squash", f"origin/{head}")
        repository.git("commit", "--quiet", "--message", f"{subject} (#{hosted['number']})\n{body}")
        run_git(repository.folder, "push", "--quiet", "origin", "main", token=BUTTON)
        commit = repository.git("rev-parse", "HEAD")
        self.stage.merge_pull(hosted, commit)
        return commit

    def find_pull(self, fragment: str) -> dict[str, Any]:
        """The one open pull request whose branch holds `fragment`.

        Raises: ScenarioError.
        """
        pulls: list[dict[str, Any]] = self.stage.github.state.data["pulls"]
        found = [one for one in pulls if one["state"] == "open" and fragment in one["head"]["ref"]]
        if len(found) != 1:
            raise ScenarioError(f"{len(found)} open pull requests of a branch {fragment!r}, expected one")
        return found[0]

    def push_tag(self, version: str, commit: str) -> None:
        repository = self.stage.repository
        repository.git("tag", "--annotate", "--message", f"Release {version}", version, commit)
        repository.git("push", "--quiet", "origin", version)

    def run_main(self, commit: str) -> Outcome:
        payload = {"ref": "refs/heads/main", "before": f"{commit}^", "after": commit}
        return self.stage.run("main.yml", "push", payload, commit, job="approved", env=self.settings)

    def run_release(self, version: str) -> Outcome:
        """release.yml on the tag, as pushing it starts it, and as `gh workflow run --ref` does again."""
        reference = f"refs/tags/{version}"
        commit = run_git(self.stage.repository.origin, "rev-parse", f"{reference}^{{commit}}")
        payload = {"ref": reference, "before": NOBODY, "after": commit}
        return self.stage.run(
            "release.yml",
            "push",
            payload,
            commit,
            reference=reference,
            env=self.settings,
            variables=APP,
            secrets=APP_KEY,
        )

    def run_overlays(self, hosted: dict[str, Any]) -> Outcome:
        """overlays.yml on a pull request, as it would be merged."""
        repository, number = self.stage.repository, int(hosted["number"])
        self.pull_main()
        pull = Pull(number, hosted["head"]["ref"], self.head, "", "")
        repository.check_out("main")
        repository.git("merge", "--quiet", "--no-ff", "--message", f"Merge #{number}", f"origin/{pull.branch}")
        merge = repository.git("rev-parse", "HEAD")
        repository.publish(f"{merge}:refs/pull/{number}/merge")
        return self.stage.run(
            "overlays.yml",
            "pull_request",
            {"action": "synchronize", "number": number, "pull_request": hosted},
            merge,
            reference=f"refs/pull/{number}/merge",
            env=self.settings,
        )

    def run_dispatched(self) -> Outcome | None:
        """The workflow that somebody has started through the API, if one waits; the run ends as it does."""
        data = self.stage.github.state.data
        runs = {one["id"]: one for one in data["runs"] if one["status"] == "queued"}
        waiting = next((one for one in data["dispatches"] if one["run"] in runs), None)
        if waiting is None:
            return None
        run = runs[waiting["run"]]
        run["status"] = "in_progress"
        payload = {"inputs": waiting["inputs"], "ref": "refs/heads/main"}
        outcome = self.stage.run(
            "rollback.yml",
            "workflow_dispatch",
            payload,
            self.head,
            run_id=run["id"],
            env=self.settings,
            variables=APP,
            secrets=APP_KEY,
        )
        run |= {"status": "completed", "conclusion": "success" if outcome.succeeded else "failure"}
        return outcome
