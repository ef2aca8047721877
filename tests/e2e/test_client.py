"""What the scenario reads in the lines of its load."""

import json

import pytest

from tests.e2e.client import Window, add_lines, pod
from tests.harness.errors import OutsideError


def line(outcomes: dict[str, int], slowest: float = 0.01) -> str:
    return json.dumps({"time": 1, "outcomes": outcomes, "versions": {"a": 1}, "slowest_seconds": slowest})


def test_lines_add_up_and_the_slowest_answer_is_kept() -> None:
    window = add_lines([line({"ok": 5}), line({"ok": 3, "reset": 1}, 0.4), line({"refused": 2})])
    assert (window.seconds, window.sent, window.failed) == (3, 11, 3)
    assert window.versions == {"a": 3}
    assert window.describe() == "11 requests, 3 failed (2 refused, 1 reset), slowest 400 ms"


def test_no_lines_are_no_load() -> None:
    assert add_lines([]) == Window()
    assert Window().sent == 0


@pytest.mark.parametrize("said", ["Traceback (most recent call last):", "{}", "[1]", '{"outcomes": 3}', ""])
def test_a_line_that_is_no_count_is_an_error_and_not_a_zero(said: str) -> None:
    with pytest.raises(OutsideError, match="expected a line of counts"):
        add_lines([line({"ok": 5}), said])


def test_the_load_runs_as_restricted_as_the_predictor() -> None:
    spec = pod("load-test", "image", ["load"])["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
