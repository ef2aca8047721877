"""What `make security` runs, each over a folder: how much it looked at and what it found."""

import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.harness.errors import UsageError
from tests.repo.sources import list_files
from tests.workflows.files import ROOT

ACTIONLINT = ROOT / ".tools" / "bin" / "actionlint"
GITLEAKS = ROOT / ".tools" / "bin" / "gitleaks"
RUFF = ROOT / ".venv" / "bin" / "ruff"
ZIZMOR = ROOT / ".venv" / "bin" / "zizmor"
SHELL = re.compile(rb"#!.*\b(?:ba)?sh\s")
SECONDS = 120


@dataclass(frozen=True)
class Linted:
    """`scanned`: how many objects were looked at; none is a failure, whatever was found."""

    scanned: int
    findings: list[str]


def lint_actions(project: Path = ROOT) -> Linted:
    """actionlint, shellcheck over every `run:` included.

    Raises: UsageError.
    """
    files = sorted(map(str, (project / ".github" / "workflows").glob("*.yml")))
    done = run_tool([str(ACTIONLINT), "-format", "{{json .}}", *files], project, (0, 1))
    found = json.loads(done.stdout or "[]") or []
    return Linted(len(files), [f"{Path(one['filepath']).name}:{one['line']}: {one['message']}" for one in found])


def audit_actions(project: Path = ROOT) -> Linted:
    """zizmor as an auditor, without a network.

    Raises: UsageError.
    """
    options = ["--offline", "--persona", "auditor", "--format", "json", "--config", str(ROOT / "zizmor.yml")]
    done = run_tool([str(ZIZMOR), *options, ".github"], project, (0, 10, 11, 12, 13, 14))
    scanned = done.stderr.count("completed ")
    return Linted(scanned, [f"{one['ident']}: {one['desc']}" for one in json.loads(done.stdout)])


def scan_history(project: Path = ROOT) -> Linted:
    """gitleaks over every commit of every branch; what it finds is named, not shown.

    Raises: UsageError, also for a clone whose history is cut off.
    """
    asked = run_tool(["git", "rev-parse", "--is-shallow-repository"], project, (0,))
    if asked.stdout.strip() != "false":
        raise UsageError("the history is cut off: fetch all of it (`git fetch --unshallow`, fetch-depth: 0)")
    options = ["--no-banner", "--no-color", "--redact", "--report-format", "json", "--report-path", "-"]
    done = run_tool([str(GITLEAKS), "git", *options, "."], project, (0, 1))
    scanned = re.search(r"(\d+) commits scanned", done.stderr)
    leaks = [
        f"{one['RuleID']}: {one['File']}:{one['StartLine']}, {one['Commit'][:12]}" for one in json.loads(done.stdout)
    ]
    return Linted(int(scanned[1]) if scanned else 0, leaks)


def lint_scripts(project: Path = ROOT) -> Linted:
    """shellcheck over every shell script.

    Raises: UsageError.
    """
    scripts = [path for path in list_files(project) if SHELL.match(path.read_bytes()[:80])]
    done = run_tool(["shellcheck", "--severity=style", "--format=gcc", *map(str, scripts)], project, (0, 1))
    return Linted(len(scripts), done.stdout.splitlines())


def audit_python(project: Path = ROOT) -> Linted:
    """ruff's rules of bandit over every Python file.

    Raises: UsageError.
    """
    files = [str(path) for path in list_files(project) if path.suffix == ".py"]
    command = [str(RUFF), "check", "--select", "S", "--output-format", "concise", "--quiet"]
    done = run_tool([*command, "--config", str(ROOT / "pyproject.toml"), *files], project, (0, 1))
    return Linted(len(files), done.stdout.splitlines())


def run_tool(command: list[str], folder: Path, expected: tuple[int, ...]) -> subprocess.CompletedProcess[str]:
    """Raises: UsageError if it is not there or ends as it should not."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (FileNotFoundError, PermissionError) as error:  # the latter where a folder of the PATH may not be read
        raise UsageError(f"{Path(command[0]).name} is not installed: run `make security`") from error
    if done.returncode not in expected:
        raise UsageError(f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done
