"""terraform/gke from nothing to nothing, by the real terraform on the double of Google's provider."""

import json
from pathlib import Path

import pytest

from cli.errors import OutsideError
from terraform.verbs.program import Terraform
from tests.terraform.google.root import ROOT_FOLDER, list_resources

TEST = ("-no-color", "-var-file=envs/test.tfvars", '-var=admins=["group:admins@example.com"]')


def list_state(terraform: Terraform, root: Path) -> list[str]:
    return terraform.run(root, "state", "list").stdout.split()


@pytest.mark.slow
def test_the_root_is_made_stays_as_it_is_refuses_a_destroy_and_is_destroyed_once_unprotected(
    terraform: Terraform, root: Path
) -> None:
    terraform.run(root, "apply", "-auto-approve", *TEST, "-var=domain=lathe.example.com")
    made = list_state(terraform, root)
    assert len(made) > 100
    unchanged = terraform.run(root, "plan", "-detailed-exitcode", *TEST, "-var=domain=lathe.example.com")
    assert "No changes" in unchanged.stdout

    with pytest.raises(OutsideError, match="lathe-test is protected, nothing was destroyed"):
        terraform.run(root, "destroy", "-auto-approve", *TEST, "-var=domain=lathe.example.com")
    assert list_state(terraform, root) == made

    open_again = (*TEST, "-var=domain=lathe.example.com", "-var=deletion_protection=false")
    terraform.run(root, "apply", "-auto-approve", *open_again)
    terraform.run(root, "destroy", "-auto-approve", *open_again)
    assert list_state(terraform, root) == []


@pytest.mark.slow
def test_an_upgrade_by_one_minor_changes_the_cluster_in_place_and_nothing_else(
    terraform: Terraform, root: Path
) -> None:
    terraform.run(root, "apply", "-auto-approve", *TEST)
    upgrade = ("-var=kubernetes_version=1.36", "-var=previous_kubernetes_version=1.35")
    terraform.run(root, "plan", "-out=upgrade.tfplan", *TEST, *upgrade)
    plan = json.loads(terraform.run(root, "show", "-json", "upgrade.tfplan").stdout)
    changes = {change["address"]: change["change"]["actions"] for change in plan["resource_changes"]}
    assert {address: actions for address, actions in changes.items() if actions not in (["no-op"], ["read"])} == {
        "google_container_cluster.this": ["update"]
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "choice",
    [
        ("-var=compute=auto", "-var=training_nodes_max=0"),
        ("-var=egress=none", "-var=database=false", "-var=node_architecture=arm64"),
    ],
)
def test_what_is_switched_is_planned(terraform: Terraform, root: Path, choice: tuple[str, ...]) -> None:
    planned = terraform.run(root, "plan", *TEST, *choice)
    assert " to add, 0 to change, 0 to destroy" in planned.stdout


def test_the_guard_depends_on_everything_else() -> None:
    text = (ROOT_FOLDER / "guard.tf").read_text(encoding="utf-8")
    listed = {
        line.strip(" ,") for line in text.partition("depends_on = [")[2].partition("]")[0].splitlines() if line.strip()
    }
    assert listed == list_resources() - {"terraform_data.guard"}
