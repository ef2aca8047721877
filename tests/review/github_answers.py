"""What every endpoint of the stand-in answers with: JSON, a refusal in GitHub's words, a redirect."""

from dataclasses import dataclass, field
from typing import Any

from tests.review.github_state import State

DOCS = "https://docs.github.com/rest"


@dataclass
class Request:
    """`found` are the groups of the route's path."""

    method: str
    query: dict[str, str]
    body: Any
    role: str
    blob_host: str
    api_host: str = ""
    accept: str = ""
    content: bytes = b""
    found: tuple[str, ...] = ()


@dataclass
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    is_list: bool = False  # by pages
    key: str | None = None  # lists of Actions lie in an object


def refuse(status: int, message: str, **more: Any) -> Answer:
    return Answer(status, {"message": message, "documentation_url": DOCS, "status": str(status), **more})


def not_found() -> Answer:
    return refuse(404, "Not Found")


def invalid(resource: str, **error: str) -> Answer:
    return refuse(422, "Validation Failed", errors=[{"resource": resource, **error}])


def find(items: list[dict[str, Any]], value: int, key: str = "id") -> dict[str, Any] | None:
    return next((item for item in items if item[key] == value), None)


def describe_repository(state: State) -> dict[str, Any]:
    data = state.data
    return {"id": data["repository_id"], "full_name": data["repository"], "default_branch": "main"}


def redirect(state: State, request: Request, name: str) -> Answer:
    if name not in state.data["contents"]:
        return not_found()
    return Answer(302, None, {"Location": f"{request.blob_host}/{name}?signature=secret"})
