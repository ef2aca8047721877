"""The objects behind which a controller made something in the cloud, taken down while their controllers still run."""

from collections.abc import Sequence

from cli.errors import RefusedError
from terraform.verbs.destroy.api_server import ApiServer, Thing
from terraform.verbs.destroy.waiting import Patience

ENTRANCES = ("ingresses.networking.k8s.io", "gateways.gateway.networking.k8s.io", "services")
CLAIMS, VOLUMES, NAMESPACES, PODS = "persistentvolumeclaims", "persistentvolumes", "namespaces", "pods"
SYSTEM = frozenset({"default", "kube-node-lease", "kube-public", "kube-system"})


def remove_entrances(cluster: ApiServer, patience: Patience) -> str:
    """Ingresses, Gateways and Services of type LoadBalancer, gone when their controllers have removed what they made.

    Raises: RefusedError that names each one that stays, and what it waits for.
    """
    found = list_entrances(cluster)
    cluster.delete(found)
    if left := patience.wait_until_gone(lambda: list_entrances(cluster)):
        raise RefusedError(describe_stuck(left, patience))
    return f"{_list(found)} deleted" if found else "there are none"


def list_entrances(cluster: ApiServer) -> list[Thing]:
    found = [one for kind in ENTRANCES for one in cluster.list(kind)]
    return [one for one in found if one.kind != "services" or one.raw["spec"].get("type") == "LoadBalancer"]


def remove_claims(cluster: ApiServer, patience: Patience) -> str:
    """Claims, with the namespaces that hold them: a claim goes only after the last pod that mounts it.

    Waits until the driver has deleted the volumes; those that are kept by their class are named.

    Raises: RefusedError.
    """
    claims = cluster.list(CLAIMS)
    spaces = {one.namespace for one in claims}
    cluster.delete([one for one in cluster.list(NAMESPACES) if one.name in spaces - SYSTEM])
    # of a namespace that stays, the claims and the pods that mount them
    cluster.delete([one for one in claims if one.namespace in SYSTEM])
    cluster.delete([one for one in cluster.list(PODS) if one.namespace in SYSTEM and _mounts(one, claims)])
    if left := patience.wait_until_gone(lambda: [*cluster.list(CLAIMS), *list_volumes(cluster, "Delete")]):
        raise RefusedError(describe_stuck(left, patience))
    kept = list_volumes(cluster, "Retain")
    words = f"; kept by their class, remove them yourself: {_list(kept)}" if kept else ""
    return f"{_list(claims)} deleted with their volumes{words}" if claims else f"there are none{words}"


def list_volumes(cluster: ApiServer, policy: str) -> list[Thing]:
    """Those of a claim, with this reclaim policy."""
    found = cluster.list(VOLUMES)
    return [
        one
        for one in found
        if one.raw["spec"].get("claimRef") and one.raw["spec"].get("persistentVolumeReclaimPolicy") == policy
    ]


def describe_stuck(things: Sequence[Thing], patience: Patience) -> str:
    """Each with the finalizers that it waits for: whoever removes them is what does not run."""
    names = [f"{one.label} (waits for {', '.join(one.finalizers) or 'its deletion'})" for one in things]
    first = things[0]
    place = f" -n {first.namespace}" if first.namespace else ""
    return (
        f"still there after {patience.seconds:.0f} s: {', '.join(names)}; the controller that removes them does not "
        f"run or may not: kubectl describe {first.kind} {first.name}{place}; then run the same command again"
    )


def _mounts(pod: Thing, claims: Sequence[Thing]) -> bool:
    named = {volume.get("persistentVolumeClaim", {}).get("claimName") for volume in pod.raw["spec"].get("volumes", ())}
    return any(one.namespace == pod.namespace and one.name in named for one in claims)


def _list(things: Sequence[Thing]) -> str:
    return ", ".join(one.label for one in things)
