"""What people wrote is shown as they wrote it, and a verb starts without what it does not need."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from release import console as release_console
from review import console as review_console
from tests.release.origin import Origin
from training import console as training_console

REASON = "it :fire: the pager, see [1] and :warning:"


@pytest.mark.parametrize("screens", [(one.out, one.err) for one in (release_console, review_console, training_console)])
def test_a_word_between_colons_is_no_picture(screens: tuple[Console, Console]) -> None:
    for screen in screens:
        with screen.capture() as said:
            screen.print(REASON, markup=False)
        assert said.get().strip() == REASON


def test_a_reason_in_a_table_is_shown_as_it_was_written() -> None:
    with release_console.out.capture() as said:
        release_console.print_grid("History", ("How",), [(REASON,)])
        release_console.print_done(REASON)
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
