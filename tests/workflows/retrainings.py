"""Retrainings, by an alert, by a hostile one and by the clock: at most one pull request, and nothing else."""

from collections.abc import Iterator
from typing import Any

from tests.workflows.act import Outcome
from tests.workflows.expectations import WorkflowRun, expect, expect_jobs
from tests.workflows.stage import Stage

DISPATCH = {"reason": "drift", "fingerprint": "0123456789abcdef"}


def play_retraining(stage: Stage) -> Iterator[WorkflowRun]:
    """An alert asks: fresh data is pinned and judged, and one pull request opened; the schedule updates that one."""
    variables = {"LATHE_DATA_URL": f"{stage.data}/fresh.csv"}
    app = {"LATHE_APP_CLIENT_ID": "an-app"}
    main = stage.repository.git("rev-parse", "main")
    payload = {"action": "retrain", "client_payload": DISPATCH}
    outcome = stage.run(
        "retrain.yml",
        "repository_dispatch",
        payload,
        main,
        variables={**variables, **app},
        secrets={"LATHE_APP_KEY": "its-key"},
    )
    expect_jobs(outcome, True, judge="success", propose="success")
    pull = find_retraining(stage, outcome)
    expect("own checks" in pull["body"] and "## " in pull["body"], "the report in its text", outcome)
    changed = stage.repository.git("diff", "--name-only", "main", "FETCH_HEAD").split()
    expect(changed == ["training/pins/ai4i.yaml"], f"the pin alone on the branch, found {changed}", outcome)
    expect(
        stage.github.list_writes()[-1] == "POST pulls", f"a new one, found {stage.github.list_writes()[-1]}", outcome
    )
    yield WorkflowRun("an alert", outcome, f"#{pull['number']} opened, changes training/pins/ai4i.yaml")
    yield play_refused(stage, main, variables)
    yield play_schedule(stage, main, variables)


def play_refused(stage: Stage, main: str, variables: dict[str, str]) -> WorkflowRun:
    before = len(stage.github.state.writes)
    payload = {"action": "retrain", "client_payload": {**DISPATCH, "reason": "$(id); <script>"}}
    outcome = stage.run("retrain.yml", "repository_dispatch", payload, main, variables=variables)
    expect_jobs(outcome, False, judge="failure", propose="absent")
    expect(stage.github.list_writes(before) == [], "no write", outcome)
    return WorkflowRun("a hostile payload", outcome, "nothing: refused before any data is fetched")


def play_schedule(stage: Stage, main: str, variables: dict[str, str]) -> WorkflowRun:
    """Without an App: the same pull request, and a sentence on how to start its checks."""
    outcome = stage.run("retrain.yml", "schedule", {"schedule": "17 4 * * 1"}, main, variables=variables)
    expect_jobs(outcome, True, judge="success", propose="success")
    pull = find_retraining(stage, outcome)
    expect("Close and reopen" in pull["body"], "how to start its checks", outcome)
    last = stage.github.list_writes()[-1]
    expect(last == f"PATCH pulls/{pull['number']}", f"that one updated, found {last}", outcome)
    return WorkflowRun("the schedule, no App", outcome, f"#{pull['number']} updated")


def find_retraining(stage: Stage, outcome: Outcome) -> dict[str, Any]:
    pulls: list[dict[str, Any]] = stage.github.state.data["pulls"]
    found = [pull for pull in pulls if pull["head"]["ref"] == "retrain/ai4i"]
    expect(len(found) == 1, f"one pull request of retrain/ai4i, found {len(found)}", outcome)
    stage.repository.git("fetch", "--quiet", "origin", "retrain/ai4i")
    return found[0]
