"""The workflows and our own actions as text and as YAML, and every action of others that they use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".github" / "workflows"
ACTIONS = ROOT / ".github" / "actions"
USES = re.compile(r"uses:\s*(?P<what>[^\s#]+)(?:\s+#\s*(?P<comment>.*))?$")


@dataclass(frozen=True)
class Workflow:
    """`on` is under "on": YAML 1.2 makes no truth of it."""

    name: str
    text: str
    content: dict[str, Any]

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        jobs: dict[str, dict[str, Any]] = self.content.get("jobs") or {}
        return jobs

    @property
    def events(self) -> set[str]:
        on = self.content.get("on") or {}
        return {on} if isinstance(on, str) else set(on)


@dataclass(frozen=True)
class Use:
    """One `uses:` of another repository; `comment` is what follows on its line."""

    action: str
    reference: str
    comment: str


@cache
def read_workflow(path: Path) -> Workflow:
    text = path.read_text(encoding="utf-8")
    return Workflow(path.name, text, YAML(typ="safe").load(text))


def read_workflows(folder: Path = FOLDER) -> list[Workflow]:
    return [read_workflow(path) for path in sorted(folder.glob("*.yml"))]


def read_actions(folder: Path = ACTIONS) -> list[Workflow]:
    """Our own composite actions; each has the name of its folder."""
    return [replace(read_workflow(path), name=path.parent.name) for path in sorted(folder.glob("*/action.yml"))]


def list_uses(workflow: Workflow) -> Iterator[Use]:
    """Calls within the repository (`./…`) are left out: they are of the same commit."""
    for line in workflow.text.splitlines():
        found = USES.search(line)
        if found and not found["what"].startswith("./"):
            action, _, reference = found["what"].partition("@")
            yield Use(action, reference, (found["comment"] or "").strip())
