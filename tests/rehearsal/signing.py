"""A key of its own, where the keyless service cannot be reached: it is made for one rehearsal and thrown away."""

import os
import secrets
import subprocess
from pathlib import Path

from tests.harness.errors import ScenarioError, UsageError
from tests.workflows.files import ROOT

COSIGN = ROOT / ".tools" / "bin" / "cosign"
SECONDS = 60


def make_key(folder: Path) -> dict[str, str]:
    """The settings by which `publish` signs and everybody else verifies.

    Raises: UsageError without cosign, ScenarioError.
    """
    if not COSIGN.is_file():
        raise UsageError(f"{COSIGN.relative_to(ROOT)} is not there: run `make release-rehearsal`, which builds it")
    folder.mkdir()
    password = secrets.token_urlsafe(16)
    command = [str(COSIGN), "generate-key-pair", "--output-key-prefix", "release"]
    environment = {**os.environ, "COSIGN_PASSWORD": password}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    if done.returncode:
        raise ScenarioError(f"cosign made no key: {done.stderr.strip()}")
    key = folder / "release"
    return {
        "LATHE_SIGNING_KEY": f"{key}.key",
        "LATHE_VERIFYING_KEY": f"{key}.pub",
        "COSIGN_PASSWORD": password,
    }
