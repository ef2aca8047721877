"""A plan is saved, shown by names, and applied only as it was saved: with the real Terraform and a root of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cli.errors import InputError, OutsideError, RefusedError
from contract.cloud_plan import ADD, CHANGE, DESTROY, REPLACE
from terraform.verbs.plan import saving
from terraform.verbs.plan.saving import apply_plan, initialise, locate_saved, locate_shown, read_changes, save_plan
from terraform.verbs.plan.verb import split
from terraform.verbs.program import Terraform, open_terraform
from tests.terraform.checks.violations import EXAMPLE

COMMIT, LATER = "a" * 40, "b" * 40


@pytest.fixture(scope="module")
def terraform() -> Iterator[Terraform]:
    try:
        with open_terraform() as opened:
            yield opened
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example as terraform/eks, whose state is a file."""
    folder = tmp_path / "terraform" / "eks"
    shutil.copytree(EXAMPLE.folder, folder)
    (folder / "backend.tf").write_text('terraform {\n  backend "local" {}\n}\n', encoding="utf-8")
    monkeypatch.setattr(saving, "FOLDER", tmp_path / "terraform")
    return folder


def name_state(root: Path) -> str:
    return f"path={root.parent.parent / 'state.tfstate'}"


def test_a_plan_says_what_would_be_added_and_no_value(root: Path, terraform: Terraform, tmp_path: Path) -> None:
    plan = save_plan(terraform, "eks", "test", name_state(root), tmp_path / "out", COMMIT)
    assert [(change.action, change.address) for change in plan.changes] == [(ADD, "terraform_data.cluster")]
    assert "2 nodes" not in locate_shown(tmp_path / "out", "eks-test").read_text(encoding="utf-8")


def test_what_was_planned_is_applied_and_then_nothing_is_left_to_do(
    root: Path, terraform: Terraform, tmp_path: Path
) -> None:
    state, out = name_state(root), tmp_path / "out"
    save_plan(terraform, "eks", "test", state, out, COMMIT)
    assert len(apply_plan(terraform, "eks", "test", state, out, COMMIT).changes) == 1
    assert save_plan(terraform, "eks", "test", state, out, COMMIT).changes == []
    (root / "envs" / "test.tfvars").write_text('environment = "test"\nnodes = 3\n', encoding="utf-8")
    (change,) = save_plan(terraform, "eks", "test", state, out, COMMIT).changes
    assert (change.action, change.attributes) == (CHANGE, ["input", "output"])


def test_a_plan_of_a_commit_that_main_has_left_is_refused(root: Path, terraform: Terraform, tmp_path: Path) -> None:
    save_plan(terraform, "eks", "test", name_state(root), tmp_path / "out", COMMIT)
    with pytest.raises(RefusedError, match="eks-test was planned at aaaaaaaaaaaa, and main is at bbbbbbbbbbbb"):
        apply_plan(terraform, "eks", "test", name_state(root), tmp_path / "out", LATER)


def test_a_plan_whose_state_went_on_is_refused(root: Path, terraform: Terraform, tmp_path: Path) -> None:
    state, first, second = name_state(root), tmp_path / "first", tmp_path / "second"
    save_plan(terraform, "eks", "test", state, first, COMMIT)
    save_plan(terraform, "eks", "test", state, second, COMMIT)
    apply_plan(terraform, "eks", "test", state, second, COMMIT)
    with pytest.raises(RefusedError, match="eks-test: the state went on since it was planned: run the workflow again"):
        apply_plan(terraform, "eks", "test", state, first, COMMIT)


def test_another_file_than_the_one_that_was_shown_is_refused(root: Path, terraform: Terraform, tmp_path: Path) -> None:
    out = tmp_path / "out"
    save_plan(terraform, "eks", "test", name_state(root), out, COMMIT)
    locate_saved(out, "eks-test").write_bytes(b"another")
    with pytest.raises(RefusedError, match=r"eks-test\.tfplan is not the plan that was shown"):
        apply_plan(terraform, "eks", "test", name_state(root), out, COMMIT)


def test_the_plan_of_another_environment_is_refused(root: Path, terraform: Terraform, tmp_path: Path) -> None:
    out = tmp_path / "out"
    plan = save_plan(terraform, "eks", "test", name_state(root), out, COMMIT)
    other = msgspec.structs.replace(plan, environment="prod")
    locate_shown(out, "eks-test").write_bytes(msgspec.json.encode(other))
    with pytest.raises(RefusedError, match="holds the plan of eks-prod, expected eks-test"):
        apply_plan(terraform, "eks", "test", name_state(root), out, COMMIT)


def test_a_folder_without_a_plan_says_what_writes_one(root: Path, terraform: Terraform, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no plan that `make cloud-plan` has written"):
        apply_plan(terraform, "eks", "test", name_state(root), tmp_path, COMMIT)


def test_a_root_that_terraform_refuses_fails_with_its_words(root: Path, terraform: Terraform, tmp_path: Path) -> None:
    (root / "envs" / "test.tfvars").write_text('environment = "staging"\n', encoding="utf-8")
    with pytest.raises(OutsideError, match='environment is "staging", expected test or prod'):
        save_plan(terraform, "eks", "test", name_state(root), tmp_path / "out", COMMIT)


@pytest.mark.parametrize("state", ["", "bucket", "bucket=a,key"])
def test_a_state_without_settings_is_refused(state: str, terraform: Terraform, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"LATHE_CLOUD_STATE is .*, expected settings of the backend"):
        initialise(terraform, tmp_path, state)


def test_an_unknown_environment_is_refused(root: Path, terraform: Terraform, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no environment 'staging' of 'eks', expected eks or gke"):
        save_plan(terraform, "eks", "staging", name_state(root), tmp_path, COMMIT)


@pytest.mark.parametrize("name", ["", "eks", "-test", "eks-"])
def test_a_name_that_is_no_environment_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="expected cloud and environment such as eks-test"):
        split(name)


def test_every_kind_of_change_has_its_word_and_what_is_read_is_none() -> None:
    resources = [
        {"address": f"a.{index}", "mode": mode, "change": {"actions": actions, "before": {"x": 1}, "after": {"x": 2}}}
        for index, (mode, actions) in enumerate(
            [
                ("managed", ["create"]),
                ("managed", ["update"]),
                ("managed", ["delete"]),
                ("managed", ["delete", "create"]),
                ("managed", ["create", "delete"]),
                ("managed", ["no-op"]),
                ("data", ["read"]),
            ]
        )
    ]
    shown = msgspec.json.encode({"resource_changes": resources}).decode()
    assert [change.action for change in read_changes(shown)] == [ADD, CHANGE, DESTROY, REPLACE, REPLACE]
