"""What a rehearsal prints fits a terminal, and says what failed."""

import io

import pytest
from rich.console import Console

from tests.rehearsal.commits import Commit
from tests.rehearsal.telling import WIDTH, Teller


def tell() -> tuple[Teller, io.StringIO]:
    out = io.StringIO()
    return Teller(Console(file=out, width=WIDTH)), out


def test_a_step_has_a_number_seconds_and_its_commit() -> None:
    teller, out = tell()
    with teller.step("The tag v1.0.0 is pushed", "release.yml") as step:
        step.show(
            [Commit("ab" * 20, "Run v1.0.0 in test", "M", ("a.yaml",), ("-    newTag: v0.0.0", "+    newTag: v1"))]
        )
    lines = out.getvalue().splitlines()
    assert lines[0].startswith(" 1  The tag v1.0.0 is pushed")
    assert lines[0].endswith("release.yml     0 s")
    assert [line.strip() for line in lines[1:]] == [
        "ababababab  Run v1.0.0 in test",
        "a.yaml",
        "-    newTag: v0.0.0",
        "+    newTag: v1",
    ]
    assert max(map(len, lines)) <= WIDTH


def test_a_step_that_fails_is_shown_with_what_it_said() -> None:
    teller, out = tell()
    with pytest.raises(ValueError, match="planted"):
        fail_in_step(teller)
    assert "so far" in out.getvalue()


def fail_in_step(teller: Teller) -> None:
    with teller.step("Something") as step:
        step.say("so far")
        raise ValueError("planted")
