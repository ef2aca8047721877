"""The parts of the page that need no browser, by node's own runner of tests."""

import subprocess
from pathlib import Path

from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS


def test_variables_places_and_marks_are_as_grafana_has_them() -> None:
    command = [need_program("node"), "--test", str(Path(__file__).with_name("parts.test.mjs"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)
    assert done.returncode == 0, done.stdout
    assert "\n# fail 0\n" in done.stdout
    assert "\n# pass 10\n" in done.stdout
