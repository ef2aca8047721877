"""The cluster, asked through kubectl: objects as they are, waits that say what they last saw."""

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from tests.harness.errors import ScenarioError
from tests.harness.programs import run_program

POLL_SECONDS = 0.5
T = TypeVar("T")


class Kubectl:
    """`command` is kubectl with what it needs to find the cluster; `patience` stretches every wait."""

    def __init__(self, command: list[str], patience: float = 1.0) -> None:
        self.command = command
        self.patience = patience

    def run(self, *arguments: str, given: str | None = None, seconds: float = 60) -> str:
        """Raises: OutsideError."""
        return run_program([*self.command, *arguments], given, seconds).stdout

    def try_run(self, *arguments: str, given: str | None = None) -> tuple[int, str]:
        """Exit code and everything said, for what may be refused."""
        done = run_program([*self.command, *arguments], given, accept=frozenset(range(256)))
        return done.returncode, done.stdout + done.stderr

    def find(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        """The object, or None if there is none."""
        place = [] if namespace is None else ["--namespace", namespace]
        text = self.run("get", kind, name, *place, "--ignore-not-found", "--output", "json")
        return json.loads(text) if text.strip() else None

    def list(self, kind: str, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        text = self.run("get", kind, "--namespace", namespace, "--selector", selector, "--output", "json")
        items: list[dict[str, Any]] = json.loads(text)["items"]
        return items

    def apply(self, *manifests: Any) -> None:
        document = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.run("apply", "--server-side", "--force-conflicts", "--filename", "-", given=json.dumps(document))

    def delete(self, kind: str, name: str, namespace: str | None = None, wait: bool = True) -> None:
        place = [] if namespace is None else ["--namespace", namespace]
        self.run("delete", kind, name, *place, "--ignore-not-found", f"--wait={str(wait).lower()}", seconds=180)

    def wait_until(
        self, what: str, look: Callable[[], T], is_reached: Callable[[T], bool], seconds: float
    ) -> tuple[T, float]:
        """What was seen when it was reached, and after how many seconds.

        Raises: ScenarioError that says what was seen last.
        """
        began = time.monotonic()
        while True:
            seen = look()
            waited = time.monotonic() - began
            if is_reached(seen):
                return seen, waited
            if waited > seconds * self.patience:
                raise ScenarioError(f"{what}: not within {seconds * self.patience:.0f} s; last seen: {seen}")
            time.sleep(POLL_SECONDS)
