"""Node groups: their nodes are not made, all that is said of them is kept and checked."""

import time
import uuid

from tests.terraform.fakes.aws.eks.records import Document, Place, Record, find, refuse_route
from tests.terraform.fakes.aws.eks.versions import check_nodes
from tests.terraform.fakes.aws.options import QUOTAS
from tests.terraform.fakes.aws.refusals import RefusedError

# the letter behind an instance type's generation: g is Graviton
IMAGES = {"AL2023_x86_64_STANDARD": False, "AL2023_ARM_64_STANDARD": True}
EFFECTS = {"NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"}


def handle(place: Place, record: Record, method: str, parts: list[str], body: Document) -> Document:
    """A request below /clusters/NAME/node-groups.

    Raises: RefusedError.
    """
    match method, parts:
        case "POST", []:
            return {"nodegroup": create(place, record, body)}
        case "GET", []:
            return {"nodegroups": list(record.node_groups)}
    group = find(record.node_groups, parts[0], f"No node group found for name: {parts[0]}.")
    match method, parts[1:]:
        case "GET", []:
            return {"nodegroup": group}
        case "DELETE", []:
            return {"nodegroup": record.node_groups.pop(parts[0]) | {"status": "DELETING"}}
        case "POST", ["update-config"]:
            return change(record, group, body)
        case "POST", ["update-version"]:
            return upgrade(place, record, group, body)
    raise refuse_route(method, parts)


def create(place: Place, record: Record, body: Document) -> Document:
    name, version = body["nodegroupName"], body.get("version", record.version)
    if name in record.node_groups:
        text = f"NodeGroup already exists with name {name} and cluster name {record.name}"
        raise RefusedError("ResourceInUseException", text, 409)
    if len(record.node_groups) >= place.options.quotas.get("node-group", 30):
        raise RefusedError(QUOTAS["node-group"], "Nodegroup limit exceeded for cluster")
    check_nodes(record.version, version)
    place.neighbours.check_role(body["nodeRole"], "ec2.amazonaws.com")
    place.neighbours.find_subnets(body["subnets"])
    check_scaling(body.get("scalingConfig", {}))
    check_images(body)
    check_taints(body.get("taints", []))
    group = {
        "nodegroupName": name,
        "nodegroupArn": place.name("nodegroup", record.name, name, str(uuid.uuid4())),
        "clusterName": record.name,
        "createdAt": time.time(),
        "status": "ACTIVE",
        "version": version,
        "releaseVersion": f"{version}.0-20261101",
        "capacityType": "ON_DEMAND",
        "labels": {},
        "taints": [],
        "tags": {},
        "updateConfig": {"maxUnavailable": 1},
        "health": {"issues": []},
        "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{uuid.uuid4()}"}]},
        **{key: value for key, value in body.items() if key != "clientRequestToken"},
    }
    if template := body.get("launchTemplate"):
        group["launchTemplate"] = {"name": place.neighbours.find_template(template["id"]), **template}
    record.node_groups[name] = group
    return group


def check_scaling(config: Document) -> None:
    low, wanted, high = (config.get(key, 1) for key in ("minSize", "desiredSize", "maxSize"))
    if not (0 <= low <= wanted <= high and high >= 1):
        text = f"scaling: {low} <= {wanted} <= {high} does not hold, or the greatest is 0"
        raise RefusedError("InvalidParameterException", text)


def check_images(body: Document) -> None:
    image = body.get("amiType", "AL2023_x86_64_STANDARD")
    if image not in IMAGES:
        raise RefusedError("InvalidParameterException", f"unknown amiType {image}")
    kinds = [kind.split(".")[0] for kind in body.get("instanceTypes", [])]
    if any(kind.endswith("g") is not IMAGES[image] for kind in kinds):
        text = f"[{', '.join(body['instanceTypes'])}] is not a valid match for {image}"
        raise RefusedError("InvalidParameterException", text)


def check_taints(taints: list[Document]) -> None:
    if unknown := {taint["effect"] for taint in taints} - EFFECTS:
        raise RefusedError("InvalidParameterException", f"unknown effects of taints: {sorted(unknown)}")


def change(record: Record, group: Document, body: Document) -> Document:
    scaling = {**group.get("scalingConfig", {}), **body.get("scalingConfig", {})}
    check_scaling(scaling)
    group["scalingConfig"] = scaling
    for key in ("updateConfig", "nodeRepairConfig"):
        if key in body:
            group[key] = body[key]
    labels, taints = body.get("labels") or {}, body.get("taints") or {}
    gone = labels.get("removeLabels") or []
    held = group["labels"] | (labels.get("addOrUpdateLabels") or {})
    group["labels"] = {key: value for key, value in held.items() if key not in gone}
    kept = [taint for taint in group["taints"] if taint not in (taints.get("removeTaints") or [])]
    group["taints"] = kept + (taints.get("addOrUpdateTaints") or [])
    return record.add_update("ConfigUpdate")


def upgrade(place: Place, record: Record, group: Document, body: Document) -> Document:
    if "version" in body:
        check_nodes(record.version, body["version"])
        group |= {"version": body["version"], "releaseVersion": f"{body['version']}.0-20261101"}
    if template := body.get("launchTemplate"):
        group["launchTemplate"] = {"name": place.neighbours.find_template(template["id"]), **template}
    return record.add_update("VersionUpdate")
