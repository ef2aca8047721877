"""Pull requests and commits, as GitHub's API gives and takes them."""

from typing import Any

from tests.review.github_answers import Answer, Request, describe_repository, find, invalid, not_found, refuse
from tests.review.github_git import find_branch
from tests.review.github_state import State


def list_pulls(state: State, request: Request) -> Answer:
    query = request.query
    wanted = query.get("state", "open")
    found = [
        follow_branch(state, pull)
        for pull in state.data["pulls"]
        if wanted in {"all", pull["state"]}
        and query.get("head") in {None, name_head(pull)}
        and query.get("base") in {None, pull["base"]["ref"]}
    ]
    return Answer(200, found, is_list=True)


def name_head(pull: dict[str, Any]) -> str | None:
    repo = pull["head"]["repo"]
    return f"{repo['full_name'].partition('/')[0]}:{pull['head']['ref']}" if repo else None


def get_pull(state: State, request: Request) -> Answer:
    pull = find(state.data["pulls"], int(request.found[0]), "number")
    return Answer(200, follow_branch(state, pull)) if pull else not_found()


def follow_branch(state: State, pull: dict[str, Any]) -> dict[str, Any]:
    """An open one's head is its branch's, where that is a real one."""
    sha = find_branch(state, pull["head"]["ref"], "") if state.data["git"] and pull["state"] == "open" else None
    if sha:
        pull["head"]["sha"] = sha
    return pull


def create_pull(state: State, request: Request) -> Answer:
    body, data = request.body, state.data
    if not data["actions_may_open_pulls"]:
        return refuse(403, "GitHub Actions is not permitted to create or approve pull requests.")
    for name in ("title", "head", "base"):
        if not isinstance(body.get(name), str) or not body[name]:
            return invalid("PullRequest", field=name, code="missing_field")
    for name in ("head", "base"):
        if find_branch(state, body[name], "d" * 40) is None:
            return invalid("PullRequest", field=name, code="invalid")
    owner = data["repository"].partition("/")[0]
    if any(one["state"] == "open" and name_head(one) == f"{owner}:{body['head']}" for one in data["pulls"]):
        text = f"A pull request already exists for {owner}:{body['head']}."
        return invalid("PullRequest", code="custom", message=text)
    pull = describe_pull(state, body)
    data["pulls"].append(pull)
    return Answer(201, pull)


def describe_pull(state: State, body: dict[str, Any]) -> dict[str, Any]:
    number = max((one["number"] for one in state.data["pulls"]), default=0) + 1
    repo = describe_repository(state)
    return {
        "number": number,
        "state": "open",
        "title": body["title"],
        "body": body.get("body"),
        "user": {"login": state.data["login"]},
        "head": {"sha": find_branch(state, body["head"], "d" * 40), "ref": body["head"], "repo": repo},
        "base": {"sha": find_branch(state, body["base"], "e" * 40), "ref": body["base"], "repo": repo},
        "html_url": f"https://github.com/{repo['full_name']}/pull/{number}",
        "labels": [],
        "merged_at": None,
        "merge_commit_sha": None,
    }


def update_pull(state: State, request: Request) -> Answer:
    pull = find(state.data["pulls"], int(request.found[0]), "number")
    if pull is None:
        return not_found()
    pull.update({name: request.body[name] for name in ("title", "body", "state") if name in request.body})
    return Answer(200, pull)


def list_commit_pulls(state: State, request: Request) -> Answer:
    commit = state.data["commits"].get(request.found[0])
    if commit is None:
        return refuse(422, f"No commit found for SHA: {request.found[0]}")
    found = [pull for pull in state.data["pulls"] if pull["number"] in commit.get("pulls", [])]
    return Answer(200, found, is_list=True)


def get_commit(state: State, request: Request) -> Answer:
    sha = request.found[0]
    commit = state.data["commits"].get(sha)
    return Answer(200, {"sha": sha, "tree": {"sha": commit["tree"]}}) if commit else not_found()
