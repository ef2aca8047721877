"""Faults planted into terraform/gke, each named: by the schema, or by a run of the root's own tests."""

from pathlib import Path
from typing import NamedTuple

import pytest

from terraform.verbs.program import Terraform
from tests.terraform.google.root import replace


class Plant(NamedTuple):
    """One fault, and the words by which it is named."""

    file: str
    old: str
    new: str
    words: str


SCHEMA = (
    Plant("cluster.tf", "  datapath_provider  ", "  datapath_provder  ", "Did you mean"),
    Plant("network.tf", '  routing_mode            = "REGIONAL"', "  routing_mode = [1]", "string required"),
    Plant("encryption.tf", "  location = var.region", "", '"location" is required'),
    Plant("nodes.tf", "  management {", "  management {\n  }\n  management {", "No more than 1"),
    Plant("access.tf", "  member  = each.value.member", "  member {\n  }", "not expected here"),
    Plant("dns.tf", '    state = "on"', '    state = "always"', '"always", expected one of'),
    Plant("registry.tf", '    action = "DELETE"', '    action = "PURGE"', '"PURGE", expected one of DELETE, KEEP'),
    Plant("budget.tf", '"FORECASTED_SPEND"', '"GUESSED_SPEND"', '"GUESSED_SPEND", expected one of'),
    Plant("outputs.tf", "google_compute_network.this.id", "google_compute_network.this.vpc", '"vpc"'),
    Plant("database.tf", 'resource "google_sql_database" "', 'resource "google_sql_base" "', '"google_sql_base"'),
)
RUNS = {
    "refusals": (Plant("variables.tf", ">= 8, true", ">= 0, true", "rejects_an_endpoint_open_to_half_the_internet"),),
    "refusals_in_production": (
        Plant("variables.tf", '|| var.confirm_unprotected == "prod"', "|| true", "without_deletion_protection"),
    ),
    "cluster": (
        Plant("cluster.tf", "= length(var.endpoint_cidrs) == 0", "= false", "API server have a public address"),
        Plant("cluster.tf", '"APISERVER", ', "", "a log of the control plane is off"),
        Plant("cluster.tf", '"NO_MINOR_UPGRADES"', '"NO_UPGRADES"', "a minor version comes without Terraform"),
        Plant("cluster.tf", '"PROJECT_SINGLETON_POLICY_ENFORCE"', '"DISABLED"', "the policy on images is not enforced"),
        Plant("cluster.tf", "google_kms_crypto_key.cluster.id", "google_kms_crypto_key.data.id", "by the own key"),
        Plant("nodes.tf", '"GKE_METADATA"', '"GCE_METADATA"', "a pod can take the node's identity"),
        Plant("nodes.tf", "enable_private_nodes = true", "enable_private_nodes = false", "a node has a public address"),
    ),
    "access": (
        Plant("github.tf", "/subject/repo:${var.github_repository}:environment:${each.value}", "/*", "or a wildcard"),
        Plant("github.tf", "assertion.repository == '${var.github_repository}' && ", "", "another condition"),
        Plant("github.tf", '"roles/storage.bucketViewer"', '"roles/storage.objectViewer"', "or read data"),
        Plant("github.tf", '"roles/dns.admin"', '"roles/editor"', "a basic role"),
        Plant("jobs.tf", "/subject/ns/${pod.namespace}/sa/${name}", "/*", "monitor"),
    ),
    "data": (
        Plant("registry.tf", "immutable_tags = true", "immutable_tags = false", "a tag may move"),
        Plant("database.tf", "ipv4_enabled       = false", "ipv4_enabled       = true", "a public address"),
        Plant("database.tf", "_protection = var.deletion_protection # T", "_protection = false # T", "may be deleted"),
    ),
    "bucket": (Plant("bucket/main.tf", '"enforced"', '"inherited"', "a second way in, or a public one"),),
    "network": (Plant("network.tf", '"LIST_OF_SUBNETWORKS"', '"ALL_SUBNETWORKS_ALL_IP_RANGES"', "no NAT for"),),
}


@pytest.mark.slow
@pytest.mark.parametrize("plant", SCHEMA, ids=lambda plant: f"{plant.file} {plant.words}")
def test_the_schema_refuses(terraform: Terraform, root: Path, plant: Plant) -> None:
    replace(root, plant.file, plant.old, plant.new)
    done = terraform.run(root, "validate", "-no-color", expected=(1,))
    assert plant.words in " ".join(done.stderr.split())


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_the_roots_own_tests_refuses_each(terraform: Terraform, root: Path, name: str) -> None:
    for plant in RUNS[name]:
        replace(root, plant.file, plant.old, plant.new)
    done = terraform.run(root, "test", "-no-color", f"-filter=tests/{name}.tftest.hcl", expected=(1,))
    found = " ".join(f"{done.stdout} {done.stderr}".split())
    assert [plant.words for plant in RUNS[name] if plant.words not in found] == []
