"""terraform.yml with the real Terraform and a root without a cloud: applied, proposed, drifted, mended, out of date."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from review.cloud.text import PLANS
from tests.harness.github import READING, WRITING
from tests.terraform.checks.violations import EXAMPLE
from tests.workflows.act import Outcome
from tests.workflows.expectations import WorkflowRun, expect, expect_jobs
from tests.workflows.repository import Pull
from tests.workflows.stage import Stage

WORKFLOW, NUMBER, FORK = "terraform.yml", 13, 14
ENVIRONMENT = "small-test"


def play_clouds(stage: Stage) -> Iterator[WorkflowRun]:
    """main is applied; a pull request shows what it would do, as one comment; drift is one issue until it is mended."""
    plant_root(stage)
    yield play_apply(stage, "main changes the clouds", "the saved plan is applied")
    yield from play_proposal(stage)
    yield play_stranger(stage)
    yield from play_drift(stage)
    yield play_out_of_date(stage)


def plant_root(stage: Stage) -> None:
    """A root of its own whose state is a file, beside one environment of EKS, which is priced and not planned."""
    terraform = stage.repository.folder / "terraform"
    shutil.copytree(EXAMPLE.folder, terraform / "small")
    (terraform / "small" / "backend.tf").write_text('terraform {\n  backend "local" {}\n}\n', encoding="utf-8")
    (terraform / "eks" / "envs" / "prod.tfvars").unlink()
    shutil.rmtree(terraform / "gke" / "envs")
    stage.repository.commit("Have a small root")
    stage.repository.publish("main")


def locate_state(stage: Stage) -> Path:
    return stage.work / "small.tfstate"


def run(stage: Stage, event: str, payload: dict[str, Any], commit: str, **more: Any) -> Outcome:
    variables = {
        "LATHE_CLOUD_ENVIRONMENTS": json.dumps([ENVIRONMENT]),
        "LATHE_CLOUD_STATE": f"path={locate_state(stage)}",
    }
    return stage.run(WORKFLOW, event, payload, commit, variables=variables, **more)


def play_apply(stage: Stage, title: str, reached: str) -> WorkflowRun:
    commit = stage.repository.git("rev-parse", "main")
    outcome = run(stage, "push", {"ref": "refs/heads/main", "after": commit}, commit)
    expect_jobs(outcome, True, plan="success", apply="success", costs="absent", comment="absent", drift="absent")
    found = json.loads(locate_state(stage).read_bytes())["resources"]
    expect([one["name"] for one in found] == ["cluster"], "the resource in the state", outcome)
    return WorkflowRun(title, outcome, reached)


def propose_nodes(stage: Stage, number: int, branch: str, nodes: int, *, is_fork: bool = False) -> dict[str, Any]:
    stage.repository.start_branch(branch)
    path = stage.repository.folder / "terraform" / "small" / "envs" / "test.tfvars"
    path.write_text(f'environment = "test"\nnodes       = {nodes}\n', encoding="utf-8")
    stage.repository.commit(f"Have {nodes} nodes")
    pull: Pull = stage.repository.open_pull(number, branch)
    hosted = stage.add_pull(pull, is_fork)
    payload = {"action": "opened", "number": number, "pull_request": hosted}
    return {"payload": payload, "commit": pull.merge, "reference": f"refs/pull/{number}/merge"}


def play_proposal(stage: Stage) -> Iterator[WorkflowRun]:
    proposed = propose_nodes(stage, NUMBER, "nodes", 3)
    for title, reached in (
        ("a change is proposed", "one comment"),
        ("it is pushed again", "the same comment, updated"),
    ):
        outcome = run(stage, "pull_request", token=WRITING, **proposed)
        expect_jobs(outcome, True, costs="success", plan="success", comment="success", apply="absent", drift="absent")
        comments = [body for body in stage.github.list_comments(NUMBER) if body.startswith(PLANS)]
        expect(len(comments) == 1, f"one comment, found {len(comments)}", outcome)
        expect("0 to add, 1 to change, 0 to destroy" in comments[0], "one change in its title", outcome)
        expect(
            "terraform\\_data.cluster" in comments[0] or "terraform_data.cluster" in comments[0], "the name", outcome
        )
        expect(f"<!-- run {outcome.order.run_id} -->" in comments[0], "this run's text", outcome)
        yield WorkflowRun(title, outcome, f"{reached}: 1 to change, costs of eks-test")


def play_stranger(stage: Stage) -> WorkflowRun:
    """A fork's: what it costs, in the run's summary; no identity, no comment."""
    proposed = propose_nodes(stage, FORK, "stranger", 4, is_fork=True)
    outcome = run(stage, "pull_request", token=READING, **proposed)
    expect_jobs(outcome, True, costs="success", plan="absent", comment="absent", apply="absent")
    expect(stage.github.list_comments(FORK) == [], "no comment", outcome)
    return WorkflowRun("a fork's change", outcome, "nothing: its costs stand in the summary")


def play_drift(stage: Stage) -> Iterator[WorkflowRun]:
    main = stage.repository.git("rev-parse", "main")
    state = locate_state(stage)

    def look(title: str, issues: list[str], last: str) -> WorkflowRun:
        outcome = run(stage, "schedule", {"schedule": "43 3 * * *"}, main)
        expect_jobs(outcome, True, plan="success", drift="success", costs="absent", apply="absent")
        found = [str(issue["state"]) for issue in stage.github.state.data["issues"]]
        expect(found == issues, f"issues {issues}, found {found}", outcome)
        writes = stage.github.list_writes()[-1:]
        expect(not last or writes[0].startswith(last), f"{last}, found {writes}", outcome)
        return WorkflowRun(title, outcome, f"the issue: {last or 'none'} {', '.join(issues)}")

    yield look("a night without drift", [], "")
    content = json.loads(state.read_bytes())
    state.write_text(json.dumps({**content, "serial": content["serial"] + 1, "resources": []}), encoding="utf-8")
    yield look("something was removed by hand", ["open"], "POST issues")
    yield look("it is still gone", ["open"], "PATCH issues")
    yield play_apply(stage, "main is applied again", "what was removed is there again")
    yield look("nothing differs any more", ["closed"], "PATCH issues")


def play_out_of_date(stage: Stage) -> WorkflowRun:
    """main goes on while the plan waits for its approval."""
    planned = stage.repository.git("rev-parse", "main")
    stage.repository.git("checkout", "--quiet", "--force", "main")
    (stage.repository.folder / "README.md").open("a", encoding="utf-8").write("\n")
    stage.repository.commit("Go on")
    stage.repository.publish("main")
    before = locate_state(stage).read_bytes()
    outcome = run(stage, "push", {"ref": "refs/heads/main", "after": planned}, planned)
    expect_jobs(outcome, False, plan="success", apply="failure")
    expect(f"{ENVIRONMENT} was planned at {planned[:12]}" in outcome.log, "what was planned, by commit", outcome)
    expect(locate_state(stage).read_bytes() == before, "the state as it was", outcome)
    return WorkflowRun("main went on meanwhile", outcome, "nothing: refused by name")
