"""What people wrote is shown as they wrote it, and a verb starts without what it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli import console
from tests.release.origin import Origin

REASON = "it :fire: the pager, see [1] and :warning:"


def test_a_word_between_colons_is_no_picture() -> None:
    for screen in (console.out, console.err):
        with screen.capture() as said:
            screen.print(REASON, markup=False)
        assert said.get().strip() == REASON


def test_a_reason_in_a_table_is_shown_as_it_was_written() -> None:
    with console.out.capture() as said:
        console.print_grid("History", ("How",), [(REASON,)])
        console.print_done(REASON)
    assert said.get().count(REASON) == 2


@pytest.mark.parametrize(
    "words",
    [
        ["history"],
        pytest.param(["status", "--kubectl", "no-such-kubectl"], marks=pytest.mark.slow),
        pytest.param(["rollback", "--env", "test", "--reason", "x", "--dry-run"], marks=pytest.mark.slow),
    ],
)
def test_what_a_person_waits_for_starts_without_heavy_packages(words: list[str], tmp_path: Path) -> None:
    program = (
        "import atexit, sys\n"
        "heavy = {'pydantic', 'httpx', 'msgspec', 'mlflow', 'numpy', 'ruamel'}\n"
        "atexit.register(lambda: print('loaded', sorted(heavy & sys.modules.keys())))\n"
        "from release.cli import main\n"
        "main()"
    )
    command = [sys.executable, "-c", program, *words]
    done = subprocess.run(command, cwd=Origin(tmp_path).clone("ada"), capture_output=True, text=True, check=False)
    assert "loaded []" in done.stdout, done.stdout + done.stderr
