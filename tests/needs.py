"""What a test needs of the machine. Where that is missing the test is skipped, with the reason and the way to get it.

`make test` promises everything, so there the same test fails: nothing is left out unnoticed.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from typing import NoReturn

import pytest

from tests.patience import LAST_RESORT_SECONDS

EVERY_TEST = "LATHE_EVERY_TEST"  # set by `make test`
PACKAGES = {
    "node": "nodejs",
    "promtool": "prometheus",
    "amtool": "prometheus-alertmanager",
}  # of Debian, where it is not the name of the program
BUILT = {"cosign": ".tools/bin/cosign", "crane": ".tools/bin/cosign", "kustomize": ".tools/bin/kustomize"}
ALLOW_NAMESPACES = "run the tests as root, or: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"


def leave_out(reason: str) -> NoReturn:
    """Skips the test that runs; fails it where every test was asked for."""
    if os.environ.get(EVERY_TEST):
        pytest.fail(f"{reason} ({EVERY_TEST} is set, so nothing is skipped)")
    pytest.skip(reason)


def need_program(name: str, folder: str = "") -> str:
    """The path of a program, which is in `folder` or on the PATH."""
    if found := shutil.which(name, path=f"{folder}{os.pathsep}{os.environ.get('PATH', os.defpath)}"):
        return found
    way = f"make {BUILT[name]}" if name in BUILT else f"sudo apt-get install {PACKAGES.get(name, name)}"
    leave_out(f"needs {name}: {way} (`make test` installs all that the tests need)")


@cache
def explain_refusal(*options: str) -> str:
    """Why `unshare` with these options does nothing here, or nothing if it does."""
    if sys.platform != "linux":
        return "needs namespaces, which only Linux has"
    if shutil.which("unshare") is None:
        return "needs unshare: sudo apt-get install util-linux"
    command = ["unshare", *options, "true"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)
    if done.returncode == 0:
        return ""
    found = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
    return f"needs namespaces, which this machine refuses to this user ({found}): {ALLOW_NAMESPACES}"


def need_namespaces(*options: str) -> list[str]:
    """The command that runs another in namespaces of its own, by `unshare` with these options."""
    if reason := explain_refusal(*options):
        leave_out(reason)
    return ["unshare", *options]
