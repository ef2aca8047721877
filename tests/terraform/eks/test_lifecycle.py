"""The whole stack made, refused to be destroyed, and destroyed, by the real provider on a fake AWS."""

import json
from pathlib import Path

import pytest

from terraform.verbs.program import Terraform
from tests.terraform.eks.fake_cloud import run_fake

CHANGES = 2  # of `plan -detailed-exitcode`


@pytest.mark.slow
def test_test_is_made_stays_as_it_is_refuses_its_destroy_and_goes_without_a_rest(
    terraform: Terraform, root: Path, tmp_path: Path
) -> None:
    with run_fake(tmp_path / "aws.log") as cloud:
        there_before = cloud.make_role("admins")
        on_cloud = Terraform(
            terraform.program, terraform.version, terraform.settings, {**cloud.environment, **terraform_own(terraform)}
        )
        # the database alone takes 80 s of the provider's waiting: the rehearsal has it
        options = [
            "-no-color",
            "-var-file=envs/test.tfvars",
            "-var=database=false",
            f"-var=admins={json.dumps([there_before])}",
        ]
        on_cloud.run(root, "apply", "-auto-approve", *options)
        made = on_cloud.run(root, "state", "list").stdout.split()
        assert len(made) > 100

        on_cloud.run(root, "plan", "-detailed-exitcode", *options)

        # the plan has just read everything; reading it again before each of these takes a minute and a half
        options.append("-refresh=false")
        refused = on_cloud.run(root, "destroy", "-auto-approve", *options, expected=(1,))
        assert "lathe-test is protected, nothing was destroyed" in " ".join(refused.stderr.split())
        assert "Destruction complete" not in refused.stdout
        assert on_cloud.run(root, "state", "list").stdout.split() == made

        replaced = on_cloud.run(
            root, "apply", "-replace=aws_eks_cluster.this", "-auto-approve", *options, expected=(1,)
        )
        assert "lathe-test is protected" in " ".join(replaced.stderr.split())
        assert cloud.client("eks").list_clusters()["clusters"] == ["lathe-test"]

        lifted = [*options, "-var=deletion_protection=false"]
        on_cloud.run(root, "apply", "-auto-approve", *lifted)
        on_cloud.run(root, "destroy", "-auto-approve", *lifted)
        assert on_cloud.run(root, "state", "list").stdout.split() == []
        assert cloud.list_left() == {"roles": ["admins"]}


def terraform_own(terraform: Terraform) -> dict[str, str]:
    """The settings that this project's runs of Terraform have."""
    names = ("TF_CLI_CONFIG_FILE", "TF_INPUT", "TF_IN_AUTOMATION", "NO_COLOR")
    return {name: terraform.environment[name] for name in names}
