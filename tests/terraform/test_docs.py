"""What the pages on the clouds tell a person to run is there: verbs, roots, environments, variables."""

import re
import subprocess

import pytest

from tests.repo.sources import ROOT
from tests.terraform.checks.roots import list_roots

PAGES = ("docs/cloud.md", "terraform/README.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMANDS = ("make ", "terraform -chdir=", "kubectl ", "eval ", "gitops/argocd/install")
VARIABLE = re.compile(r"\bLATHE_CLOUD_[A-Z]+\b")


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def list_commands() -> list[str]:
    return [line for page in PAGES for block in BLOCK.findall(read(page)) for line in block.splitlines()]


def test_every_command_is_of_a_program_that_the_page_asks_for() -> None:
    commands = list_commands()
    assert len(commands) >= 12
    assert [line for line in commands if not line.startswith(COMMANDS)] == []


def test_every_verb_is_there() -> None:
    named = {verb for page in PAGES for verb in re.findall(r"(?:^|`)make ([a-z][a-z-]+)", read(page), re.MULTILINE)}
    shown = subprocess.run(["make", "help-all"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    verbs = set(re.findall(r"^  make ([a-z0-9-]+)", shown, re.MULTILINE))
    assert {"cost", "cloud-plan", "cloud-apply", "terraform"} <= named
    assert named - verbs == set()


def test_every_root_and_file_is_there() -> None:
    names = {root.name for root in list_roots()}
    named = set(re.findall(r"-chdir=terraform/([\w/]+)", "\n".join(read(page) for page in PAGES)))
    assert {"eks", "state/eks"} <= named
    assert named - names == set()
    for path in re.findall(r"-var-file=(\S+)", "\n".join(list_commands())):
        assert (ROOT / "terraform" / "eks" / path).is_file()


@pytest.mark.parametrize("name", [".github/workflows/terraform.yml", ".github/actions/cloud/action.yml"])
def test_every_variable_that_the_workflow_reads_is_explained(name: str) -> None:
    used = {one for one in VARIABLE.findall(read(name)) if one != "LATHE_CLOUD_ENVIRONMENT"}  # the matrix gives it
    assert used
    assert used - set(VARIABLE.findall(read("docs/cloud.md"))) == set()
