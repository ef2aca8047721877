"""A copy of the project in which one file at a time is changed, and the process that tests it there."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.patience import LAST_RESORT_SECONDS

LATER_SECONDS = 1000  # a changed file is younger than its bytecode, whatever the clock's step
LINKED = (".tools", ".venv")


class Workspace:
    """The copy in `folder`; what was there before is replaced."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for name in filter(None, listed.split("\0")):
            if (root / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, folder / name)
        for name in LINKED:
            if (root / name).exists():
                (folder / name).symlink_to(root / name)

    @contextmanager
    def change(self, path: str, text: str) -> Iterator[None]:
        """The file with another text, and as it was afterwards."""
        file = self.folder / path
        before, stat = file.read_bytes(), file.stat()
        file.write_text(text, encoding="utf-8")
        later = stat.st_mtime_ns + LATER_SECONDS * 10**9
        os.utime(file, ns=(later, later))
        try:
            yield
        finally:
            file.write_bytes(before)
            os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


class Runner:
    """The process of tests/mutants/runner.py in a workspace."""

    def __init__(self, workspace: Workspace) -> None:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.runner"],
            cwd=workspace.folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, tests: Sequence[str], marks: str, seconds: float) -> dict[str, Any]:
        """`code` of pytest, `failed` first and `seconds` used. Raises: RuntimeError if the process has died."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps({"tests": tests, "marks": marks, "seconds": seconds}), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that runs the tests ended; see what it wrote above")
        found: dict[str, Any] = json.loads(answer)
        return found

    def close(self) -> None:
        self._process.communicate(timeout=LAST_RESORT_SECONDS)
