"""What every workflow keeps beside what actionlint and zizmor see; each rule gives a sentence for each breach."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.workflows.files import ROOT, Workflow, list_uses

LIST = ROOT / "docs" / "pull-requests.md"
SHA = re.compile(r"[0-9a-f]{40}")
VERSION = re.compile(r"v\d+\.\d+\.\d+")
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
LINES_A_JOB = 40  # and as many above the jobs; in block style, so a file is as long as its jobs
MAX_MINUTES = 60
# a step says what is to be made; what has logic is Python or a script under test
COMMANDS = re.compile(r'(sudo )?(make|\.ci/[\w-]+)( |$)|make "\$VERB"')
SCENARIO = "e2e.yml"  # sets up a cluster, which is its own business


def check_permissions(workflow: Workflow) -> Iterator[str]:
    """Nothing on top, and each permission of a job with its reason."""
    if workflow.content.get("permissions") != {}:
        yield f"permissions are {workflow.content.get('permissions')!r}, expected {{}} on top"
    for name, job in workflow.jobs.items():
        permissions = job.get("permissions")
        if not isinstance(permissions, dict):
            yield f"job {name} has permissions {permissions!r}, expected a list of its own"
            continue
        for scope, level in permissions.items():
            if not re.search(rf"^\s+{re.escape(scope)}: {level} # \S+", workflow.text, re.MULTILINE):
                yield f"job {name} takes {scope}: {level} without a reason"


def check_timeouts(workflow: Workflow) -> Iterator[str]:
    """A job that calls another workflow is bounded there."""
    for name, job in workflow.jobs.items():
        minutes = job.get("timeout-minutes")
        if "uses" in job or (isinstance(minutes, str) and minutes.startswith("${{ inputs.")):
            continue
        if not isinstance(minutes, int) or not 0 < minutes <= MAX_MINUTES:
            yield f"job {name} has timeout-minutes {minutes!r}, expected up to {MAX_MINUTES}"


def check_concurrency(workflow: Workflow) -> Iterator[str]:
    found = workflow.content.get("concurrency")
    if not isinstance(found, dict) or not found.get("group") or "cancel-in-progress" not in found:
        yield f"concurrency is {found!r}, expected a group and cancel-in-progress"


def check_events(workflow: Workflow) -> Iterator[str]:
    """`pull_request_target` runs a stranger's event with a token that may write."""
    if "pull_request_target" in workflow.events:
        yield "it runs on pull_request_target, expected pull_request, or workflow_run without the code"


def check_actions(workflow: Workflow) -> Iterator[str]:
    """By commit, with the version beside it, and as listed in docs/pull-requests.md with where it was looked up."""
    listed = read_listed()
    for use in list_uses(workflow):
        if not SHA.fullmatch(use.reference):
            yield f"{use.action}@{use.reference} is not by a commit's 40 hexadecimal digits"
        elif not VERSION.fullmatch(use.comment):
            yield f"{use.action} has the comment {use.comment!r}, expected its version as vX.Y.Z"
        elif (use.action, use.reference, use.comment) not in listed:
            yield f"{use.action}@{use.reference[:12]} {use.comment} is not in the table of {LIST.name}"


def read_listed(path: Path = LIST) -> set[tuple[str, str, str]]:
    """Action, commit and version of each line of the table."""
    row = re.compile(r"\| `([\w./-]+)@([0-9a-f]{40})` \| (v[\d.]+) \| \S")
    return set(row.findall(path.read_text(encoding="utf-8")))


def check_checkouts(workflow: Workflow) -> Iterator[str]:
    """No credential stays in a checkout, and beside a token that may write nothing of a pull request is checked out."""
    for name, step in list_steps(workflow):
        if not str(step.get("uses", "")).startswith("actions/checkout@"):
            continue
        options = step.get("with") or {}
        if (kept := options.get("persist-credentials")) is not False:
            yield f"job {name} checks out with persist-credentials {kept!r}, expected false"
        if "workflow_run" in workflow.events and options.get("ref") != "${{ github.event.repository.default_branch }}":
            yield f"job {name} checks out {options.get('ref')!r} on workflow_run, expected the default branch"


def check_commands(workflow: Workflow) -> Iterator[str]:
    """A step runs what runs on a laptop, and no expression is pasted into a command."""
    for name, step in list_steps(workflow):
        command = str(step.get("run", ""))
        if found := EXPRESSION.search(command):
            yield f"job {name} pastes {found[0]} into a command, expected it under env"
        if workflow.name == SCENARIO:
            continue
        for line in command.splitlines():
            if not COMMANDS.match(line):
                yield f"job {name} runs {line!r}, expected a verb of the Makefile"


def check_length(workflow: Workflow) -> Iterator[str]:
    lines, most = len(workflow.text.splitlines()), LINES_A_JOB * (len(workflow.jobs) + 1)
    if lines > most:
        yield f"it has {lines} lines, expected at most {most}, {LINES_A_JOB} for each job and for what stands above"


def list_steps(workflow: Workflow) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in workflow.jobs.items():
        for step in job.get("steps") or []:
            yield name, step


RULES: tuple[Callable[[Workflow], Iterator[str]], ...] = (
    check_permissions,
    check_timeouts,
    check_concurrency,
    check_events,
    check_actions,
    check_checkouts,
    check_commands,
    check_length,
)
