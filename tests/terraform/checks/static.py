"""Terraform's own checks of a root: format, schema, and the root's tests."""

import json
import re
from collections.abc import Iterator
from typing import Any

from terraform.verbs.program import Terraform
from tests.terraform.checks.looks import Look, leave_out
from tests.terraform.checks.roots import Root, initialise, list_blocks

FORMATTED = ("*.tf", "*.tfvars", "*.tftest.hcl", "*.tfmock.hcl")
DECLARING = ("resource", "data", "module", "variable", "output")
RUN = re.compile(r'^run "([^"]+)"', re.MULTILINE)
ASSERTION = re.compile(r"^  assert \{", re.MULTILINE)
REFUSAL = re.compile(r"^  expect_failures\s*=", re.MULTILINE)
FEWEST_WORDS = 3  # of a run's name


def check_format(root: Root, terraform: Terraform) -> Look:
    """`terraform fmt` changes nothing."""
    files = root.list_files(*FORMATTED)
    done = terraform.run(root.folder, "fmt", "-check", "-recursive", "-list=true", expected=(0, 2, 3))
    problems = [f"{name}: not formatted, run `terraform fmt -recursive`" for name in done.stdout.split()]
    if done.returncode == 2:
        problems.append(f"a file that cannot be read: {done.stderr.strip()}")
    return Look(len(files), "files", problems)


def check_schema(root: Root, terraform: Terraform) -> Look:
    """Every block and argument is known to the provider, by `terraform validate`."""
    if reason := initialise(root, terraform):
        return leave_out(reason)
    done = terraform.run(root.folder, "validate", "-json", expected=(0, 1))
    found = json.loads(done.stdout)["diagnostics"]
    blocks = [block for block in list_blocks(root, modules=True) if block.kind in DECLARING]
    return Look(len(blocks), "blocks", [describe(one) for one in found])


def describe(diagnostic: dict[str, Any]) -> str:
    """Warnings too: what a provider deprecates goes with its next version."""
    place = diagnostic.get("range") or {"filename": "", "start": {"line": 0}}
    text = f"{diagnostic['severity']}: {diagnostic['summary']}. {diagnostic.get('detail', '')}".strip()
    return f"{place['filename']}:{place['start']['line']}: {' '.join(text.split())}"


def check_tests(root: Root, terraform: Terraform) -> Look:
    """Every run of the root's tests passes, has a sentence for a name, and asserts something."""
    files = root.list_files("*.tftest.hcl")
    texts = [path.read_text(encoding="utf-8") for path in files]
    problems = [f"{name}: expected a sentence of at least {FEWEST_WORDS} words" for name in find_short(texts)]
    asserted = sum(len(ASSERTION.findall(text)) + len(REFUSAL.findall(text)) for text in texts)
    if not asserted:
        return Look(0, "assertions", [*problems, "no test asserts anything"])
    if reason := initialise(root, terraform):
        return leave_out(reason)
    done = terraform.run(root.folder, "test", "-json", "-no-color", expected=(0, 1))
    runs = list(read_runs(done.stdout))
    problems += [f"{name}: {status}" for name, status in runs if status != "pass"]
    problems += [text for text in read_errors(done.stdout) if done.returncode]
    if (there := sum(len(RUN.findall(text)) for text in texts)) != len(runs):
        problems.append(f"{len(runs)} runs of {there} were carried out")
    return Look(asserted, f"assertions of {len(runs)} runs", problems)


def find_short(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from (name for name in RUN.findall(text) if len(name.split("_")) < FEWEST_WORDS)


def read_runs(output: str) -> Iterator[tuple[str, str]]:
    """Name and status of each finished run."""
    for line in output.splitlines():
        event = json.loads(line)
        run = event.get("test_run") or {}
        if event.get("type") == "test_run" and run.get("progress", "complete") == "complete":
            yield f"{run['path']}: {run['run']}", run["status"]


def read_errors(output: str) -> Iterator[str]:
    for line in output.splitlines():
        event = json.loads(line)
        if event.get("type") == "diagnostic" and event["diagnostic"]["severity"] == "error":
            yield describe(event["diagnostic"])
