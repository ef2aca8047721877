"""Everything the runs stand on: the clone with a small training, its origin, the seed, the champion and GitHub."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.harness.github import APP, OWNER_AND_NAME, READING, TOKENS, WRITING, LocalGitHub
from tests.review.github_server import run_server
from tests.review.worlds import release_world
from tests.workflows.act import Order, Outcome, run_act
from tests.workflows.repository import Pull, Repository, clone_checkout
from tests.workflows.rows import run_training, serve_folder, write_rows
from tests.workflows.seed import plant_seed

OWNER, NAME = OWNER_AND_NAME.split("/")
REPOSITORY = {"full_name": OWNER_AND_NAME, "name": NAME, "default_branch": "main", "owner": {"login": OWNER}}
QUICK = {"eta": 0.1, "tree_method": "hist"}  # a third of the trees at three times the rate
ROUNDS, RESAMPLES = 90, 100


@dataclass
class Stage:
    work: Path
    seed: Path
    repository: Repository
    github: LocalGitHub
    data: str
    start: str

    def restore_main(self) -> None:
        """Every scenario begins with the same main, whatever the last one merged."""
        self.repository.git("checkout", "--quiet", "--force", "-B", "main", self.start)
        self.repository.publish("main")

    @property
    def python(self) -> Path:
        return self.seed / ".venv" / "bin" / "python"

    def run(self, workflow: str, event: str, payload: dict[str, Any], commit: str, **more: Any) -> Outcome:
        """A workflow as it stands in the commit, on an event at that commit."""
        self.repository.check_out(commit)
        run_id = more.pop("run_id", None) or next(self.github.run_ids)
        reference = more.pop("reference", "refs/heads/main")
        env = {
            "GITHUB_API_URL": self.github.address,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": OWNER_AND_NAME,
            "GITHUB_REPOSITORY_OWNER": OWNER,
            "GITHUB_RUN_ID": str(run_id),
            "GITHUB_REF": reference,
            "SHA_REF": commit,
            "LATHE_ORIGIN": f"file://{self.repository.origin}",
            "LATHE_SEED": str(self.seed),
            "LATHE_ARTIFACTS": str(self.work / "artifacts"),
            "LATHE_APP_TOKEN": APP,
            **more.pop("env", {}),
        }
        full = {"repository": REPOSITORY, "sender": {"login": "somebody"}, **payload}
        order = Order(workflow, event, full, run_id, env, more.pop("token", WRITING), **more)
        return run_act(order, self.repository.folder, self.work)

    def run_model(self, pull: Pull, hosted: dict[str, Any]) -> Outcome:
        """model.yml on a pull request; a fork's token may only read."""
        is_fork = hosted["head"]["repo"]["full_name"] != REPOSITORY["full_name"]
        run_id = self.github.start_run(hosted)
        outcome = self.run(
            "model.yml",
            "pull_request",
            {"action": "synchronize", "number": pull.number, "pull_request": hosted},
            pull.merge,
            run_id=run_id,
            reference=f"refs/pull/{pull.number}/merge",
            token=READING if is_fork else WRITING,
        )
        self.end_run(run_id, outcome.succeeded)
        return outcome

    def add_pull(self, pull: Pull, is_fork: bool) -> dict[str, Any]:
        """As GitHub has it."""
        tree = self.repository.read_tree(pull.head)
        return self.github.add_pull(pull.number, pull.branch, pull.head, pull.base, tree, is_fork)

    def merge_pull(self, hosted: dict[str, Any], commit: str) -> None:
        """main has the commit by then."""
        self.github.merge_pull(hosted["number"], commit, self.repository.read_tree(commit))

    def end_run(self, run_id: int, succeeded: bool) -> None:
        """With the artifacts that it left."""
        self.github.end_run(run_id, succeeded, sorted((self.work / "artifacts" / str(run_id)).glob("*.zip")))

    def run_comment(self, run_id: int) -> Outcome:
        """comment.yml, once a run of model.yml is over."""
        found = next(run for run in self.github.state.data["runs"] if run["id"] == run_id)
        payload = {"action": "completed", "workflow_run": {**found, "name": "model"}}
        return self.run("comment.yml", "workflow_run", payload, self.repository.git("rev-parse", "main"))


@contextmanager
def set_stage(work: Path, *, is_released: bool = True) -> Iterator[Stage]:
    """Without a release, branches and tags are the origin's own, as they are made while it plays.

    Raises: ScenarioError, UsageError.
    """
    seed, repository = plant_seed(work), clone_checkout(work)
    with serve_folder(work / "data") as data:
        python = seed / ".venv" / "bin" / "python"
        write_rows(python, repository.folder, work / "data")
        shrink_training(repository, python, f"{data}/main.csv", work / "made")
        known = make_release(repository, python, work / "champion") if is_released else {"git": str(repository.origin)}
        with run_server({**known, "tokens": TOKENS}) as (server, state):
            state.data["branches"].append("retrain/ai4i")
            github = LocalGitHub(state, server.address)
            yield Stage(work, seed, repository, github, data, repository.git("rev-parse", "main"))


def shrink_training(repository: Repository, python: Path, data: str, made: Path) -> None:
    """main with a training of seconds: fewer trees, fewer resamples, small pinned data."""
    change_params(repository, rounds=ROUNDS, **QUICK)
    change_yaml(repository.folder / "training" / "gate.yaml", {"resamples": RESAMPLES})
    run_training(python, repository.folder, "pin", "--data", data, "--artifacts", str(made))
    repository.commit("Train small")
    repository.publish("main")


def change_params(repository: Repository, **changes: Any) -> None:
    """Those that stand at the top level go there, the rest to XGBoost."""
    top = {name: value for name, value in changes.items() if name in {"rounds", "seed"}}
    model = {name: value for name, value in changes.items() if name not in top}
    change_yaml(repository.folder / "training" / "params.yaml", top, model=model)


def change_yaml(path: Path, top: dict[str, Any], **nested: dict[str, Any]) -> None:
    yaml = YAML()
    content = yaml.load(path.read_text(encoding="utf-8"))
    content.update(top)
    for name, values in nested.items():
        content[name].update(values)
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(content, file)


def make_release(repository: Repository, python: Path, made: Path) -> dict[str, Any]:
    """The champion: main's model, as the latest release carries it."""
    run_training(python, repository.folder, "train", "--artifacts", str(made))
    return release_world(made / "candidate")
