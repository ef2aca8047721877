"""One environment for each system, of pins and a date, under .tools/bench; and wrk from Debian's package."""

import os
import shutil
import subprocess
from pathlib import Path

from bench.places import ENVIRONMENTS, PEERS, ROOT
from cli.errors import CommandError

PYTHON = "3.11"
LATHE = "lathe"  # the predictor's own environment, from the project's lock file
WITHOUT_CUDA = PEERS / "without_cuda.txt"
RESOLVED_BEFORE = "2026-11-21T06:00:00Z"  # what the pins need in turn: the newest that the index had by then


def find_uv() -> str:
    """The uv given by LATHE_UV, the project's own, or the one on the PATH.

    Raises: CommandError if there is none.
    """
    given = os.environ.get("LATHE_UV") or shutil.which("uv", path=f"{ROOT / '.tools/uv/bin'}:{os.environ['PATH']}")
    if given is None or not Path(given).is_file():
        raise CommandError(f"uv is not at {given or 'any place on the PATH'}: run `make setup` or set LATHE_UV to it")
    return given


def run_tool(command: list[str], **environ: str) -> None:
    """Raises: CommandError with the end of what the command wrote if it fails."""
    given = {**os.environ, **environ}
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(
            f"`{' '.join(command)}` ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}"
        )


def make_environment(name: str) -> Path:
    """The folder of the system's environment, made or brought up to date.

    Raises: CommandError.
    """
    folder = ENVIRONMENTS / name
    if name == LATHE:
        sync = ["sync", "--frozen", "--only-group", "predictor", "--python", PYTHON, "--compile-bytecode"]
        run_tool([find_uv(), *sync], UV_PROJECT_ENVIRONMENT=str(folder))
        return folder
    install_requirements(PEERS / name / "requirements.txt", folder)
    return folder


def install_requirements(requirements: Path, folder: Path) -> None:
    """Makes `folder` an environment of the pinned requirements and what they need, as published before RESOLVED_BEFORE.

    Nothing is resolved again while neither the requirements nor the date have changed.
    Raises: CommandError.
    """
    installed = folder / ".installed"
    wanted = f"# before {RESOLVED_BEFORE}\n{requirements.read_text(encoding='utf-8')}"
    if installed.exists() and installed.read_text(encoding="utf-8") == wanted:
        return
    run_tool([find_uv(), "venv", "--clear", "--python", PYTHON, str(folder)])
    resolve = ["--exclude-newer", RESOLVED_BEFORE, "--override", str(WITHOUT_CUDA), "-r", str(requirements)]
    python = str(folder / "bin" / "python")
    run_tool([find_uv(), "pip", "install", "--compile-bytecode", "--python", python, *resolve])
    installed.write_text(wanted, encoding="utf-8")


def measure_size(folder: Path) -> int:
    """Bytes on disk below `folder`, each file once, of what an image needs of it.

    That is without compiled bytecode, which is the image builder's choice, and as Lathe's image is made without test
    folders and type stubs.
    """
    needed = (
        path
        for path in folder.rglob("*")
        if path.suffix not in (".pyc", ".pyi") and "tests" not in path.relative_to(folder).parts
    )
    files = {(info.st_dev, info.st_ino): info.st_blocks * 512 for info in map(os.lstat, needed)}
    return sum(files.values())


def require_program(name: str) -> str:
    """The path of a program that Debian packages under its own name, installed here if we may.

    Raises: CommandError that says what to install.
    """
    if shutil.which(name) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        run_tool(["apt-get", "update"])
        run_tool(["apt-get", "install", "-y", "--no-install-recommends", name], DEBIAN_FRONTEND="noninteractive")
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        raise CommandError(f"{name} is not installed: install Debian's package {name} (apt-get install {name})")
    return found
