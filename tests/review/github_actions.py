"""Workflow runs, their artifacts and approvals, as GitHub's API gives them."""

from typing import Any

from tests.review.github_answers import Answer, Request, find, not_found, redirect, refuse
from tests.review.github_state import State


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
        and query.get("status") in {None, run["status"], run["conclusion"]}
    ]
    return Answer(200, found, is_list=True, key="workflow_runs")
