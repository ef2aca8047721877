"""A cluster as kubectl shows it: read, never changed. An unreachable cluster is a result of its own."""

import json
import shlex
import subprocess
from dataclasses import dataclass
from typing import Any

from cli.errors import OutsideError

TIMEOUT_SECONDS = 15
SERVICE = "http:predictor:http"  # scheme, Service and port, as the API server's proxy wants them


@dataclass(frozen=True)
class Cluster:
    """`command` is kubectl, with what it needs to find the cluster."""

    command: str = "kubectl"

    def ask(self, *arguments: str) -> str:
        """What kubectl prints.

        Raises: OutsideError with its own last line.
        """
        command = [*shlex.split(self.command), *arguments, f"--request-timeout={TIMEOUT_SECONDS}s"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=2 * TIMEOUT_SECONDS, check=False)  # noqa: S603 - no shell, our own arguments
        except (FileNotFoundError, PermissionError) as error:  # the latter where a folder of the PATH may not be read
            raise OutsideError(f"{command[0]} is not on the path: install it, or give --kubectl") from error
        except subprocess.TimeoutExpired as error:
            raise OutsideError(f"kubectl {arguments[0]} was not done after {2 * TIMEOUT_SECONDS} s") from error
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
            raise OutsideError(f"kubectl {' '.join(arguments[:2])}: {lines[-1]}")
        return done.stdout

    def check(self) -> None:
        """Raises: OutsideError if there is no cluster to ask."""
        self.ask("get", "--raw", "/version")

    def list(self, kind: str, namespace: str, selector: str = "") -> list[dict[str, Any]]:
        """Every object of a kind; none where the namespace is missing.

        Raises: OutsideError.
        """
        text = self.ask("get", kind, "--namespace", namespace, "--selector", selector, "--output", "json")
        items: list[dict[str, Any]] = json.loads(text)["items"]
        return items

    def has_namespace(self, namespace: str) -> bool:
        """Raises: OutsideError if this person may not ask for it."""
        return bool(self.ask("get", "namespace", namespace, "--ignore-not-found", "--output", "name").strip())

    def read_ready(self, namespace: str) -> dict[str, Any]:
        """What /readyz of one pod says, through the API server.

        Raises: OutsideError.
        """
        answer = self.ask("get", "--raw", f"/api/v1/namespaces/{namespace}/services/{SERVICE}/proxy/readyz")
        try:
            document: dict[str, Any] = json.loads(answer)
        except ValueError as error:
            raise OutsideError(f"/readyz in {namespace} answered {answer[:40]!r}, expected JSON") from error
        return document
