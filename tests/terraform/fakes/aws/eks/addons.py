"""Add-ons, with the Pod Identity associations that come and go with them."""

import json
import time
import uuid

from tests.terraform.fakes.aws.eks import identities
from tests.terraform.fakes.aws.eks.records import Document, Place, Record, find, refuse_route
from tests.terraform.fakes.aws.eks.versions import ADDONS, SUPPORTED, check_addon, list_addon_versions
from tests.terraform.fakes.aws.refusals import RefusedError


def handle(place: Place, record: Record, method: str, parts: list[str], body: Document) -> Document:
    """A request below /clusters/NAME/addons.

    Raises: RefusedError.
    """
    match method, parts:
        case "POST", []:
            return {"addon": create(place, record, body)}
        case "GET", []:
            return {"addons": list(record.addons)}
    addon = find(record.addons, parts[0], f"No addon: {parts[0]} found in cluster: {record.name}")
    match method, parts[1:]:
        case "GET", []:
            return {"addon": addon}
        case "DELETE", []:
            replace_identities(place, record, addon, [])
            return {"addon": record.addons.pop(parts[0]) | {"status": "DELETING"}}
        case "POST", ["update"]:
            return change(place, record, addon, body)
    raise refuse_route(method, parts)


def list_versions(query: dict[str, list[str]]) -> Document:
    """The answer to DescribeAddonVersions for one add-on."""
    name, wanted = query["addonName"][0], query.get("kubernetesVersion", list(SUPPORTED))
    if name not in ADDONS:
        return {"addons": []}
    versions: dict[str, list[Document]] = {}
    for kubernetes in wanted:
        for place, version in enumerate(list_addon_versions(kubernetes)):
            fits = {"clusterVersion": kubernetes, "defaultVersion": place == 0, "platformVersions": ["*"]}
            versions.setdefault(version, []).append(fits)
    found = [{"addonVersion": version, "compatibilities": fits} for version, fits in versions.items()]
    return {"addons": [{"addonName": name, "type": "networking", "addonVersions": found}]}


def create(place: Place, record: Record, body: Document) -> Document:
    name = body["addonName"]
    if name in record.addons:
        raise RefusedError("ResourceInUseException", "Addon already exists.", 409)
    version = body.get("addonVersion") or list_addon_versions(record.version)[0]
    check_addon(name, version, record.version)
    check_values(body)
    addon: Document = {
        "addonName": name,
        "addonArn": place.name("addon", record.name, name, str(uuid.uuid4())),
        "addonVersion": version,
        "clusterName": record.name,
        "status": "ACTIVE",
        "health": {"issues": []},
        "createdAt": time.time(),
        "modifiedAt": time.time(),
        "tags": body.get("tags", {}),
        "podIdentityAssociations": [],
    }
    addon |= {key: body[key] for key in ("configurationValues", "serviceAccountRoleArn") if key in body}
    replace_identities(place, record, addon, body.get("podIdentityAssociations", []))
    record.addons[name] = addon
    return addon


def change(place: Place, record: Record, addon: Document, body: Document) -> Document:
    if "addonVersion" in body:
        check_addon(addon["addonName"], body["addonVersion"], record.version)
    check_values(body)
    addon |= {key: body[key] for key in ("addonVersion", "configurationValues") if key in body}
    if "podIdentityAssociations" in body:
        replace_identities(place, record, addon, body["podIdentityAssociations"])
    return record.add_update("AddonUpdate")


def check_values(body: Document) -> None:
    try:
        json.loads(body.get("configurationValues") or "{}")
    except ValueError as error:
        text = f"ConfigurationValue provided in request is not supported: {error}"
        raise RefusedError("InvalidParameterException", text) from error


def replace_identities(place: Place, record: Record, addon: Document, wanted: list[Document]) -> None:
    for arn in addon["podIdentityAssociations"]:
        record.identities.pop(arn.rsplit("/", 1)[-1], None)
    made = [identities.create(place, record, {"namespace": "kube-system", **one}) for one in wanted]
    addon["podIdentityAssociations"] = [one["associationArn"] for one in made]
    for one in made:
        one["ownerArn"] = addon["addonArn"]
