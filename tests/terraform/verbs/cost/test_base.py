"""The costs of another revision, which may have had no roots, or may not be there."""

import subprocess
from pathlib import Path

import pytest

from cli.errors import InputError
from terraform.verbs.cost.prices import FILE, read_prices
from terraform.verbs.cost.verb import cost_base
from terraform.verbs.program import Terraform

NONE = Terraform("nowhere", "1.11.4", Path("none"), {})


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One commit, of before there were clouds."""
    (tmp_path / "README.md").write_text("before\n")
    author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    for command in (["init", "-q"], ["add", "."], [*author, "commit", "-qm", "Begin"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_revision_of_before_there_were_roots_has_no_cost(checkout: Path) -> None:
    assert cost_base(NONE, read_prices(FILE), "", "", "HEAD", checkout) == []


@pytest.mark.parametrize("base", ["no-such", "--output=here"])
def test_a_revision_that_is_not_there_is_named(checkout: Path, base: str) -> None:
    with pytest.raises(InputError, match=base):
        cost_base(NONE, read_prices(FILE), "", "", base, checkout)
    assert not (checkout / "here").exists()
