"""A copy of this project in a Git repository of its own, from which a release is really published."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from release.tools import ROOT, TOOLS
from tests.patience import LAST_RESORT_SECONDS
from tests.release.dossiers import git
from tests.release.registry_server import RegistryServer
from tests.release.shelf import PASSWORD, REPOSITORY, approve
from tests.release.tiny_builder import PACKAGES
from tests.repo.sources import list_files

PACKAGE = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
VERSION = f"v{tomllib.loads(PACKAGE)['project']['version']}"  # as uv.lock has it
TIMEOUT_SECONDS = 300
FOREIGN = ("GITHUB_", "LATHE_", "ACTIONS_")  # a job's own settings are not the test's
BUILDER = "#!/bin/sh\nPYTHONPATH='{root}' exec '{python}' -m tests.release.tiny_builder \"$@\"\n"
# counts every call that changes something; at the wanted one it kills itself, or who called: before it is done or after
WRAPPER = """#!/bin/sh
case "$1" in push|tag|copy|sign|attest) echo x >> '{count}';; *) exec '{tool}' "$@";; esac
number=$(wc -l < '{count}')
echo "$*" >> '{calls}'
[ "$number" = "${{KILL_TOOL:-}}" ] && kill -9 $$
[ "$number" = "${{KILL_BEFORE:-}}" ] && kill -9 $PPID && exit 1
'{tool}' "$@"; code=$?
[ "$number" = "${{KILL_AFTER:-}}" ] && kill -9 $PPID
exit $code
"""


def export_sbom(path: Path) -> dict[str, Any]:
    """What `make sbom` writes."""
    command = [
        str(ROOT / ".tools/uv/bin/uv"), "export", "--quiet", "--locked", "--no-default-groups", "--group", "predictor",
        "--preview-features", "sbom-export", "--format", "cyclonedx1.5", "--output-file", str(path),
    ]  # fmt: skip # a table
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=LAST_RESORT_SECONDS)
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


class Project:
    """`publish` runs its own release package in its own checkout; the builder is a stand-in, all else is real."""

    def __init__(self, folder: Path, server: RegistryServer, key: Path, bundle: Path, sbom: dict[str, Any]) -> None:
        self.folder, self.server, self.key = folder, server, key
        self.root, self.origin = folder / "project", folder / "origin.git"
        self.calls, self.count = folder / "calls", folder / "count"
        for source in list_files():
            copy = self.root / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)
        changelog, heading = self.root / "CHANGELOG.md", f"\n## {VERSION.removeprefix('v')} - "
        if heading not in (text := changelog.read_text(encoding="utf-8")):
            changelog.write_text(f"{text}{heading}2026-11-21\n\n- Something.\n", encoding="utf-8")
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        git(self.root, "init", "--quiet", "--initial-branch=main")
        git(self.root, "remote", "add", "origin", str(self.origin))
        self.commit("first")
        git(self.root, "tag", "--annotate", "--message", VERSION, VERSION)
        approve(self.root / "artifacts" / "approved", bundle)
        (self.root / "artifacts" / "sbom.cdx.json").write_text(json.dumps(sbom), encoding="utf-8")
        self.packages = [[one["name"], one["version"]] for one in sbom["components"]]
        self.write_programs()

    def commit(self, message: str) -> str:
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", message)
        git(self.root, "push", "--quiet", "origin", "HEAD:main")
        return git(self.root, "rev-parse", "HEAD")

    def write_programs(self) -> None:
        """The builder on the path; crane and cosign behind a wrapper that can kill."""
        for name, text in {
            "path/buildah": BUILDER.format(root=ROOT, python=sys.executable),
            "tools/crane": WRAPPER.format(tool=TOOLS / "crane", count=self.count, calls=self.calls),
            "tools/cosign": WRAPPER.format(tool=TOOLS / "cosign", count=self.count, calls=self.calls),
        }.items():
            path = self.folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755)

    def publish(self, *options: str, version: str = VERSION, **settings: str) -> "subprocess.CompletedProcess[str]":
        self.count.write_text("")
        return self.run("publish", version, "--builder", "buildah", *options, **settings)

    def run(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        known = {
            name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "LATHE_", "ACTIONS_"))
        }
        given = {
            "PATH": f"{self.folder / 'path'}:{os.environ['PATH']}",
            "LATHE_TOOLS": str(self.folder / "tools"),
            "LATHE_REGISTRY_MIRROR": self.server.host,
            "LATHE_SIGNING_KEY": str(self.key),
            "COSIGN_PASSWORD": PASSWORD,
            "GITHUB_OUTPUT": str(self.folder / "outputs"),
            PACKAGES: json.dumps(self.packages),
        }
        command = [sys.executable, "-m", "release", *arguments]
        environment = {name: value for name, value in {**known, **given, **settings}.items() if value}
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )

    def was_killed(self, done: "subprocess.CompletedProcess[str]") -> bool:
        return done.returncode == -signal.SIGKILL

    def list_calls(self) -> list[str]:
        """The verbs of every call that changes something, in their order, since the last look."""
        lines = self.calls.read_text().splitlines() if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return [line.split()[0] for line in lines]

    def read_result(self, version: str = VERSION) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / f"artifacts/release/{version}.json").read_bytes())
        return found

    def find_digest(self, tag: str = VERSION) -> str | None:
        return self.server.client.find_digest(REPOSITORY, tag)
