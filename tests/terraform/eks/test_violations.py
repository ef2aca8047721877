"""Faults planted into terraform/eks, each named by a run of the root's own tests."""

from pathlib import Path
from typing import NamedTuple

import pytest

from terraform.verbs.program import Terraform
from tests.terraform.google.root import replace


class Violation(NamedTuple):
    """One fault, and the words by which it is named."""

    file: str
    old: str
    new: str
    words: str


# all of a file's are planted together: a run names each assertion that fails
VIOLATIONS = {
    "cluster": (
        Violation("cluster.tf", ', "scheduler"]', "]", "not the five logs of the control plane"),
        Violation("cluster.tf", "= length(var.endpoint_cidrs) > 0\n", "= true\n", "reachable from outside the network"),
        Violation("cluster.tf", "aws_kms_key.cluster.arn", "aws_kms_key.data.arn", "not encrypted by the own key"),
        Violation("cluster.tf", '= "API"', '= "API_AND_CONFIG_MAP"', "somebody else than var.admins"),
        Violation("cluster.tf", '"STANDARD"', '"EXTENDED"', "at six times the price"),
        Violation("cluster.tf", "_addons = false", "_addons = true", "EKS installs add-ons beside"),
        Violation("cluster.tf", 'Effect = "Deny"', 'Effect = "Allow"', "make its log group anew"),
    ),
    "nodes": (
        Violation("nodes.tf", '"required"', '"optional"', "nodes answer IMDSv1"),
        Violation("nodes.tf", "hop_limit = 1", "hop_limit = 2", "a pod can become its node"),
        Violation("nodes.tf", "encrypted             = true", "encrypted = false", "unencrypted disks"),
        Violation(
            "nodes.tf", '== "training" ? ["training"]', '== "none" ? ["training"]', "anything may run on training"
        ),
        Violation("addons.tf", '"kube-proxy", "vpc-cni"]', '"kube-proxy"]', "start without their network"),
    ),
    "network": (
        Violation("network.tf", "cidrsubnet(var.network_cidr, 3", "cidrsubnet(var.network_cidr, 4", "private subnets:"),
        Violation("network.tf", '"ALL"', '"REJECT"', "traffic is not logged"),
        Violation("network.tf", "/internal-elb", "/other-elb", "would not find their subnets"),
    ),
    "data": (
        Violation("registry.tf", '"IMMUTABLE"', '"MUTABLE"', "a tag can be moved"),
        Violation("registry.tf", "scan_on_push = true", "scan_on_push = false", "images are not scanned"),
        Violation("registry.tf", '"untagged", countType', '"any", countType', "a released image would expire"),
    ),
    "access": (
        Violation("github.tf", ":environment:${each.value}", ":environment:*", "a wildcard in a trust policy"),
        Violation("github.tf", "        StringEquals = {", "        StringLike = {", "a role trusts by a pattern"),
    ),
    "bucket": (
        Violation("bucket/main.tf", '    status = "Enabled"\n  }\n}', '    status = "Suspended"\n  }\n}', "is lost"),
        Violation("bucket/main.tf", '"AES256" : "aws:kms"', '"AES256" : "AES256"', "not encrypted by the own key"),
        Violation("bucket/main.tf", "block_public_policy     = true", "block_public_policy = false", "may be public"),
        Violation("bucket/main.tf", 'Effect    = "Deny"', 'Effect    = "Allow"', "may be read without TLS"),
    ),
    "production": (
        Violation("database.tf", "multi_az                   = local.production", "multi_az = false", "no standby"),
        Violation("database.tf", "= var.deletion_protection\n", "= false\n", "the database can be lost"),
        Violation("guard.tf", "protected = var.deletion_protection", "protected = false", "lets a destroy through"),
    ),
    "refusals": (Violation("variables.tf", ">= 8, true", ">= 0, true", "an_api_server_open_to_the_internet"),),
    "refusals_in_production": (
        Violation("variables.tf", '|| var.confirm_unprotected == "prod"', "|| true", "without_deletion_protection"),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_run_of_the_roots_own_tests_names_each_planted_fault(terraform: Terraform, root: Path, name: str) -> None:
    for violation in VIOLATIONS[name]:
        replace(root, violation.file, violation.old, violation.new)
    done = terraform.run(root, "test", "-no-color", f"-filter=tests/{name}.tftest.hcl", expected=(1,))
    found = " ".join(f"{done.stdout} {done.stderr}".split())
    assert [violation.words for violation in VIOLATIONS[name] if violation.words not in found] == []
