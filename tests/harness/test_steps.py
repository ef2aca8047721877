"""What a scenario prints fits a terminal, and shows what failed."""

import io

import pytest
from rich.console import Console

from tests.harness.steps import StepPrinter
from tests.rehearsal.commits import Commit, show_commits

WIDTH = 118


def make_printer() -> tuple[StepPrinter, io.StringIO]:
    out = io.StringIO()
    return StepPrinter(Console(file=out, width=WIDTH)), out


def test_a_numbered_step_has_a_number_seconds_and_its_commit() -> None:
    steps, out = make_printer()
    with steps.numbered("The tag v1.0.0 is pushed", "release.yml") as step:
        lines = ("-    newTag: v0.0.0", "+    newTag: v1")
        show_commits(step, [Commit("ab" * 20, "Run v1.0.0 in test", "M", ("a.yaml",), lines)])
    printed = out.getvalue().splitlines()
    assert printed[0].startswith(" 1  The tag v1.0.0 is pushed")
    assert printed[0].endswith("release.yml     0 s")
    assert [line.strip() for line in printed[1:]] == [
        "ababababab  Run v1.0.0 in test",
        "a.yaml",
        "-    newTag: v0.0.0",
        "+    newTag: v1",
    ]
    assert max(map(len, printed)) <= WIDTH


def test_a_numbered_step_that_fails_is_shown_as_far_as_it_came() -> None:
    steps, out = make_printer()
    with pytest.raises(ValueError, match="planted"):
        fail_in_step(steps)
    assert "so far" in out.getvalue()
    assert [one.is_as_expected for one in steps.results] == [False]


def fail_in_step(steps: StepPrinter) -> None:
    with steps.numbered("Something") as step:
        step.add("so far")
        raise ValueError("planted")


def test_a_step_of_one_line_has_its_section_and_its_own_seconds() -> None:
    steps, out = make_printer()
    steps.start_section("[bootstrap]")  # no markup of rich's
    steps.add("the repository pushed", "revision\n[a]", 1.25)
    steps.add("one commit", "two", 0.5, is_as_expected=False)
    assert "[bootstrap]\n" in out.getvalue()
    assert "s ✓ the repository pushed: revision [a] (1.2 s)" in out.getvalue()
    assert "s ✗ one commit: two (0.5 s)" in out.getvalue()
    assert {one.section for one in steps.results} == {"[bootstrap]"}


def test_the_table_has_a_row_for_each_result_and_takes_no_text_for_markup() -> None:
    steps, out = make_printer()
    steps.print_table("Steps", ("Step", "s"), [("one [bold]", "1.5"), ("two", "12.0")])
    assert "one [bold] │  1.5" in out.getvalue()
    assert "two        │ 12.0" in out.getvalue()
