"""Every shell script passes shellcheck."""

import subprocess
from pathlib import Path

from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import list_files

SHELLS = (b"bash", b"sh")


def list_scripts() -> list[Path]:
    """The files whose first line names a shell."""
    found = []
    for path in list_files():
        first = path.read_bytes()[:80].partition(b"\n")[0]
        if first.startswith(b"#!") and first.split()[-1].rpartition(b"/")[2] in SHELLS:
            found.append(path)
    return found


def check_scripts(paths: list[Path]) -> subprocess.CompletedProcess[str]:
    command = [need_program("shellcheck"), "--severity=style", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)


def test_shellcheck_finds_nothing() -> None:
    scripts = list_scripts()
    assert {"install-packages", "run"} <= {path.name for path in scripts}
    done = check_scripts(scripts)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_planted_mistake_is_found(tmp_path: Path) -> None:
    (tmp_path / "planted").write_text('#!/usr/bin/env bash\nrm -r $1/*\necho "$(ls)"\n', encoding="utf-8")
    done = check_scripts([tmp_path / "planted"])
    assert done.returncode == 1
    assert "SC2086" in done.stdout
