"""What is run and what must come of it: each scenario is an event, and ends with what reached the pull request."""

import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from ruamel.yaml import YAML

from tests.workflows.act import Outcome
from tests.workflows.clouds import play_clouds
from tests.workflows.expectations import WorkflowRun, expect, expect_comment, expect_jobs, read_member
from tests.workflows.repository import Pull
from tests.workflows.retrainings import play_retraining
from tests.workflows.stage import ROUNDS, Stage, change_params, change_yaml


def play_good(stage: Stage) -> Iterator[WorkflowRun]:
    """Two more trees: as good as the champion. Approved and bound; after the merge, main takes that bundle."""
    stage.repository.start_branch("good")
    change_params(stage.repository, rounds=ROUNDS + 2)
    pull, hosted = propose(stage, 7, "good")
    outcome = stage.run_model(pull, hosted)
    expect_jobs(
        outcome,
        True,
        changes="success",
        judge="success",
        decide="success",
        approve="success",
        model_checks_pass="success",
    )
    comment = expect_comment(stage.github, 7, "Pass", outcome)
    approved = f"approved-{stage.repository.read_tree(pull.merge)}"
    record = read_member(stage.work, outcome.order.run_id, approved, "approval.json")
    expect(record["approved_by"] == ["reviewer"] and record["verdict"] == "pass", "reviewer's approval", outcome)
    yield WorkflowRun("a good candidate", outcome, f"{comment}; approved by reviewer (played)")
    yield play_again(stage, outcome, 7, "Pass")
    yield from play_merged(stage, pull, hosted, record)


def play_merged(stage: Stage, pull: Pull, hosted: dict[str, Any], record: dict[str, Any]) -> Iterator[WorkflowRun]:
    commit = stage.repository.squash(pull, "A better model")
    stage.merge_pull(hosted, commit)
    (stage.repository.folder / "README.md").open("a", encoding="utf-8").write("\n")
    later = stage.repository.commit("Another line")
    stage.repository.publish("main")
    for title, pushed in (("its squash merge", commit), ("a later commit without a model", later)):
        payload = {"ref": "refs/heads/main", "before": pull.base, "after": pushed}
        outcome = stage.run("main.yml", "push", payload, pushed, job="approved")
        expect_jobs(outcome, True, approved="success")
        kept = read_member(stage.work, outcome.order.run_id, f"bundle-main-{pushed}", "bundle/bundle.json")
        expect(kept["digest"] == record["bundle_digest"], f"bundle {record['bundle_digest'][:12]}", outcome)
        yield WorkflowRun(title, outcome, f"the approved bundle {kept['digest'][:12]} is kept")


def play_bad(stage: Stage) -> Iterator[WorkflowRun]:
    """Somebody leaves all features out but one."""
    stage.repository.start_branch("bad")
    path = stage.repository.folder / "training" / "datasets" / "ai4i.yaml"
    former = YAML(typ="safe").load(path.read_text(encoding="utf-8"))["unused_features"]
    change_yaml(path, {"unused_features": [*former, *list_others(stage, "tool_wear_min")]})
    pull, hosted = propose(stage, 8, "bad")
    outcome = stage.run_model(pull, hosted)
    expect_jobs(outcome, False, judge="success", decide="failure", approve="absent", model_checks_pass="failure")
    yield WorkflowRun("a bad candidate", outcome, expect_comment(stage.github, 8, "Fail", outcome))
    yield play_again(stage, outcome, 8, "Fail")


def list_others(stage: Stage, kept: str) -> list[str]:
    champion = json.loads((stage.work / "champion" / "candidate" / "bundle.json").read_bytes())
    return [name for name in champion["schema"]["features"] if name != kept]


def play_uncertain(stage: Stage) -> Iterator[WorkflowRun]:
    """Another seed: worse or not, nobody can say. Blocked, until a reviewer accepts that by name."""
    stage.repository.start_branch("uncertain")
    change_params(stage.repository, seed=21)
    pull, hosted = propose(stage, 9, "uncertain")
    outcome = stage.run_model(pull, hosted)
    expect_jobs(outcome, False, judge="success", decide="failure", approve="absent", model_checks_pass="failure")
    yield WorkflowRun(
        "an uncertain candidate", outcome, expect_comment(stage.github, 9, "Not enough evidence", outcome)
    )
    stage.github.accept_uncertain(hosted)
    outcome = stage.run_model(pull, hosted)
    expect_jobs(outcome, True, decide="success", approve="success", model_checks_pass="success")
    comment = expect_comment(stage.github, 9, "Not enough evidence", outcome)
    yield WorkflowRun("the same, accepted by name", outcome, f"{comment}; label by reviewer (played)")


def play_fork(stage: Stage) -> Iterator[WorkflowRun]:
    """A stranger's: judged with a token that reads, commented on by comment.yml, and never approved as it is."""
    stage.repository.start_branch("fork")
    change_params(stage.repository, rounds=ROUNDS + 5)
    pull, hosted = propose(stage, 10, "fork", is_fork=True)
    outcome = stage.run_model(pull, hosted)
    expect_jobs(outcome, False, judge="success", decide="success", approve="absent", model_checks_pass="failure")
    expect(stage.github.list_comments(10) == [], "no comment yet", outcome)
    yield WorkflowRun("a fork's candidate", outcome, "nothing yet: its token may only read")
    commented = stage.run_comment(outcome.order.run_id)
    expect_jobs(commented, True, comment="success")
    comment = expect_comment(stage.github, 10, "Pass", commented)
    expect("comes from a fork" in stage.github.list_comments(10)[0], "a word on whose code measured", commented)
    yield WorkflowRun("the fork's run is over", commented, comment)


def play_hostile(stage: Stage) -> Iterator[WorkflowRun]:
    """A fork's run whose report is not a report: comment.yml refuses it, and nothing is posted."""
    stage.repository.start_branch("hostile")
    change_params(stage.repository, rounds=ROUNDS + 1)
    _, hosted = propose(stage, 11, "hostile", is_fork=True)
    run_id = stage.github.start_run(hosted)
    folder = stage.work / "artifacts" / str(run_id)
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / "gate-report.zip", "w") as archive:
        archive.writestr("../report.json", "{}")
    stage.end_run(run_id, succeeded=True)
    outcome = stage.run_comment(run_id)
    expect_jobs(outcome, False, comment="failure")
    expect("../report.json" in outcome.log, "the name of what was refused", outcome)
    expect(stage.github.list_comments(11) == [], "no comment", outcome)
    yield WorkflowRun("a hostile artifact", outcome, "nothing: refused by name")


def play_checks(stage: Stage) -> Iterator[WorkflowRun]:
    """ci.yml in its light form: a change of text alone, and of the tests only the repository's own."""
    stage.repository.start_branch("docs")
    (stage.repository.folder / "docs" / "operate.md").open("a", encoding="utf-8").write("\n")
    pull, hosted = propose(stage, 12, "docs")
    outcome = stage.run(
        "ci.yml",
        "pull_request",
        {"action": "opened", "number": 12, "pull_request": hosted},
        pull.merge,
        reference="refs/pull/12/merge",
        env={"PYTEST_ADDOPTS": " ".join(f"--ignore=tests/{name}" for name in list_left_out(stage))},
    )
    wanted = {"changes", "style, types, fast tests", "security", "required-checks-pass"}
    expect(set(outcome.jobs) == wanted and outcome.succeeded, f"{wanted} alone", outcome)
    yield WorkflowRun("a change of text", outcome, "required-checks-pass is green, six jobs were left out")


def list_left_out(stage: Stage) -> list[str]:
    folders = (path.name for path in (stage.repository.folder / "tests").iterdir() if path.is_dir())
    return sorted(name for name in folders if name not in {"repo", "data"})


def propose(stage: Stage, number: int, branch: str, *, is_fork: bool = False) -> tuple[Pull, dict[str, Any]]:
    stage.repository.commit(f"Propose {branch}")
    pull = stage.repository.open_pull(number, branch)
    return pull, stage.add_pull(pull, is_fork)


def play_again(stage: Stage, outcome: Outcome, number: int, heading: str) -> WorkflowRun:
    """comment.yml after a run that could comment itself: the comment stays one."""
    commented = stage.run_comment(outcome.order.run_id)
    expect_jobs(commented, True, comment="success")
    return WorkflowRun("its run is over", commented, expect_comment(stage.github, number, heading, commented))


SCENARIOS: dict[str, Callable[[Stage], Iterator[WorkflowRun]]] = {
    "checks": play_checks,
    "good": play_good,
    "bad": play_bad,
    "uncertain": play_uncertain,
    "fork": play_fork,
    "hostile": play_hostile,
    "retraining": play_retraining,
    "clouds": play_clouds,
}
