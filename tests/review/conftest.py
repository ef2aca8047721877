"""The local GitHub and clients of it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from review.github.client import GitHub
from review.github.settings import GitHubSettings
from tests.review.github_server import run_server
from tests.review.github_state import State

WRITER = "token-that-writes"
Serve = Callable[..., tuple[GitHub, State]]


@pytest.fixture
def waits() -> list[float]:
    """How long the client would have waited, each time."""
    return []


@pytest.fixture
def serve(waits: list[float]) -> Iterator[Serve]:
    """A client of a GitHub in the given state; every test ends with a look at what the server minds."""
    states = []
    with ExitStack() as stack:

        def start(state: dict[str, Any] | None = None, token: str = WRITER) -> tuple[GitHub, State]:
            server, known = stack.enter_context(run_server(state or {}))
            client = GitHub(GitHubSettings(token, "lathe-ml/lathe", server.address), sleep=waits.append)
            stack.callback(client.close)
            states.append(known)
            return client, known

        yield start
    assert [violation for state in states for violation in state.violations] == []


@pytest.fixture(autouse=True)
def no_job(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs these tests may itself be a job of GitHub's."""
    for name in ("TOKEN", "REPOSITORY", "API_URL", "SERVER_URL", "RUN_ID", "OUTPUT", "STEP_SUMMARY", "EVENT_PATH"):
        monkeypatch.delenv(f"GITHUB_{name}", raising=False)
    monkeypatch.delenv("GITHUB_EVENT_NAME", raising=False)
    monkeypatch.delenv("LATHE_BOT_LOGIN", raising=False)
