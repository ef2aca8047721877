"""The clouds' programs: what is not installed or does not end is named."""

from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from terraform.verbs.outside_programs import run_program


def put_program(folder: Path, name: str, text: str) -> dict[str, str]:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (folder / name).chmod(0o755)
    return {"PATH": f"{folder}:/bin:/usr/bin"}


@pytest.mark.parametrize("name", ["aws", "gcloud", "kubectl"])
def test_a_program_that_is_not_there_is_named_with_where_it_comes_from(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=rf"^{name} is not on the path; install it: https://"):
        run_program(name, environment={"PATH": str(tmp_path)})


def test_a_program_gets_its_input_and_answers_with_its_code_and_words(tmp_path: Path) -> None:
    found = run_program("aws", environment=put_program(tmp_path, "aws", "cat; echo no >&2; exit 3"), given="rows")
    assert (found.code, found.out, found.reason) == (3, "rows", "no")


def test_a_program_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"^aws sts get: no end after 0 s"):
        run_program("aws", "sts", "get", environment=put_program(tmp_path, "aws", "exec sleep 600"), seconds=0.1)
