"""`python -m app.predictor.auth.keys`: the key once, its line for the file."""

import pytest

from app.predictor.auth.key_file import parse_key_lines
from app.predictor.auth.keys import main


def test_new_prints_the_key_apart_from_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "press-1"]) == 0
    printed = capsys.readouterr()
    key = printed.err.strip().rpartition(" ")[2]
    assert parse_key_lines(printed.out)["press-1"].matches(key.encode())
    assert key not in printed.out


def test_a_name_that_cannot_be_a_label_ends_with_2_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "No Name"]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
