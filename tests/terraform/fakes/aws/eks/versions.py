"""Versions as EKS has them in December 2026: which there are, and how a cluster, its nodes and its add-ons move."""

from tests.terraform.fakes.aws.refusals import RefusedError

DEFAULT = "1.35"
SUPPORTED = ("1.33", "1.34", "1.35", "1.36")
ADDONS = frozenset(
    {
        "aws-ebs-csi-driver",
        "coredns",
        "eks-pod-identity-agent",
        "kube-proxy",
        "metrics-server",
        "vpc-cni",
    }
)


def read_minor(version: str) -> int:
    """35 of 1.35."""
    return int(version.split(".")[1])


def check_version(version: str) -> None:
    """Raises: RefusedError for one that EKS does not have."""
    if version not in SUPPORTED:
        raise RefusedError("InvalidParameterException", f"unsupported Kubernetes version {version}")


def check_upgrade(old: str, new: str) -> None:
    """Raises: RefusedError unless it is the next minor version."""
    check_version(new)
    if new == old:
        raise RefusedError("InvalidParameterException", f"Cluster is already at Kubernetes version {new}")
    if read_minor(new) != read_minor(old) + 1:
        text = f"Unsupported Kubernetes minor version update from {old} to {new}"
        raise RefusedError("InvalidParameterException", text)


def check_nodes(cluster: str, nodes: str) -> None:
    """Raises: RefusedError where nodes would be ahead of the control plane."""
    check_version(nodes)
    if read_minor(nodes) > read_minor(cluster):
        text = f"Requested Nodegroup Kubernetes version {nodes} is higher than cluster version {cluster}"
        raise RefusedError("InvalidParameterException", text)


def list_addon_versions(kubernetes: str) -> list[str]:
    """Of any add-on, for a version of Kubernetes; the first is the default."""
    minor = read_minor(kubernetes)
    return [f"v1.{minor}.0-eksbuild.2", f"v1.{minor}.0-eksbuild.1", f"v1.{minor - 1}.0-eksbuild.2"]


def check_addon(name: str, version: str, kubernetes: str) -> None:
    """Raises: RefusedError for an add-on, or a version of it, that does not fit the cluster."""
    if name not in ADDONS:
        raise RefusedError("InvalidParameterException", f"Addon specified is not supported: {name}")
    if version not in list_addon_versions(kubernetes):
        text = f"Addon version specified is not supported: {name} {version} on Kubernetes {kubernetes}"
        raise RefusedError("InvalidParameterException", text)
