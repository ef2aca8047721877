"""GitHub's endpoints that Lathe asks, by method and path; whoever may only read is refused every write."""

import re
from collections.abc import Callable

from tests.review import github_actions, github_git, github_issues, github_pulls, github_releases
from tests.review.github_answers import Answer, Request, describe_repository, not_found, refuse
from tests.review.github_state import State


def answer_request(state: State, path: str, request: Request) -> Answer:
    prefix = f"/repos/{state.data['repository']}"
    if path.startswith(github_releases.UPLOADS):
        return answer_upload(state, path, request)
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


def answer_upload(state: State, path: str, request: Request) -> Answer:
    """The one thing that the place for uploads knows."""
    if not find_upload(state, path, request) or request.method != "POST":
        return not_found()
    if request.role != "write":
        return refuse(403, "Resource not accessible by integration")
    return github_releases.upload_asset(state, request)


def find_upload(state: State, path: str, request: Request) -> bool:
    """Whether the path is a release's; the request then knows which."""
    pattern = rf"{github_releases.UPLOADS}/repos/{re.escape(state.data['repository'])}/releases/(\d+)/assets"
    match = re.fullmatch(pattern, path)
    request.found = match.groups() if match else ()
    return match is not None


def get_repository(state: State, request: Request) -> Answer:
    return Answer(200, describe_repository(state))


SHA = "([0-9a-f]{40})"
ROUTES: tuple[tuple[str, str, Callable[[State, Request], Answer]], ...] = (
    ("GET", "", get_repository),
    ("GET", "/releases", github_releases.list_releases),
    ("POST", "/releases", github_releases.create_release),
    ("GET", "/releases/latest", github_releases.get_latest_release),
    ("GET", r"/releases/tags/([^/]+)", github_releases.get_release_by_tag),
    ("GET", r"/releases/(\d+)", github_releases.get_release),
    ("PATCH", r"/releases/(\d+)", github_releases.update_release),
    ("DELETE", r"/releases/(\d+)", github_releases.delete_release),
    ("GET", r"/releases/(\d+)/assets", github_releases.list_assets),
    ("GET", r"/releases/assets/(\d+)", github_releases.get_asset),
    ("DELETE", r"/releases/assets/(\d+)", github_releases.delete_asset),
    ("GET", r"/git/ref/tags/([^/]+)", github_git.get_tag_reference),
    ("GET", f"/git/tags/{SHA}", github_git.get_tag_object),
    ("GET", r"/actions/runs/(\d+)", github_actions.get_run),
    ("GET", r"/actions/runs/(\d+)/artifacts", github_actions.list_run_artifacts),
    ("GET", r"/actions/runs/(\d+)/approvals", github_actions.list_approvals),
    ("GET", "/actions/artifacts", github_actions.list_artifacts),
    ("GET", r"/actions/artifacts/(\d+)/zip", github_actions.get_archive),
    ("GET", r"/actions/workflows/([\w.-]+)/runs", github_actions.list_runs),
    ("POST", r"/actions/workflows/([\w.-]+)/dispatches", github_actions.start_workflow),
    ("GET", "/pulls", github_pulls.list_pulls),
    ("POST", "/pulls", github_pulls.create_pull),
    ("GET", r"/pulls/(\d+)", github_pulls.get_pull),
    ("PATCH", r"/pulls/(\d+)", github_pulls.update_pull),
    ("GET", f"/commits/{SHA}/pulls", github_pulls.list_commit_pulls),
    ("GET", f"/git/commits/{SHA}", github_pulls.get_commit),
    ("GET", "/issues", github_issues.list_issues),
    ("POST", "/issues", github_issues.create_issue),
    ("PATCH", r"/issues/(\d+)", github_issues.update_issue),
    ("GET", r"/issues/(\d+)/comments", github_issues.list_comments),
    ("POST", r"/issues/(\d+)/comments", github_issues.create_comment),
    ("PATCH", r"/issues/comments/(\d+)", github_issues.update_comment),
    ("DELETE", r"/issues/comments/(\d+)", github_issues.delete_comment),
    ("GET", r"/issues/(\d+)/timeline", github_issues.list_timeline),
    ("GET", r"/collaborators/([^/]+)/permission", github_issues.get_permission),
)
