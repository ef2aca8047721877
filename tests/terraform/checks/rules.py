"""The rules of others over a root: tflint's of the language, checkov's of what is made."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from release.tools import ROOT
from terraform.verbs.program import Terraform
from tests.terraform.checks.looks import Look, leave_out
from tests.terraform.checks.roots import FOLDER, Root, list_blocks

TFLINT = ROOT / ".tools" / "bin" / "tflint"
TFLINT_RULES = FOLDER / ".tflint.hcl"
CHECKOV = ROOT / ".tools" / "checkov" / "bin" / "checkov"
IGNORED = re.compile(r"# tflint-ignore:\s*([\w, ]+?)\s*(?:# (.*))?$", re.MULTILINE)
SECONDS = 600
FEWEST_WORDS = 4  # of a reason


def check_language(root: Root, terraform: Terraform) -> Look:
    """Every rule of tflint's ruleset for the language holds: types, unused declarations, names, comments."""
    if not TFLINT.is_file():
        return leave_out("tflint is not built: make .tools/bin/tflint, four minutes of processor once")
    scanned, problems, skipped = 0, *list_ignored(root)
    for folder in sorted({path.parent for path in root.list_files("*.tf")}):
        command = [str(TFLINT), f"--chdir={folder}", f"--config={TFLINT_RULES}", "--format=json"]
        done = subprocess.run(
            command, env=terraform.environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        found = json.loads(done.stdout or '{"issues": [], "errors": [{"message": "no output"}]}')
        problems += [f"{read_place(one, root)}: {one['rule']['name']}: {one['message']}" for one in found["issues"]]
        problems += [f"tflint could not read {folder.name}: {one['message']}" for one in found["errors"]]
        scanned += len(list(folder.glob("*.tf")))
    return Look(scanned, "files", problems, skipped)


def list_ignored(root: Root) -> tuple[list[str], list[str]]:
    """The rules that comments switch off: those without a reason, and all with theirs."""
    found = [
        (f"{path.name}: {rule}", reason or "")
        for path in root.list_files("*.tf")
        for rule, reason in IGNORED.findall(path.read_text(encoding="utf-8"))
    ]
    return find_unreasoned(found), [f"{name}: {reason}" for name, reason in found]


def find_unreasoned(found: list[tuple[str, str]]) -> list[str]:
    short = [(name, reason) for name, reason in found if len(reason.split()) < FEWEST_WORDS]
    return [f"{name} is let through without a reason, found {reason!r}" for name, reason in short]


def read_place(issue: dict[str, dict[str, dict[str, int]]], root: Root) -> str:
    found = issue["range"]
    return f"{Path(str(found['filename'])).name or root.name}:{found['start']['line']}"


def check_security(root: Root, terraform: Terraform) -> Look:
    """checkov fails nothing; what a comment in the sources lets through is listed with its reason."""
    if not CHECKOV.is_file():
        return leave_out("checkov is not installed: make .tools/checkov/.installed")
    kinds = sum(block.kind in ("resource", "data", "module") for block in list_blocks(root, modules=True))
    options = ["--framework", "terraform", "--skip-download", "--output", "json", "--directory", str(root.folder)]
    done = subprocess.run(
        [CHECKOV, *options], env=terraform.environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    report = json.loads(done.stdout)
    if "results" not in report:  # nothing that checkov has a rule for
        return Look(kinds if report.get("passed") == 0 else 0, "resources, no rule for any")
    results = report["results"]
    problems = [f"{Path(path).name}: checkov could not read it" for path in results["parsing_errors"]]
    problems += [name_finding(found) for found in results["failed_checks"]]
    reasons = [(name_finding(one), read_reason(one)) for one in results["skipped_checks"]]
    problems += find_unreasoned(reasons)
    skipped = sorted(f"{name}: {reason}" for name, reason in reasons)
    return Look(len(results["passed_checks"]), f"checks passed of {kinds} resources", problems, skipped)


def read_reason(found: dict[str, Any]) -> str:
    """checkov has words of its own where there is none."""
    reason = str(found["check_result"].get("suppress_comment") or "")
    return "" if reason == "No comment provided" else reason


def name_finding(found: dict[str, str]) -> str:
    return f"{Path(found['file_path']).name}: {found['check_id']} {found['resource']}"
