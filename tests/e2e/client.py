"""Pods that ask for predictions through the Service, as an application in the cluster does."""

import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.kubectl import Kubectl
from tests.e2e.load import OK, REFUSED
from tests.harness.errors import OutsideError

NAMESPACE = "lathe-e2e"
PYTHON = "/opt/venv/bin/python"  # of the predictor's image
FILES = "/e2e"
SCRIPT = Path(__file__).with_name("load.py")


@dataclass(frozen=True)
class Window:
    """What the load saw between two moments."""

    seconds: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    slowest_seconds: float = 0.0

    @property
    def sent(self) -> int:
        return self.outcomes.total()

    @property
    def failed(self) -> int:
        return self.sent - self.outcomes[OK]

    @property
    def broken(self) -> int:
        """Lost on an open connection, which a load balancer's health checks cannot prevent."""
        return self.failed - self.outcomes[REFUSED]

    def describe(self) -> str:
        lost = ", ".join(f"{count} {name}" for name, count in sorted(self.outcomes.items()) if name != OK)
        told = f" ({lost})" if lost else ""
        return f"{self.sent:,} requests, {self.failed} failed{told}, slowest {self.slowest_seconds * 1000:.0f} ms"


def add_lines(lines: Iterable[str]) -> Window:
    """The sum of the load's lines; anything that is no line of its own is an error.

    Raises: OutsideError.
    """
    outcomes: Counter[str] = Counter()
    versions: Counter[str] = Counter()
    slowest, seconds = 0.0, 0
    for line in lines:
        try:
            document = json.loads(line)
            outcomes.update(document["outcomes"])
            versions.update(document["versions"])
            slowest = max(slowest, document["slowest_seconds"])
        except (ValueError, LookupError, TypeError) as error:
            raise OutsideError(f"the load's pod said {line!r}, expected a line of counts") from error
        seconds += 1
    return Window(seconds, outcomes, versions, slowest)


class Client:
    """One pod under load for the whole scenario, at `environment`'s Service."""

    def __init__(self, kubectl: Kubectl, environment: str, image: str, row: dict[str, Any]) -> None:
        self.kubectl = kubectl
        self.image = image
        self.row = row
        self.name = f"load-{environment}"
        self.url = f"http://predictor.lathe-{environment}.svc.cluster.local:80/v1/predict"

    def start(self, rate: float, connections: float) -> None:
        """Returns when its first line is there."""
        given = ["load", self.url, "--rate", f"{rate:g}", "--connections", f"{connections:.0f}"]
        self.kubectl.apply(namespace(), files(self.row), pod(self.name, self.image, given))
        self.kubectl.wait_until(f"pod {self.name} asks", self._read_lines, bool, 60)

    def ask_once(self) -> dict[str, Any]:
        """One prediction over a connection of its own; a failure is an outcome too."""
        command = [PYTHON, f"{FILES}/load.py", "once", self.url, "--body", f"{FILES}/row.json"]
        _, said = self.kubectl.try_run("exec", "--namespace", NAMESPACE, self.name, "--", *command)
        try:
            answer: dict[str, Any] = json.loads(said.splitlines()[0])
        except (ValueError, IndexError):
            return {"outcome": said.strip(), "version": None}
        return answer

    def stop(self) -> None:
        self.kubectl.delete("pod", self.name, NAMESPACE, wait=False)

    def mark(self) -> int:
        """A moment, as the number of lines so far."""
        return len(self._read_lines())

    def since(self, mark: int) -> Window:
        """Everything from the second of the mark to a full second from now."""
        end = self.mark() + 2
        while len(lines := self._read_lines()) < end:
            time.sleep(0.3)
        return add_lines(lines[mark:])

    def _read_lines(self) -> list[str]:
        code, said = self.kubectl.try_run("logs", "--namespace", NAMESPACE, self.name)
        return said.splitlines() if code == 0 else []


def namespace() -> dict[str, Any]:
    labels = {"lathe.dev/asks-for-predictions": "true"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": labels}}


def files(row: dict[str, Any]) -> dict[str, Any]:
    """The script and its request; the script needs nothing but Python."""
    data = {"load.py": SCRIPT.read_text(encoding="utf-8"), "row.json": json.dumps(row)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "load", "namespace": NAMESPACE}, "data": data}


def pod(name: str, image: str, arguments: list[str]) -> dict[str, Any]:
    """As restricted as the predictor's own."""
    container = {
        "name": "load",
        "image": image,
        "command": [PYTHON, f"{FILES}/load.py", *arguments, "--body", f"{FILES}/row.json"],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "files", "mountPath": FILES}],
    }
    spec = {
        "containers": [container],
        "restartPolicy": "Never",
        "enableServiceLinks": False,
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 2,
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65532, "seccompProfile": {"type": "RuntimeDefault"}},
        "volumes": [{"name": "files", "configMap": {"name": "load"}}],
    }
    metadata = {"name": name, "namespace": NAMESPACE, "labels": {"app.kubernetes.io/part-of": NAMESPACE}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
