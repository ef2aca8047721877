"""Comments, labels' events and permissions, as GitHub's API gives and takes them."""

from typing import Any

from tests.review.github_answers import Answer, Request, find, invalid, not_found
from tests.review.github_state import State

MAX_COMMENT = 65_536


def list_issues(state: State, request: Request) -> Answer:
    """Open ones unless another state is asked for, pull requests among them, newest first by default."""
    pulls = [{**pull, "pull_request": {"url": pull["html_url"]}} for pull in state.data["pulls"]]
    found = [*pulls, *state.data["issues"]]
    wanted, creator = request.query.get("state", "open"), request.query.get("creator")
    kept = [
        one for one in found if wanted in ("all", one["state"]) and (creator is None or one["user"]["login"] == creator)
    ]
    kept.sort(key=lambda one: int(one["number"]), reverse=request.query.get("direction", "desc") == "desc")
    return Answer(200, kept, is_list=True)


def create_issue(state: State, request: Request) -> Answer:
    title, text = request.body.get("title"), request.body.get("body", "")
    if not isinstance(title, str) or not title.strip():
        return invalid("Issue", field="title", code="missing_field")
    if len(text) > MAX_COMMENT:
        return invalid("Issue", code="custom", message=f"body is too long (maximum is {MAX_COMMENT} characters)")
    number = state.next_id()
    one = {"number": number, "title": title, "body": text, "state": "open", "user": {"login": state.data["login"]}}
    one["html_url"] = f"https://github.com/{state.data['repository']}/issues/{number}"
    state.data["issues"].append(one)
    return Answer(201, one)


def update_issue(state: State, request: Request) -> Answer:
    one = find(state.data["issues"], int(request.found[0]), "number")
    if one is None:
        return not_found()
    if len(request.body.get("body", "")) > MAX_COMMENT or request.body.get("state", "open") not in ("open", "closed"):
        return invalid("Issue", code="invalid")
    one |= {name: request.body[name] for name in ("title", "body", "state") if name in request.body}
    return Answer(200, one)


def list_comments(state: State, request: Request) -> Answer:
    return Answer(200, state.list_comments(int(request.found[0])), is_list=True)


def create_comment(state: State, request: Request) -> Answer:
    number, text = int(request.found[0]), request.body.get("body")
    if find(state.data["pulls"], number, "number") is None:
        return not_found()
    if refusal := check_comment(text):
        return refusal
    one = {"id": state.next_id(), "number": number, "body": text, "user": {"login": state.data["login"]}}
    one["html_url"] = f"https://github.com/{state.data['repository']}/pull/{number}#issuecomment-{one['id']}"
    state.data["comments"].append(one)
    return Answer(201, one)


def check_comment(text: Any) -> Answer | None:
    if not isinstance(text, str) or not text.strip():
        return invalid("IssueComment", field="body", code="missing_field")
    if len(text) > MAX_COMMENT:
        return invalid("IssueComment", code="custom", message=f"body is too long (maximum is {MAX_COMMENT} characters)")
    return None


def update_comment(state: State, request: Request) -> Answer:
    one = find(state.data["comments"], int(request.found[0]))
    if one is None:
        return not_found()
    if refusal := check_comment(request.body.get("body")):
        return refusal
    one["body"] = request.body["body"]
    return Answer(200, one)


def delete_comment(state: State, request: Request) -> Answer:
    one = find(state.data["comments"], int(request.found[0]))
    if one is None:
        return not_found()
    state.data["comments"].remove(one)
    return Answer(204)


def list_timeline(state: State, request: Request) -> Answer:
    return Answer(200, state.data["timelines"].get(request.found[0], []), is_list=True)


def get_permission(state: State, request: Request) -> Answer:
    """Of a public repository anybody may read; an unknown user is no user."""
    login = request.found[0]
    permission = state.data["permissions"].get(login, "read")
    return not_found() if permission == "nobody" else Answer(200, {"permission": permission, "user": {"login": login}})
