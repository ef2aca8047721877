"""Terraform's state as `terraform state pull` prints it: outputs, ids, and whether the guard protects it.

It needs no provider and no credentials but the backend's, so it is read before anything else is done.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cli.errors import InputError

FORMAT = 4  # of the state, since Terraform 0.12
GUARD = ("terraform_data", "guard")
CLUSTERS = ("aws_eks_cluster", "google_container_cluster")
# as the output `kubeconfig`, which even a refused destroy takes out of the state
KUBECONFIGS = {
    "eks": "aws eks update-kubeconfig --region {region} --name {name}",
    "gke": "gcloud container clusters get-credentials {name} --location {region} --dns-endpoint",
}
NETWORKS = ("aws_vpc", "google_compute_network")


class Output(msgspec.Struct):
    """One output's value, of any type."""

    value: Any


class Instance(msgspec.Struct):
    """One instance of a resource."""

    attributes: dict[str, Any] | None = None


class Resource(msgspec.Struct):
    """A resource with all of its instances."""

    mode: str
    type: str
    name: str
    instances: list[Instance] = []


class TerraformState(msgspec.Struct):
    """What Terraform made and has not destroyed."""

    version: int
    outputs: dict[str, Output] = {}
    resources: list[Resource] = []

    @property
    def managed(self) -> list[Resource]:
        """Those that are Terraform's own, without what it only reads."""
        return [resource for resource in self.resources if resource.mode == "managed" and resource.instances]

    def get_output(self, name: str) -> Any:
        """None where it is missing, as after half of an apply."""
        return self.outputs[name].value if name in self.outputs else None

    def find_attributes(self, *types: str) -> Iterator[Mapping[str, Any]]:
        """Those of every instance of these types."""
        for resource in self.managed:
            if resource.type in types:
                yield from (instance.attributes for instance in resource.instances if instance.attributes)

    @property
    def ids(self) -> frozenset[str]:
        """The id and the ARN or link of everything that is Terraform's."""
        found = set()
        for resource in self.managed:
            for instance in resource.instances:
                values = instance.attributes or {}
                found |= {
                    value for key in ("id", "arn", "self_link", "name") if isinstance(value := values.get(key), str)
                }
        return frozenset(found)

    @property
    def is_protected(self) -> bool | None:
        """Whether the guard refuses a destroy; None without a guard, which an apply makes last."""
        for resource in self.managed:
            if (resource.type, resource.name) == GUARD:
                return any(_read_protection(instance.attributes or {}) for instance in resource.instances)
        return None


class ClusterPlace(msgspec.Struct, frozen=True):
    """Where a cluster is; `network` is empty where it is not known, `kubeconfig` the command that writes one."""

    cloud: str
    environment: str
    name: str
    region: str
    network: str = ""
    kubeconfig: str = ""
    project: str = ""


def parse_state(text: str) -> TerraformState:
    """An empty state where nothing was ever applied.

    Raises: InputError for a state in another format.
    """
    if not text.strip():
        return TerraformState(FORMAT)
    try:
        state = msgspec.json.decode(text.encode(), type=TerraformState)
    except msgspec.DecodeError as error:
        raise InputError(f"`terraform state pull` printed no state: {error}; expected its format {FORMAT}") from error
    if state.version != FORMAT:
        raise InputError(f"the state has format {state.version}, expected {FORMAT}: another Terraform wrote it")
    return state


def locate_cluster(cloud: str, environment: str, state: TerraformState) -> ClusterPlace | None:
    """From the outputs, or from the resources where an interrupted apply or destroy left no outputs."""
    names = ("cluster_name", "region", "network", "kubeconfig", "project")
    values = {name: str(state.get_output(name) or "") for name in names}
    for cluster in state.find_attributes(*CLUSTERS):
        values["cluster_name"] = values["cluster_name"] or str(cluster.get("name") or "")
        values["region"] = values["region"] or _read_region(cluster)
        values["project"] = values["project"] or str(cluster.get("project") or "")
    for network in state.find_attributes(*NETWORKS):
        values["network"] = values["network"] or str(network.get("id") or "")
        values["region"] = values["region"] or _read_region(network)
        values["project"] = values["project"] or str(network.get("project") or "")
    if not values["cluster_name"]:
        return None
    name = values.pop("cluster_name")
    command = KUBECONFIGS[cloud].format(name=name, region=values["region"])
    values["kubeconfig"] = values["kubeconfig"] or command
    return ClusterPlace(cloud, environment, name, **values)


def _read_region(attributes: Mapping[str, Any]) -> str:
    """AWS has it in the ARN."""
    parts = str(attributes.get("arn") or "").split(":")
    return parts[3] if len(parts) > 4 else str(attributes.get("location") or "")


def _read_protection(attributes: Mapping[str, Any]) -> bool:
    """Terraform keeps a value of any type beside its type: {"value": …, "type": …}."""
    value = attributes.get("input")
    if isinstance(value, dict) and "type" in value:
        value = value.get("value")
    if isinstance(value, dict):
        value = value.get("protected", value.get("deletion_protection", True))
    return value is not False and value != "false"
