"""Runs one workflow with act on this machine, every third-party action replaced by its local stand-in."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.harness.errors import ScenarioError, UsageError
from tests.workflows.files import ROOT, list_uses, read_actions, read_workflows

ACT = ROOT / ".tools" / "bin" / "act"
STAND_INS = Path(__file__).parent / "actions"
SKIPPED = ("helm/kind-action",)  # of a job that is not run here
DEADLINE_SECONDS = 900
ACTOR = "maintainer"
# of this machine's own jobs, if it is a runner itself
FOREIGN = (
    "GITHUB_", "RUNNER_", "ACTIONS_", "LATHE_", "MAKE", "MFLAGS", "DATA", "NUMBER", "RUN_ID", "COMMIT", "IMAGE",
    "INPUTS", "VERSION", "DIGEST", "ENVIRONMENT", "EDGE", "REASON", "AGAIN", "FROM", "TO", "HEAD",
)  # fmt: skip # a table


@dataclass(frozen=True)
class Order:
    """A workflow on an event, as GitHub would start it."""

    workflow: str
    event: str
    payload: dict[str, object]
    run_id: int
    env: dict[str, str]
    token: str
    job: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """`jobs`: the results by job id; those that never started are not among them."""

    order: Order
    succeeded: bool
    jobs: dict[str, str]
    seconds: float
    log: str

    def describe_jobs(self) -> str:
        return ", ".join(f"{name} {'✓' if result == 'success' else result}" for name, result in self.jobs.items())


def run_act(order: Order, repository: Path, work: Path) -> Outcome:
    """Raises: UsageError without act, ScenarioError if it does not end."""
    if not ACT.is_file():
        raise UsageError(f"{ACT.relative_to(ROOT)} is not there: run `make workflows`, which builds it from .ci/go")
    event = work / f"event-{order.run_id}.json"
    event.write_text(json.dumps(order.payload), encoding="utf-8")
    command = build_command(order, repository, work, event)
    started = time.monotonic()
    try:
        done = subprocess.run(
            command,
            cwd=repository,
            env=clean_environment(order),
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ScenarioError(f"{order.workflow} did not end within {DEADLINE_SECONDS} s") from error
    log = read_log(done.stdout)
    (work / f"run-{order.run_id}.log").write_text("\n".join(log.lines) + done.stderr, encoding="utf-8")
    return Outcome(order, done.returncode == 0, log.jobs, time.monotonic() - started, "\n".join(log.lines))


def build_command(order: Order, repository: Path, work: Path, event: Path) -> list[str]:
    """Several of these at once are told apart by act itself: each has folders of its own."""
    command = [str(ACT), order.event, "--workflows", f".github/workflows/{order.workflow}", "--eventpath", str(event)]
    command += ["--platform", "ubuntu-24.04=-self-hosted", "--no-skip-checkout", "--action-offline-mode", "--json"]
    command += ["--no-cache-server", "--directory", str(repository), "--action-cache-path", str(work / "act"), "--rm"]
    command += ["--actor", ACTOR, *(["--job", order.job] if order.job else [])]
    command += ["--secret", f"GITHUB_TOKEN={order.token}"]
    for option, pairs in (("--secret", order.secrets), ("--var", order.variables), ("--env", order.env)):
        for name, value in pairs.items():
            command += [option, f"{name}={value}"]
    for replaced in list_replacements():
        command += ["--local-repository", replaced]
    return command


def list_replacements() -> list[str]:
    """Each action of the workflows with its stand-in's folder.

    Raises: ScenarioError for one that has none.
    """
    found = {}
    for workflow in [*read_workflows(), *read_actions()]:
        for use in list_uses(workflow):
            folder = STAND_INS / use.action
            if use.action in SKIPPED:
                continue
            if not (folder / "action.yml").is_file():
                raise ScenarioError(f"{workflow.name} uses {use.action}, which has no stand-in in {STAND_INS}")
            found[f"{use.action}@{use.reference}"] = folder
    return [f"{name}={folder}" for name, folder in sorted(found.items())]


def clean_environment(order: Order) -> dict[str, str]:
    """Without what this process was given as somebody else's job; the local servers are asked directly."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    path = f"{order.env['LATHE_SEED']}/bin:{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}


@dataclass
class Log:
    lines: list[str] = field(default_factory=list)
    jobs: dict[str, str] = field(default_factory=dict)


def read_log(text: str) -> Log:
    """The lines and the jobs' results of act's JSON log."""
    log = Log()
    for line in text.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            log.lines.append(line)
            continue
        log.lines.append(f"[{entry.get('job', '')}] {str(entry.get('msg', '')).rstrip()}")
        if result := entry.get("jobResult"):
            name = name_job(entry)
            if log.jobs.get(name) != "failure":  # of a matrix, one failure is the job's
                log.jobs[name] = str(result)
    return log


def name_job(entry: dict[str, object]) -> str:
    """The job's id; of a job that calls another workflow its name, since the ids there repeat."""
    parts = str(entry.get("job", "")).split("/")
    return parts[0] if len(parts) > 2 else str(entry.get("jobID", parts[-1]))
