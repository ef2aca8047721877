"""Every check holds over every root that is there, and each turns red on what it is there for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from terraform.verbs.program import Terraform, open_terraform
from tests.terraform.checks.looks import Look
from tests.terraform.checks.roots import Root, copy_root, list_blocks, list_roots
from tests.terraform.checks.sameness import check_sameness
from tests.terraform.checks.table import CHECKS, CLOUDS, list_rows, run_checks
from tests.terraform.checks.violations import EXAMPLE, Violation, plant, read_violations
from tests.terraform.google.double import describe_environment


@pytest.fixture(scope="module")
def terraform() -> Iterator[Terraform]:
    """Skips where it is not there, also in `make test`: no package registry serves it."""
    try:
        with open_terraform(describe_environment()) as opened:
            yield opened
    except (InputError, OutsideError) as error:
        pytest.skip(str(error))


def take(look: Look) -> Look:
    """Skips with the reason where the check could not run."""
    if look.left_out:
        pytest.skip(look.left_out)
    return look


ROOTS = [root.name for root in list_roots()]


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", ROOTS)
def test_a_root_keeps_what_the_check_promises(name: str, check: str, terraform: Terraform, tmp_path: Path) -> None:
    root = next(root for root in list_roots() if root.name == name)
    if check == "tests" and name not in CLOUDS and not root.list_files("*.tftest.hcl"):
        pytest.skip(f"{name} has no tests of Terraform's own")
    look = take(CHECKS[check](copy_root(root, tmp_path), terraform))
    assert look.problems == []
    assert look.scanned > 0


@pytest.mark.slow
@pytest.mark.parametrize("violation", read_violations(), ids=lambda violation: f"{violation.check}: {violation.says}")
def test_a_planted_violation_turns_the_check_red(violation: Violation, terraform: Terraform, tmp_path: Path) -> None:
    look = take(CHECKS[violation.check](plant(violation, tmp_path), terraform))
    assert not look.is_green
    assert violation.finds in " ".join(look.problems)


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS)
def test_the_example_without_a_violation_is_green(check: str, terraform: Terraform, tmp_path: Path) -> None:
    look = take(CHECKS[check](copy_root(EXAMPLE, tmp_path), terraform))
    assert look.problems == []


def test_every_check_has_a_planted_violation() -> None:
    assert {violation.check for violation in read_violations()} == set(CHECKS)


def test_a_check_that_looked_at_nothing_is_no_green() -> None:
    assert not Look(0, "files").is_green
    assert Look(1, "files").is_green


def test_the_clouds_have_the_same_files_variables_and_outputs() -> None:
    clouds = [root for root in list_roots() if root.name in CLOUDS]
    look = check_sameness(clouds)
    assert look.problems == []
    assert look.scanned > 60


@pytest.mark.parametrize(
    ("file", "old", "new", "finds"),
    [
        ("variables.tf", "type        = number", "type        = string", "variable nodes (string"),
        ("variables.tf", "  default     = 2\n", "", "variable nodes (number, to be given)"),
        ("variables.tf", '"nodes"', '"node_count"', "other lacks variable nodes, example has variable nodes"),
        ("outputs.tf", '"cluster"', '"cluster_name"', "other has output cluster_name"),
    ],
)
def test_a_difference_between_two_roots_is_named(file: str, old: str, new: str, finds: str, tmp_path: Path) -> None:
    other = Root("other", copy_root(EXAMPLE, tmp_path).folder)
    path = other.folder / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert finds in " ".join(check_sameness([EXAMPLE, other]).problems)


def test_a_file_or_an_environment_of_one_root_alone_is_named(tmp_path: Path) -> None:
    other = Root("other", copy_root(EXAMPLE, tmp_path).folder)
    (other.folder / "dns.tf").write_text("", encoding="utf-8")
    (other.folder / "envs" / "test.tfvars").unlink()
    problems = " ".join(check_sameness([EXAMPLE, other]).problems)
    assert "other has file dns.tf" in problems
    assert "other lacks environment test.tfvars" in problems


def test_a_root_beside_nothing_is_no_result() -> None:
    assert not check_sameness([EXAMPLE]).is_green


def test_a_module_below_a_root_is_no_root_and_its_files_are_the_roots(tmp_path: Path) -> None:
    root = copy_root(EXAMPLE, tmp_path)
    (root.folder / "bucket").mkdir()
    (root.folder / "bucket" / "main.tf").write_text('variable "name" {}\n', encoding="utf-8")
    assert [one.name for one in list_roots(tmp_path)] == ["example"]
    assert "bucket/main.tf" in {block.file for block in list_blocks(root, modules=True)}
    assert "bucket/main.tf" not in {block.file for block in list_blocks(root)}


@pytest.mark.slow
def test_a_root_whose_provider_is_nowhere_is_left_out_with_the_reason(terraform: Terraform, tmp_path: Path) -> None:
    root = copy_root(EXAMPLE, tmp_path)
    text = 'terraform {\n  required_providers {\n    x = {\n      source = "example.invalid/lathe/x"\n    }\n  }\n}\n'
    (root.folder / "provider.tf").write_text(text, encoding="utf-8")
    look = CHECKS["schema"](root, terraform)
    assert "neither in a mirror nor to be had from the registry" in look.left_out
    assert next(list_rows([]), None) is None


def test_a_root_of_another_name_is_not_there(tmp_path: Path, terraform: Terraform) -> None:
    assert list(run_checks(tmp_path, terraform, ["nowhere"])) == []
