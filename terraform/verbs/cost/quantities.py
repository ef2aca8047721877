"""From planned resources to what is paid for: how many, of what, and in which part of the table."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from terraform.verbs.cost.plans import PlannedResource

PLANNED, ASSUMED = "planned", "assumed"
PARTS = (
    "control plane", "nodes", "NAT", "endpoints", "load balancer", "database", "storage", "logs", "traffic", "keys",
)  # fmt: skip # the order of the table


@dataclass(frozen=True)
class Quantity:
    """`amount` of `item` of the price list; of a price that is a share, `share_of` is the item that it is of."""

    part: str
    item: str
    amount: float
    text: str
    basis: str = PLANNED
    share_of: str = ""


def count_eks(resources: Sequence[PlannedResource]) -> Iterator[Quantity]:
    """What the plan of terraform/eks says."""
    for found in resources:
        yield from EKS.get(found.type, nothing)(found.values)


def count_gke(resources: Sequence[PlannedResource]) -> Iterator[Quantity]:
    """What the plan of terraform/gke says."""
    for found in resources:
        yield from GKE.get(found.type, nothing)(found.values)


def nothing(values: Mapping[str, Any]) -> Iterator[Quantity]:
    """Most resources cost nothing by themselves."""
    yield from ()


def count_control_plane(values: Mapping[str, Any]) -> Iterator[Quantity]:
    yield Quantity("control plane", "control plane", 1, "one cluster")


def count_node_group(values: Mapping[str, Any]) -> Iterator[Quantity]:
    """The least that runs; what an autoscaler adds comes on top."""
    least, kind = int(values["scaling_config"][0]["min_size"]), str(values["instance_types"][0])
    yield from count_nodes(
        least, kind, values["node_group_name"], is_spot=values["capacity_type"] == "SPOT", disk_gb=50
    )


def count_node_pool(values: Mapping[str, Any]) -> Iterator[Quantity]:
    config = values["node_config"][0]
    least = int(values["autoscaling"][0]["total_min_node_count"])
    yield from count_nodes(
        least, config["machine_type"], values["name"], is_spot=bool(config["spot"]), disk_gb=config["disk_size_gb"]
    )


def count_nodes(least: int, kind: str, name: str, *, is_spot: bool, disk_gb: float) -> Iterator[Quantity]:
    text = f"{name}: {least} × {kind}{', spot' if is_spot else ''}"
    if is_spot:
        yield Quantity("nodes", "spot share", least, text, share_of=kind)
    else:
        yield Quantity("nodes", kind, least, text)
    yield Quantity("nodes", "node disk", least * disk_gb, f"{name}: disks of {disk_gb:g} GB")


def count_nat_gateway(values: Mapping[str, Any]) -> Iterator[Quantity]:
    yield Quantity("NAT", "nat", 1, "NAT gateway")


def count_eip(values: Mapping[str, Any]) -> Iterator[Quantity]:
    yield Quantity("NAT", "public address", 1, "its public address")


def count_endpoint(values: Mapping[str, Any]) -> Iterator[Quantity]:
    """One is paid for in each zone; gateway endpoints cost nothing."""
    if values.get("vpc_endpoint_type") == "Interface":
        service = str(values["service_name"]).rpartition(".")[2]
        zones = len(values.get("subnet_ids") or [None])
        yield Quantity("endpoints", "interface endpoint", zones, f"interface endpoint of {service}, {zones} zones")


def count_rds(values: Mapping[str, Any]) -> Iterator[Quantity]:
    copies = 2 if values["multi_az"] else 1
    yield Quantity("database", values["instance_class"], copies, f"{copies} × {values['instance_class']}")
    yield Quantity("database", "database disk", copies * values["allocated_storage"], "its disk")


def count_sql(values: Mapping[str, Any]) -> Iterator[Quantity]:
    settings = values["settings"][0]
    copies = 2 if settings["availability_type"] == "REGIONAL" else 1
    yield Quantity("database", settings["tier"], copies, f"{copies} × {settings['tier']}")
    yield Quantity("database", "database disk", copies * settings["disk_size"], "its disk")


def count_key(values: Mapping[str, Any]) -> Iterator[Quantity]:
    yield Quantity("keys", "key", 1, "encryption key")


Counter = Callable[[Mapping[str, Any]], Iterator[Quantity]]
EKS: dict[str, Counter] = {
    "aws_eks_cluster": count_control_plane,
    "aws_eks_node_group": count_node_group,
    "aws_nat_gateway": count_nat_gateway,
    "aws_eip": count_eip,
    "aws_vpc_endpoint": count_endpoint,
    "aws_db_instance": count_rds,
    "aws_kms_key": count_key,
}
GKE: dict[str, Counter] = {
    "google_container_cluster": count_control_plane,
    "google_container_node_pool": count_node_pool,
    "google_compute_router_nat": count_nat_gateway,
    "google_sql_database_instance": count_sql,
    "google_kms_crypto_key": count_key,
}
COUNTERS = {"eks": count_eks, "gke": count_gke}


def count_assumed(assumed: Mapping[str, float], *, has_nat: bool) -> Iterator[Quantity]:
    """What no plan says: the load balancer is the cluster's own, the rest comes with use."""
    yield Quantity("load balancer", "load balancer", assumed["load balancers"], "of the Ingress or Gateway", ASSUMED)
    yield Quantity(
        "storage", "object storage", assumed["object storage"], "bundles, logs, MLflow, predictions", ASSUMED
    )
    yield Quantity("logs", "logs", assumed["logs"], "control plane, audit, network", ASSUMED)
    yield Quantity("traffic", "internet traffic", assumed["internet traffic"], "answers to the internet", ASSUMED)
    if has_nat:
        yield Quantity("traffic", "nat traffic", assumed["nat traffic"], "through NAT: images, data", ASSUMED)
