"""What the local stand-in for GitHub knows, what was asked of it, and which failures are planted."""

import base64
import copy
import json
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.patience import LAST_RESORT_SECONDS

DEFAULTS: dict[str, Any] = {
    "repository": "lathe-ml/lathe",
    "repository_id": 1,
    "tokens": {"token-that-writes": "write", "token-that-reads": "read"},
    "login": "github-actions[bot]",  # whose comments a job's token writes
    "actions_may_open_pulls": True,
    "branches": ["main"],
    "tags": {},  # by name: {"commit": SHA, "tag": SHA}, a light one without `tag`
    "git": None,  # a bare repository: its branches and tags in place of the two above
    "releases": [],  # newest first, as GitHub's answers; an asset's content is in `contents`
    "digests": True,  # an older enterprise server tells none of its assets
    "runs": [],
    "dispatches": [],  # what started which run: {"run": id, "inputs": {…}}
    "artifacts": [],  # with `workflow_run.id`; the archive is in `contents`
    "contents": {},  # `assets/1` or `artifacts/2`: {"file": path} or {"base64": …} or {"text": …}
    "approvals": {},  # by run id
    "pulls": [],
    "commits": {},  # by SHA: {"tree": SHA, "pulls": [number]}
    "comments": [],  # with `number` of their pull request
    "issues": [],  # newest last
    "timelines": {},  # by number
    "permissions": {},  # by login
    "plants": [],
}


@dataclass
class Plant:
    """A failure for the next `times` requests that match: a status, a cut connection, or a wait for company."""

    method: str
    path: str
    times: int = 1
    status: int | None = None
    message: str = "planted"
    content: str | None = None  # in place of a message
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    starter: bool = False  # an upload leaves a half asset
    hang: str = ""  # no answer: `before` or `after` it was done
    barrier: int = 0  # so many requests are answered together

    def __post_init__(self) -> None:
        self.gate = threading.Barrier(self.barrier, timeout=LAST_RESORT_SECONDS) if self.barrier else None


class State:
    """Everything behind one lock. `writes` and `violations` are what a test asserts on."""

    def __init__(self, given: dict[str, Any]) -> None:
        if unknown := set(given) - set(DEFAULTS):
            raise ValueError(f"the state has {min(unknown)!r}, expected only {', '.join(DEFAULTS)}")
        self.data = {**copy.deepcopy(DEFAULTS), **copy.deepcopy(given)}
        self.plants = [Plant(**plant) for plant in self.data["plants"]]
        self.requests: list[str] = []
        self.writes: list[dict[str, Any]] = []
        self.violations: list[str] = []
        self.lock = threading.RLock()
        self.last_id = 1000

    def merge(self, given: dict[str, Any]) -> None:
        """Adds to lists, updates the rest: what a workflow leaves while it runs."""
        with self.lock:
            for name, value in given.items():
                if name == "plants":
                    self.plants += [Plant(**plant) for plant in value]
                elif isinstance(DEFAULTS[name], list):
                    self.data[name] += value
                elif isinstance(DEFAULTS[name], dict):
                    self.data[name].update(value)
                else:
                    self.data[name] = value

    def plant(self, method: str, path: str, **failure: Any) -> None:
        self.plants.append(Plant(method, path, **failure))

    def take_plant(self, method: str, path: str) -> Plant | None:
        with self.lock:
            for plant in self.plants:
                if plant.times > 0 and plant.method == method and re.search(plant.path, path):
                    plant.times -= 1
                    return plant
        return None

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def read_content(self, name: str) -> bytes | None:
        found = self.data["contents"].get(name)
        if found is None:
            return None
        if "file" in found:
            return Path(found["file"]).read_bytes()
        return base64.b64decode(found["base64"]) if "base64" in found else str(found["text"]).encode()

    def list_comments(self, number: int) -> list[dict[str, Any]]:
        return [one for one in self.data["comments"] if one["number"] == number]

    def write_record(self) -> bytes:
        found = {"requests": self.requests, "writes": self.writes, "violations": self.violations}
        shown = {name: self.data[name] for name in ("comments", "issues", "pulls", "releases")}
        return json.dumps({**found, **shown}, indent=2).encode()
