"""checkov over renderings (K3): what it passed, what it failed, and what is let through with a reason."""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from release.tools import ROOT
from tests.gitops.scenes import Scene

PROGRAM = ROOT / ".tools" / "checkov" / "bin" / "checkov"
# let through while an overlay is not released; every other skip is an annotation beside what it is about
BEFORE_THE_FIRST_RELEASE = {"CKV_K8S_43": "there is no digest yet, and none is invented"}


@dataclass(frozen=True)
class Scan:
    """Counts of one run; `failed` and `skipped` name the check and the scene."""

    passed: int
    failed: list[str]
    waiting: list[str]
    skipped: list[str]
    reasons: set[str]
    scenes: set[str]


def scan_scenes(scenes: Sequence[Scene], folder: Path) -> Scan:
    """One run over the text of all scenes; what it could not read is an error, never a green."""
    names = {f"/{number:02}.yaml": scene for number, scene in enumerate(scenes)}
    for name, scene in names.items():
        # checkov reads YAML 1.1, where a bare `=` is no string, and passes over a file that it cannot read
        (folder / name[1:]).write_text(re.sub(r": =$", ': "="', scene.text, flags=re.MULTILINE), encoding="utf-8")
    options = ["--framework", "kubernetes", "--skip-download", "--output", "json", "--directory", str(folder)]
    done = subprocess.run([PROGRAM, *options], capture_output=True, timeout=300, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0, report["results"]["parsing_errors"]
    results = report["results"]
    waiting: list[str] = []
    failed: list[str] = []
    for found in results["failed_checks"]:
        scene = names[found["file_path"]]
        text = f"{scene.name}: {found['check_id']} {found['check_name']}: {found['resource']}"
        is_waiting = found["check_id"] in BEFORE_THE_FIRST_RELEASE and not scene.is_released
        (waiting if is_waiting else failed).append(text)
    return Scan(
        len(results["passed_checks"]),
        failed,
        waiting,
        [f"{names[found['file_path']].name}: {found['check_id']}" for found in results["skipped_checks"]],
        {found["check_result"]["suppress_comment"] for found in results["skipped_checks"]},
        {names[found["file_path"]].name for found in results["passed_checks"]},
    )
