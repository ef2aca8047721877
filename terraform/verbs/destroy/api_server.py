"""The cluster's API server, by kubectl with a kubeconfig of this run alone."""

import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.errors import OutsideError, RefusedError
from terraform.verbs.outside_programs import ProgramResult, run_program
from terraform.verbs.roots.problems import explain_failure
from terraform.verbs.roots.state import ClusterPlace

SECONDS = "--request-timeout=20s"
NOT_THERE = re.compile(r"\(NotFound\)|the server doesn't have a resource type|not found")
REFUSED = re.compile(r"\(Forbidden\)|Unauthorized|must be logged in|forbidden:")


@dataclass(frozen=True)
class Thing:
    """One object of the API: what a step needs of it."""

    kind: str
    namespace: str
    name: str
    raw: dict[str, Any] = field(compare=False)

    @property
    def finalizers(self) -> list[str]:
        return list(self.raw["metadata"].get("finalizers") or ())

    @property
    def is_owned(self) -> bool:
        return bool(self.raw["metadata"].get("ownerReferences"))

    @property
    def label(self) -> str:
        """As a person reads it."""
        return (
            f"{self.kind.partition('.')[0]} {self.namespace}/{self.name}"
            if self.namespace
            else f"{self.kind} {self.name}"
        )


class ApiServer:
    """All methods raise OutsideError where the API server does not answer, RefusedError where it refuses a person."""

    def __init__(self, place: ClusterPlace, kubeconfig: Path) -> None:
        self.place = place
        self.kubeconfig = kubeconfig
        self._kinds: frozenset[str] | None = None

    def log_in(self) -> None:
        """Writes the kubeconfig by the command of the root's output."""
        command = shlex.split(self.place.kubeconfig)
        done = run_program(*command, environment=self._environment)
        if done.code:
            words = explain_failure(done.reason, self.place.cloud, self.place.environment)
            raise OutsideError(f"{' '.join(command[:3])}: {words}")

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind that can be listed, as `ingresses.networking.k8s.io`."""
        if self._kinds is None:
            done = self._run("api-resources", "--verbs=list", "-o", "name")
            self._kinds = frozenset(done.out.split())
        return self._kinds

    def list(self, kind: str) -> list[Thing]:
        """In all namespaces; none where the cluster does not know the kind."""
        if kind not in self.kinds:
            return []
        found = json.loads(self._run("get", kind, "-A", "-o", "json").out)["items"]
        return [Thing(kind, one["metadata"].get("namespace", ""), one["metadata"]["name"], one) for one in found]

    def delete(self, things: Sequence[Thing], *options: str) -> None:
        """Without waiting; one that is gone already is no error."""
        for one in things:
            self._run("delete", one.kind, one.name, *_in(one), "--wait=false", "--ignore-not-found", *options)

    def patch(self, thing: Thing, change: dict[str, Any]) -> None:
        """One that is gone already is no error."""
        self._run(
            "patch", thing.kind, thing.name, *_in(thing), "--type=merge", "-p", json.dumps(change), is_lenient=True
        )

    def scale_to_zero(self, kind: str, namespace: str, name: str) -> bool:
        """Whether it was there."""
        done = self._run("scale", f"{kind}/{name}", "-n", namespace, "--replicas=0", is_lenient=True)
        return done.code == 0

    def _run(self, *arguments: str, is_lenient: bool = False) -> ProgramResult:
        done = run_program("kubectl", SECONDS, *arguments, environment=self._environment)
        if done.code == 0 or (is_lenient and NOT_THERE.search(done.reason)):
            return done
        if REFUSED.search(done.reason):
            raise RefusedError(
                f"the API server of {self.place.name} refuses this identity: {done.reason[:200]}; "
                "use one of `admins`, or add yours to it and apply"
            )
        raise OutsideError(
            f"the API server of {self.place.name} does not do `kubectl {arguments[0]}`: {done.reason[:300]}"
        )

    @property
    def _environment(self) -> dict[str, str]:
        # what another cluster at this address could do is not remembered
        return {"KUBECONFIG": str(self.kubeconfig), "KUBECACHEDIR": str(self.kubeconfig.with_name("cache"))}


def _in(thing: Thing) -> tuple[str, ...]:
    return ("-n", thing.namespace) if thing.namespace else ()
