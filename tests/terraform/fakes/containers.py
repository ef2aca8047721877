"""Runs a container's command on this machine: its environment is this repository's, its mounts are folders."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.repo.sources import ROOT

KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
SECONDS = 900


def run_container(
    command: Sequence[str],
    env: Sequence[Mapping[str, Any]],
    mounts: Mapping[str, Path],
    folder: Path,
    programs: Path | None = None,
) -> "subprocess.CompletedProcess[str]":
    """The command as it was sent, with nothing of this process's environment but the path.

    What the image and the mounts give stands in variables: where Python is, and where a mounted path lies here.
    """
    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: os.environ[name] for name in KEPT if name in os.environ}
    environment |= {
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "MPLCONFIGDIR": str(folder),
        "LATHE_PYTHON": sys.executable,
    }
    environment |= {str(one["name"]): relocate(str(one["value"]), mounts) for one in env if one["name"] != "HOME"}
    environment["LATHE_WORK"] = str(folder)
    if programs:
        environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        [relocate(part, mounts) for part in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def relocate(text: str, mounts: Mapping[str, Path]) -> str:
    for place, folder in mounts.items():
        text = text.replace(place, f"{folder}/" if place.endswith("/") else str(folder))
    return text
