"""Argo CD's view of the environments, and what a person tells it."""

import json
from dataclasses import dataclass
from typing import Any

from tests.e2e.kubectl import Kubectl
from tests.harness.programs import run_program

NAMESPACE = "argocd"
ROOT_APPLICATION = "lathe"


@dataclass(frozen=True)
class View:
    """What Argo CD says of one application."""

    sync: str = "absent"
    health: str = "absent"
    revision: str = ""
    phase: str = ""
    message: str = ""

    @property
    def is_settled(self) -> bool:
        return self.sync == "Synced" and self.health == "Healthy"

    def __str__(self) -> str:
        told = f" ({self.phase}: {self.message})" if self.message else ""
        return f"{self.sync}, {self.health}, at {self.revision[:8] or 'no revision'}{told}"


def read_view(application: dict[str, Any] | None) -> View:
    """From the Application object; absent if there is none."""
    if application is None:
        return View()
    status = application.get("status", {})
    sync, operation = status.get("sync", {}), status.get("operationState", {})
    return View(
        sync=sync.get("status", "Unknown"),
        health=status.get("health", {}).get("status", "Unknown"),
        revision=sync.get("revision", ""),
        phase=operation.get("phase", ""),
        message=operation.get("message", ""),
    )


class ArgoCd:
    """`command` is the argocd command line, with how it reaches its server."""

    def __init__(self, kubectl: Kubectl, command: list[str]) -> None:
        self.kubectl = kubectl
        self.command = command

    def look(self, application: str) -> View:
        return read_view(self.kubectl.find("applications.argoproj.io", application, NAMESPACE))

    def wait_settled(self, application: str, revision: str, seconds: float = 180) -> float:
        """Seconds until the application is synced to the revision and healthy."""
        return self.wait(application, revision, "Synced", "Healthy", seconds)

    def wait(self, application: str, revision: str, sync: str, health: str, seconds: float = 180) -> float:
        """Seconds until the application says so of the revision; an empty `sync` or `health` is any."""
        _, waited = self.kubectl.wait_until(
            f"{application} {sync} {health} at {revision[:8]}",
            lambda: self.look(application),
            lambda view: view.revision == revision and sync in ("", view.sync) and health in ("", view.health),
            seconds,
        )
        return waited

    def sync_by_hand(self, application: str) -> tuple[int, str]:
        """Exit code and what was said, of `argocd app sync`; it does not wait for pods that may never be ready."""
        command = [*self.command, "app", "sync", application, "--prune", "--async"]
        done = run_program(command, seconds=60, accept=frozenset(range(256)))
        return done.returncode, done.stdout + done.stderr

    def end_operation(self, application: str) -> bool:
        """Stops a sync that waits for pods that never become ready; False if none is under way."""
        if self.look(application).phase != "Running":
            return False
        run_program([*self.command, "app", "terminate-op", application], seconds=60)
        self.kubectl.wait_until(
            "the operation's end",
            lambda: self.kubectl.find("applications.argoproj.io", application, NAMESPACE) or {},
            lambda found: "operation" not in found and read_view(found).phase not in ("Running", "Terminating"),
            30,
        )
        return True

    def show_tree(self, application: str) -> str:
        """Every object down to the pods, each with its health and the reason."""
        command = [*self.command, "app", "get", application, "--refresh", "--output", "tree=detailed"]
        return run_program(command, seconds=60).stdout

    def list_projects(self) -> list[str]:
        text = self.kubectl.run("get", "appprojects.argoproj.io", "--namespace", NAMESPACE, "--output", "json")
        return [item["metadata"]["name"] for item in json.loads(text)["items"]]
