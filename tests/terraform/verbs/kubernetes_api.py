"""An API server in memory, as much of one as kubectl's list, delete and patch need, with controllers that act at once.

What a real API server says is shown by the rehearsal; here controllers can be left out, and Git can bring things back.
"""

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.harness.loopback import QuietHandler, serve_until_end

Object = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A kind as discovery lists it."""

    plural: str
    kind: str
    group: str = ""
    version: str = "v1"
    is_namespaced: bool = True

    @property
    def api(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


KINDS = (
    Kind("services", "Service"),
    Kind("pods", "Pod"),
    Kind("persistentvolumeclaims", "PersistentVolumeClaim"),
    Kind("persistentvolumes", "PersistentVolume", is_namespaced=False),
    Kind("namespaces", "Namespace", is_namespaced=False),
    Kind("ingresses", "Ingress", "networking.k8s.io"),
    Kind("applications", "Application", "argoproj.io", "v1alpha1"),
    Kind("applicationsets", "ApplicationSet", "argoproj.io", "v1alpha1"),
)
PATH = re.compile(
    r"/apis?/(?P<api>[\w./-]+?)(?:/namespaces/(?P<space>[^/]+))?/(?P<plural>[a-z]+)(?:/(?P<name>[^/?]+))?"
)


@dataclass
class KubernetesApi:
    """`controllers` act when an object of their kind is to go; `is_refusing` answers 401 to everybody."""

    controllers: dict[str, Callable[[Object], None]] = field(default_factory=dict)
    objects: dict[tuple[str, str, str], Object] = field(default_factory=dict)
    changes: list[str] = field(default_factory=list)
    is_refusing: bool = False

    def add(self, plural: str, name: str, space: str = "", **parts: Any) -> None:
        metadata = {"name": name, "uid": f"{plural}-{space}-{name}", **parts.pop("metadata", {})}
        if space:
            metadata["namespace"] = space
            self.objects.setdefault(("namespaces", "", space), make_namespace(space))
        kind = next(one for one in KINDS if one.plural == plural)
        self.objects[plural, space, name] = {"apiVersion": kind.api, "kind": kind.kind, "metadata": metadata, **parts}

    def list(self, plural: str, space: str | None = None) -> list[Object]:
        found = [(key, one) for key, one in self.objects.items() if key[0] == plural]
        return [one for key, one in found if space is None or key[1] == space]

    def delete(self, plural: str, space: str, name: str) -> None:
        """As the API server, then the controllers, then Argo CD where it still runs."""
        one = self.objects[plural, space, name]
        self.changes.append(f"delete {plural} {space}/{name}")
        if plural == "namespaces":
            for key in [key for key in self.objects if key[1] == name]:
                self.delete(*key)
        if one["metadata"].get("finalizers"):
            one["metadata"]["deletionTimestamp"] = "2026-11-28T00:00:00Z"
            if plural not in self.controllers:
                return
        before = copy.deepcopy(one)
        del self.objects[plural, space, name]
        if plural in self.controllers:
            self.controllers[plural](before)
        if self.is_healed and plural in ("services", "ingresses", "persistentvolumeclaims"):
            before["metadata"].pop("deletionTimestamp", None)
            self.objects[plural, space, name] = before

    def patch(self, plural: str, space: str, name: str, change: Mapping[str, Any]) -> Object:
        one = self.objects[plural, space, name]
        merge(one, change)
        self.changes.append(f"patch {plural} {space}/{name}")
        if one["metadata"].get("deletionTimestamp") and not one["metadata"].get("finalizers"):
            del self.objects[plural, space, name]
        return one

    @property
    def is_healed(self) -> bool:
        """As long as an application syncs by itself, what is deleted comes back."""
        return any(one.get("spec", {}).get("syncPolicy", {}).get("automated") for one in self.list("applications"))


def make_namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "uid": name}}


def merge(target: Object, change: Mapping[str, Any]) -> None:
    """A JSON merge patch."""
    for key, value in change.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, Mapping):
            merge(target.setdefault(key, {}), value)
        else:
            target[key] = value


def discover(path: str) -> Object | None:
    """What the API server has: groups, versions and kinds."""
    groups = sorted({kind.group for kind in KINDS if kind.group})
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        versions = {group: next(kind for kind in KINDS if kind.group == group) for group in groups}
        listed = [
            {
                "name": group,
                "versions": [{"groupVersion": kind.api, "version": kind.version}],
                "preferredVersion": {"groupVersion": kind.api, "version": kind.version},
            }
            for group, kind in versions.items()
        ]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
    api = path.removeprefix("/apis/").removeprefix("/api/")
    if not any(kind.api == api for kind in KINDS):
        return None
    verbs = ["get", "list", "delete", "patch"]
    resources = [
        {"name": one.plural, "singularName": "", "namespaced": one.is_namespaced, "kind": one.kind, "verbs": verbs}
        for one in KINDS
        if one.api == api
    ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": api, "resources": resources}


@contextmanager
def serve_api(api: KubernetesApi, kubeconfig: Path) -> Iterator[KubernetesApi]:
    """The API on loopback, with the kubeconfig that leads to it."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self.handle_request()

        def do_DELETE(self) -> None:
            self.handle_request()

        def do_PATCH(self) -> None:
            self.handle_request()

        def handle_request(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, answer = answer_request(api, self.command, self.path.partition("?")[0], body)
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    write_kubeconfig(kubeconfig, f"http://127.0.0.1:{server.server_port}")
    with serve_until_end(server):
        yield api


def write_kubeconfig(path: Path, server: str) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "one", "cluster": {"server": server}}],
        "users": [{"name": "one", "user": {"token": "one"}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "current-context": "one",
    }
    path.write_text(json.dumps(config), encoding="utf-8")


def answer_request(api: KubernetesApi, method: str, path: str, body: bytes) -> tuple[int, Object]:
    """Status and document."""
    if api.is_refusing:
        return 401, make_status(401, "Unauthorized", "Unauthorized")
    if (found := discover(path)) is not None:
        return 200, found
    match = PATH.fullmatch(path)
    if match is None:
        return 404, make_status(404, "NotFound", f"the server could not find the requested resource {path}")
    if match["name"] is None:
        items = api.list(match["plural"], match["space"])
        return 200, {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}
    return answer_object(api, method, (match["plural"], match["space"] or "", match["name"]), body)


def answer_object(api: KubernetesApi, method: str, key: tuple[str, str, str], body: bytes) -> tuple[int, Object]:
    if key not in api.objects:
        return 404, make_status(404, "NotFound", f'{key[0]} "{key[2]}" not found')
    if method == "DELETE":
        api.delete(*key)
        return 200, {"kind": "Status", "apiVersion": "v1", "status": "Success"}
    return 200, api.patch(*key, json.loads(body)) if method == "PATCH" else api.objects[key]


def make_status(code: int, reason: str, message: str) -> Object:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
    }
