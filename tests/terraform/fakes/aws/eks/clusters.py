"""Clusters: made, changed, moved to the next version, taken away."""

import re
import time
import uuid

from tests.terraform.fakes.aws.dependencies import Network
from tests.terraform.fakes.aws.eks.records import Document, Place, Record
from tests.terraform.fakes.aws.eks.versions import DEFAULT, check_upgrade, check_version
from tests.terraform.fakes.aws.options import QUOTAS
from tests.terraform.fakes.aws.refusals import RefusedError

NAME = r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}"
LOGS = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
CHANGEABLE = (
    "accessConfig",
    "computeConfig",
    "kubernetesNetworkConfig",
    "logging",
    "resourcesVpcConfig",
    "storageConfig",
    "upgradePolicy",
    "zonalShiftConfig",
)


def create_cluster(place: Place, clusters: dict[str, Record], body: Document) -> Record:
    """Raises: RefusedError for what EKS would refuse."""
    check_cluster(place, clusters, body)
    number = uuid.uuid4().hex.upper()
    cluster = {
        "name": body["name"],
        "arn": place.name("cluster", body["name"]),
        "createdAt": time.time(),
        "version": body.get("version", DEFAULT),
        "platformVersion": "eks.1",
        "status": "ACTIVE",
        "roleArn": body["roleArn"],
        "endpoint": place.options.endpoint or f"https://{number}.gr7.{place.region}.eks.amazonaws.com",
        "certificateAuthority": {"data": place.options.certificate},
        "identity": {"oidc": {"issuer": f"https://oidc.eks.{place.region}.amazonaws.com/id/{number}"}},
        "resourcesVpcConfig": make_network(place, body, number),
        "kubernetesNetworkConfig": {
            "serviceIpv4Cidr": "172.20.0.0/16",
            "ipFamily": "ipv4",
            "elasticLoadBalancing": {"enabled": False},
            **body.get("kubernetesNetworkConfig", {}),
        },
        "logging": body.get("logging") or {"clusterLogging": []},
        "encryptionConfig": body.get("encryptionConfig", []),
        "accessConfig": {"authenticationMode": body.get("accessConfig", {}).get("authenticationMode", "CONFIG_MAP")},
        "upgradePolicy": body.get("upgradePolicy", {"supportType": "EXTENDED"}),
        "zonalShiftConfig": body.get("zonalShiftConfig", {"enabled": False}),
        "computeConfig": body.get("computeConfig", {"enabled": False}),
        "storageConfig": body.get("storageConfig", {"blockStorage": {"enabled": False}}),
        "tags": body.get("tags", {}),
        "health": {"issues": []},
    }
    return Record(cluster)


def check_cluster(place: Place, clusters: dict[str, Record], body: Document) -> None:
    """Raises: RefusedError for a name that is taken, a full quota, or a setting that EKS does not take."""
    name = body["name"]
    if not re.fullmatch(NAME, name):
        raise RefusedError("InvalidParameterException", f"The cluster name {name} does not match {NAME}")
    if name in clusters:
        raise RefusedError("ResourceInUseException", f"Cluster already exists with name: {name}", 409)
    if len(clusters) >= place.options.quotas.get("cluster", 100):
        raise RefusedError(QUOTAS["cluster"], "Cluster limit exceeded for account")
    check_version(body.get("version", DEFAULT))
    place.neighbours.check_role(body["roleArn"], "eks.amazonaws.com")
    for config in body.get("encryptionConfig", []):
        place.neighbours.check_key(config["provider"]["keyArn"])
    for logs in (body.get("logging") or {}).get("clusterLogging", []):
        if unknown := set(logs["types"]) - LOGS:
            raise RefusedError("InvalidParameterException", f"unknown log types: {sorted(unknown)}")
    check_auto_mode(body)


def check_auto_mode(body: Document) -> None:
    """Raises: RefusedError unless its three parts are on or off together."""
    compute = body.get("computeConfig", {}).get("enabled", False)
    storage = body.get("storageConfig", {}).get("blockStorage", {}).get("enabled", False)
    balancing = body.get("kubernetesNetworkConfig", {}).get("elasticLoadBalancing", {}).get("enabled", False)
    if len({compute, storage, balancing}) > 1:
        raise RefusedError(
            "InvalidParameterException",
            "For EKS Auto Mode, please ensure that all required configs, including computeConfig, "
            "kubernetesNetworkConfig, and blockStorage are all either fully enabled or fully disabled.",
        )
    if compute and body.get("bootstrapSelfManagedAddons", True):
        text = "bootstrapSelfManagedAddons must be set to false for EKS Auto Mode clusters"
        raise RefusedError("InvalidParameterException", text)


def make_network(place: Place, body: Document, number: str) -> Document:
    """A cluster's network settings, with the security group that EKS makes."""
    config = {
        "endpointPublicAccess": True,
        "endpointPrivateAccess": False,
        "publicAccessCidrs": ["0.0.0.0/0"],
        "securityGroupIds": [],
        **body["resourcesVpcConfig"],
    }
    check_endpoints(config)
    vpc = place.neighbours.find_network(config["subnetIds"])
    group = place.neighbours.make_cluster_group(body["name"], vpc, number[:8])
    if not config["endpointPublicAccess"]:
        config["publicAccessCidrs"] = []
    return config | {"vpcId": vpc, "clusterSecurityGroupId": group}


def check_endpoints(config: Document) -> None:
    """Raises: RefusedError where nobody could reach the API server."""
    if not (config["endpointPublicAccess"] or config["endpointPrivateAccess"]):
        raise RefusedError("InvalidParameterException", "Private and public endpoint access cannot be false")


def delete_cluster(place: Place, record: Record) -> Document:
    """Raises: RefusedError while it has node groups."""
    if record.node_groups:
        raise RefusedError("ResourceInUseException", "Cluster has nodegroups attached", 409)
    group = record.cluster["resourcesVpcConfig"]["clusterSecurityGroupId"]
    users = list(Network(place.options, place.region).users_of_group(group))
    place.neighbours.remove_cluster_group(group, users)
    return {"cluster": record.cluster | {"status": "DELETING"}}


def upgrade_cluster(record: Record, version: str) -> Document:
    """Raises: RefusedError for a version that is not the next, and where nodes are too far behind."""
    check_upgrade(record.version, version)
    record.cluster["version"] = version
    return record.add_update("VersionUpdate")


def change_cluster(record: Record, body: Document) -> Document:
    """Raises: RefusedError for access settings that go backwards, and for Auto Mode by halves."""
    cluster = record.cluster
    changed = {key: {**cluster[key], **body[key]} for key in CHANGEABLE if key in body}
    check_auto_mode({**cluster, "bootstrapSelfManagedAddons": False, **changed})
    check_endpoints({**cluster, **changed}["resourcesVpcConfig"])
    modes = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")
    old, new = (one["accessConfig"]["authenticationMode"] for one in (cluster, {**cluster, **changed}))
    if modes.index(new) < modes.index(old):
        text = f"Unsupported authentication mode update from {old} to {new}"
        raise RefusedError("InvalidParameterException", text)
    cluster |= changed
    return record.add_update("ConfigUpdate")
