"""GitHub's endpoints that Lathe asks, by method and path; whoever may only read is refused every write."""

import re
from collections.abc import Callable

from tests.review import github_actions, github_issues, github_pulls
from tests.review.github_answers import Answer, Request, describe_repository, not_found, refuse
from tests.review.github_state import State


def answer_request(state: State, path: str, request: Request) -> Answer:
    prefix = f"/repos/{state.data['repository']}"
    if path.lower() != prefix.lower() and not path.lower().startswith(f"{prefix}/".lower()):
        return refuse(403, "Resource not accessible by integration") if path == "/user" else not_found()
    below = path[len(prefix) :]
    for method, pattern, route in ROUTES:
        if method == request.method and (match := re.fullmatch(pattern, below)):
            if method != "GET" and request.role != "write":
                return refuse(403, "Resource not accessible by integration")
            request.found = match.groups()
            return route(state, request)
    return not_found()


def get_repository(state: State, request: Request) -> Answer:
    return Answer(200, describe_repository(state))


SHA = "([0-9a-f]{40})"
ROUTES: tuple[tuple[str, str, Callable[[State, Request], Answer]], ...] = (
    ("GET", "", get_repository),
    ("GET", "/releases/latest", github_actions.get_latest_release),
    ("GET", r"/releases/assets/(\d+)", github_actions.get_asset),
    ("GET", r"/actions/runs/(\d+)", github_actions.get_run),
    ("GET", r"/actions/runs/(\d+)/artifacts", github_actions.list_run_artifacts),
    ("GET", r"/actions/runs/(\d+)/approvals", github_actions.list_approvals),
    ("GET", "/actions/artifacts", github_actions.list_artifacts),
    ("GET", r"/actions/artifacts/(\d+)/zip", github_actions.get_archive),
    ("GET", r"/actions/workflows/([\w.-]+)/runs", github_actions.list_runs),
    ("GET", "/pulls", github_pulls.list_pulls),
    ("POST", "/pulls", github_pulls.create_pull),
    ("GET", r"/pulls/(\d+)", github_pulls.get_pull),
    ("PATCH", r"/pulls/(\d+)", github_pulls.update_pull),
    ("GET", f"/commits/{SHA}/pulls", github_pulls.list_commit_pulls),
    ("GET", f"/git/commits/{SHA}", github_pulls.get_commit),
    ("GET", r"/issues/(\d+)/comments", github_issues.list_comments),
    ("POST", r"/issues/(\d+)/comments", github_issues.create_comment),
    ("PATCH", r"/issues/comments/(\d+)", github_issues.update_comment),
    ("DELETE", r"/issues/comments/(\d+)", github_issues.delete_comment),
    ("GET", r"/issues/(\d+)/timeline", github_issues.list_timeline),
    ("GET", r"/collaborators/([^/]+)/permission", github_issues.get_permission),
)
