"""Workflow runs, their artifacts and approvals, as GitHub's API gives them."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.review.github_answers import Answer, Request, find, not_found, redirect, refuse
from tests.review.github_state import State
from tests.review.worlds import make_run

WORKFLOWS = Path(__file__).parents[2] / ".github" / "workflows"


def get_archive(state: State, request: Request) -> Answer:
    artifact = find(state.data["artifacts"], int(request.found[0]))
    if artifact is None:
        return not_found()
    return (
        refuse(410, "Artifact has expired")
        if artifact["expired"]
        else redirect(state, request, f"artifacts/{artifact['id']}")
    )


def get_run(state: State, request: Request) -> Answer:
    run = find(state.data["runs"], int(request.found[0]))
    return Answer(200, run) if run else not_found()


def list_run_artifacts(state: State, request: Request) -> Answer:
    run = int(request.found[0])
    if find(state.data["runs"], run) is None:
        return not_found()
    return list_named(
        state, request, [one for one in state.data["artifacts"] if (one["workflow_run"] or {}).get("id") == run]
    )


def list_artifacts(state: State, request: Request) -> Answer:
    return list_named(state, request, state.data["artifacts"])


def list_named(state: State, request: Request, artifacts: list[dict[str, Any]]) -> Answer:
    name = request.query.get("name")
    found = sorted((one for one in artifacts if name in {None, one["name"]}), key=lambda one: -int(one["id"]))
    return Answer(200, found, is_list=True, key="artifacts")


def list_approvals(state: State, request: Request) -> Answer:
    return Answer(200, state.data["approvals"].get(request.found[0], []))


def list_runs(state: State, request: Request) -> Answer:
    path, query = f".github/workflows/{request.found[0]}", request.query
    found = [
        run
        for run in state.data["runs"]
        if run["path"].partition("@")[0] == path
        and query.get("head_sha") in {None, run["head_sha"]}
        and query.get("event") in {None, run["event"]}
        and query.get("status") in {None, run["status"], run["conclusion"]}
    ]
    return Answer(200, found, is_list=True, key="workflow_runs")


def start_workflow(state: State, request: Request) -> Answer:
    """As GitHub does: no word on which run it becomes, and none of inputs that the workflow has not."""
    path = WORKFLOWS / request.found[0]
    if not path.is_file():
        return not_found()
    workflow = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    known = (workflow.get("on") or workflow.get(True))["workflow_dispatch"]["inputs"]
    inputs = request.body.get("inputs", {})
    if unknown := sorted(set(inputs) - set(known)):
        return refuse(422, f"Unexpected inputs provided: {unknown}")
    if missing := sorted(name for name, one in known.items() if one.get("required") and not inputs.get(name)):
        return refuse(422, f"Required input {missing[0]!r} not provided")
    run = make_run(
        state.next_id(),
        path=f".github/workflows/{request.found[0]}",
        event="workflow_dispatch",
        status="queued",
        conclusion=None,
        head_branch=request.body["ref"],
        display_title=f"Take {inputs.get('environment')} back ({inputs.get('mark')})",
    )
    state.data["runs"].append(run)
    state.data["dispatches"].append({"run": run["id"], "inputs": inputs})
    return Answer(204)
