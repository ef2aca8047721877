"""What a run must have come to, and the line of the table that it becomes."""

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.errors import ScenarioError
from tests.harness.github import LocalGitHub
from tests.workflows.act import Outcome

MARKER = "<!-- lathe-gate -->"


@dataclass(frozen=True)
class WorkflowRun:
    """A row of the table at the end; `reached`: what of it reached GitHub."""

    title: str
    outcome: Outcome
    reached: str


def expect(condition: bool, expected: str, outcome: Outcome) -> None:
    """Raises: ScenarioError with the end of the log."""
    if not condition:
        tail = "\n".join(outcome.log.splitlines()[-40:])
        raise ScenarioError(f"{outcome.order.workflow} (run {outcome.order.run_id}): expected {expected}\n{tail}")


def expect_jobs(outcome: Outcome, succeeded: bool, **jobs: str) -> None:
    """`jobs`: results by id; `absent` for one that must not have run."""
    wanted = {name.replace("_", "-"): result for name, result in jobs.items()}
    found = {name: outcome.jobs.get(name, "absent") for name in wanted}
    found = {name: "absent" if result == "skipped" else result for name, result in found.items()}
    expect(found == wanted and outcome.succeeded == succeeded, f"{wanted}, found {outcome.jobs}", outcome)


def expect_comment(github: LocalGitHub, number: int, heading: str, outcome: Outcome) -> str:
    """One comment of ours, and what it says first."""
    comments = [body for body in github.list_comments(number) if body.startswith(MARKER)]
    expect(len(comments) == 1, f"one comment on #{number}, found {len(comments)}", outcome)
    title = next(line for line in comments[0].splitlines() if line.startswith("## "))
    expect(heading in title, f"a comment that says {heading!r}, found {title!r}", outcome)
    return f"one comment: {title.removeprefix('## ')[:40]}"


def read_member(work: Path, run_id: int, artifact: str, member: str) -> dict[str, Any]:
    with zipfile.ZipFile(work / "artifacts" / str(run_id) / f"{artifact}.zip") as archive:
        content: dict[str, Any] = json.loads(archive.read(member))
    return content
