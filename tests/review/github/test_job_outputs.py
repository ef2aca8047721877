"""What a step leaves for the next one cannot say more than it should."""

from pathlib import Path

import pytest

from cli.console import clean_text
from cli.errors import InputError
from review.github.job_outputs import write_outputs, write_summary


@pytest.fixture
def outputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(path))
    return path


def test_outputs_are_added_line_by_line(outputs: Path) -> None:
    write_outputs(first_run="true")
    write_outputs(digest="a" * 64, release="v1.2.3")
    assert outputs.read_text() == f"first-run=true\ndigest={'a' * 64}\nrelease=v1.2.3\n"


@pytest.mark.parametrize("value", ["x\nadmin=true", "x\radmin=true", "x\x00", "x\u2028y"])
def test_a_value_cannot_become_a_second_output(outputs: Path, value: str) -> None:
    with pytest.raises(InputError, match="expected one printable line"):
        write_outputs(release=value)
    assert not outputs.exists()


def test_outside_of_a_job_outputs_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    write_outputs(first_run="true")
    assert "first-run=true" in capsys.readouterr().out


def test_the_summary_is_added_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    write_summary("# one")
    write_summary("# two")
    assert (tmp_path / "summary").read_text() == "# one\n# two\n"


def test_a_summary_that_github_would_drop_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary"))
    with pytest.raises(InputError, match="has 1,048,577 bytes, GitHub takes 1,048,576"):
        write_summary("x" * 1_048_577)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\ntwo", "one two"),
        ("\n::set-output name=x::y", ":: set-output name=x:: y"),
        ("a ##[command]rm", "a ## [command]rm"),
        ("\x1b[31mred", "[31mred"),
        ("x" * 2000, "x" * 999 + "…"),
    ],
)
def test_no_text_in_a_log_is_a_command_to_githubs_runner(text: str, shown: str) -> None:
    assert clean_text(text) == shown
