"""What the workflows that move an image keep: the order of a release, who writes, and that nothing is half done."""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from tests.workflows.files import Workflow
from tests.workflows.rules import list_steps

RELEASE, ROLLBACK = "release.yml", "rollback.yml"
ORDER = ("check", "image", "announce", "bump", "promote")
LAST = "release-checks-pass"
# what is written outside of the run, and where alone it may be
WRITERS = {
    "publish": {RELEASE},
    "announce": {RELEASE},
    "bump": {RELEASE},
    "promote": {RELEASE},
    "rollback": {ROLLBACK},
}
MARKS, MARKED = "marks", {RELEASE: "bump", ROLLBACK: "rollback"}  # the job before it
APP = "steps.app.outputs.token"
VERB = re.compile(r"^(?:sudo )?make (?P<verbs>[a-z][a-z -]*)", re.MULTILINE)


def check_order(workflow: Workflow) -> Iterator[str]:
    """Each job waits for the one before: what fails leaves all that comes after it undone."""
    if workflow.name != RELEASE:
        return
    for former, later in pairwise(ORDER):
        if former not in list_needs(workflow.jobs.get(later, {})):
            yield f"job {later} does not wait for {former}"
    if missing := set(workflow.jobs) - {LAST} - set(list_needs(workflow.jobs.get(LAST, {}))):
        yield f"job {LAST} does not look at {', '.join(sorted(missing))}"
    for name, job in workflow.jobs.items():
        if "always()" in str(job.get("if", "")) and name != LAST:
            yield f"job {name} runs whatever failed before it"


def check_verified(workflow: Workflow) -> Iterator[str]:
    """What was pushed is verified before anybody is told."""
    if workflow.name != RELEASE:
        return
    verbs = [verb for name, verb in list_verbs(workflow) if name in ORDER]
    if "verify" not in verbs or verbs.index("verify") > verbs.index("announce"):
        yield "nothing is verified before it is announced"


def check_writers(workflow: Workflow) -> Iterator[str]:
    """A verb that pushes, publishes or proposes has its one place."""
    for name, verb in list_verbs(workflow):
        if verb in WRITERS and workflow.name not in WRITERS[verb]:
            yield f"job {name} runs `make {verb}`, which only {', '.join(WRITERS[verb])} may"


def check_queue(workflow: Workflow) -> Iterator[str]:
    """What moves an image is never cancelled half way."""
    concurrency = workflow.content.get("concurrency") or {}
    if workflow.name in {RELEASE, ROLLBACK} and concurrency.get("cancel-in-progress") is not False:
        yield f"cancel-in-progress is {concurrency.get('cancel-in-progress')!r}, expected false"


def check_identity(workflow: Workflow) -> Iterator[str]:
    """The App's token comes from an environment, and beside it the run's own token writes no code."""
    for name, job in workflow.jobs.items():
        if workflow.name not in {RELEASE, ROLLBACK} or APP not in str(job.get("steps")):
            continue
        if "environment" not in job:
            yield f"job {name} takes the App's token outside of an environment"
        if (job.get("permissions") or {}).get("contents") != "read":
            yield f"job {name} may write with the run's own token, expected contents: read beside the App's"


def check_marks(workflow: Workflow) -> Iterator[str]:
    """What moved an image is marked in Grafana once main has it, where there is one, and not as a part of the move."""
    if workflow.name not in MARKED:
        return
    job = workflow.jobs.get(MARKS, {})
    if (MARKS, "marks") not in list_verbs(workflow):
        yield f"no job {MARKS} runs `make marks`"
        return
    if MARKED[workflow.name] not in list_needs(job):
        yield f"job {MARKS} does not wait for {MARKED[workflow.name]}"
    if job.get("if") != "vars.GRAFANA_URL != ''":
        yield f"job {MARKS} runs where no Grafana is named"
    places = [(step.get("with") or {}).get("ref") for step in job["steps"] if "checkout" in str(step.get("uses"))]
    if places != ["main"]:
        yield f"job {MARKS} reads the history of {places}, expected main's"


def list_needs(job: dict[str, Any]) -> list[str]:
    needs = job.get("needs") or []
    return [needs] if isinstance(needs, str) else list(needs)


def list_verbs(workflow: Workflow) -> Iterator[tuple[str, str]]:
    """Job and verb, in the order of the file."""
    for name, step in list_steps(workflow):
        for found in VERB.finditer(str(step.get("run", ""))):
            for verb in found["verbs"].split():
                yield name, verb


RULES: tuple[Callable[[Workflow], Iterator[str]], ...] = (
    check_order,
    check_verified,
    check_writers,
    check_queue,
    check_identity,
    check_marks,
)
