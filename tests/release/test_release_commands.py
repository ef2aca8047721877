"""The verbs that tell people, as they are typed: exit codes, one line of error, no traceback, no secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from release.tools import ROOT
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port

TOKEN = "token-that-nobody-may-see"


def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    known = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "LATHE_"))}
    given = {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "lathe-ml/lathe", **variables}
    command = [sys.executable, "-m", "release", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**known, **given},
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stdout + done.stderr
    return done


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "variables", "code", "says"),
    [
        (["announce", "1.2.3"], {}, 2, "version '1.2.3' is not usable, expected vMAJOR.MINOR.PATCH"),
        (["announce", "v1.2.3", "--artifacts", "/nowhere"], {}, 2, "v1.2.3.json is not there: run `make publish`"),
        (["promote", "--from", "test", "--to", "prod-eks"], {"GITHUB_TOKEN": ""}, 2, "GITHUB_TOKEN is not set"),
        (
            ["promote", "--from", "test", "--to", "prod-eks"],
            {"LATHE_PROMETHEUS_URL": "prometheus"},
            2,
            "LATHE_PROMETHEUS_URL is not usable",
        ),
        (["promote", "--from", "test"], {}, 2, "Missing option"),
        (["prepare", "1.2.3", "2.0.0"], {}, 2, "unexpected extra argument"),
    ],
)
def test_a_mistake_ends_in_one_line_that_says_what_to_do(
    arguments: list[str], variables: dict[str, str], code: int, says: str
) -> None:
    done = run(*arguments, **variables)
    assert done.returncode == code
    assert says in " ".join(done.stderr.split())


@pytest.mark.slow
def test_without_a_registry_that_is_said_before_anything_else(tmp_path: Path) -> None:
    api = f"http://127.0.0.1:{take_free_port()}"
    done = run("promote", "--from", "test", "--to", "prod-eks", "--unverified", GITHUB_API_URL=api)
    assert done.returncode != 0
    assert done.stderr.startswith("warning: the registry is not queried: digest, bundle and signature stay unproven")
