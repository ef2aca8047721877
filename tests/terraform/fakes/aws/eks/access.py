"""Access entries: which IAM principals the cluster knows, and by which policies."""

import time
import uuid
from urllib.parse import unquote

from tests.terraform.fakes.aws.eks.records import Document, Place, Record, find, refuse_route
from tests.terraform.fakes.aws.refusals import RefusedError

POLICIES = {
    f"arn:aws:eks::aws:cluster-access-policy/{name}"
    for name in ("AmazonEKSAdminPolicy", "AmazonEKSClusterAdminPolicy", "AmazonEKSEditPolicy", "AmazonEKSViewPolicy")
}


def handle(  # noqa: PLR0911 - a table of routes
    place: Place, record: Record, method: str, parts: list[str], body: Document
) -> Document:
    """A request below /clusters/NAME/access-entries.

    Raises: RefusedError.
    """
    if record.cluster["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
        text = "The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]"
        raise RefusedError("InvalidRequestException", text)
    match method, parts:
        case "POST", []:
            return {"accessEntry": create(place, record, body)}
        case "GET", []:
            return {"accessEntries": list(record.entries)}
    principal = unquote(parts[0])
    entry = find(record.entries, principal, "The specified principalArn could not be found.")
    policies = record.policies[principal]
    names = {"clusterName": record.name, "principalArn": principal}
    match method, parts[1:]:
        case "GET", []:
            return {"accessEntry": entry}
        case "POST", []:
            entry["kubernetesGroups"] = body.get("kubernetesGroups", entry["kubernetesGroups"])
            return {"accessEntry": entry}
        case "DELETE", []:
            del record.entries[principal], record.policies[principal]
            return {}
        case "GET", ["access-policies"]:
            return {**names, "associatedAccessPolicies": list(policies.values())}
        case "POST", ["access-policies"]:
            return {**names, "associatedAccessPolicy": associate(policies, body)}
        case "DELETE", ["access-policies", policy]:
            policies.pop(unquote(policy), None)
            return {}
    raise refuse_route(method, parts)


def create(place: Place, record: Record, body: Document) -> Document:
    principal = body["principalArn"]
    if principal in record.entries:
        text = "The specified access entry resource is already in use on this cluster."
        raise RefusedError("ResourceInUseException", text, 409)
    place.neighbours.check_principal(principal)
    user = principal.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/{{SessionName}}"
    record.policies[principal] = {}
    record.entries[principal] = {
        "clusterName": record.name,
        "principalArn": principal,
        "accessEntryArn": place.name("access-entry", record.name, "role", str(uuid.uuid4())),
        "kubernetesGroups": body.get("kubernetesGroups") or [],
        "username": body.get("username") or (user if ":role/" in principal else principal),
        "type": body.get("type", "STANDARD"),
        "tags": body.get("tags", {}),
        "createdAt": time.time(),
        "modifiedAt": time.time(),
    }
    return record.entries[principal]


def associate(policies: dict[str, Document], body: Document) -> Document:
    policy, scope = body["policyArn"], {"namespaces": [], **body["accessScope"]}
    if policy not in POLICIES:
        raise RefusedError("InvalidParameterException", f"The policyArn parameter format is not valid: {policy}")
    if (scope["type"] == "namespace") != bool(scope["namespaces"]):
        raise RefusedError("InvalidParameterException", "The accessScope's namespaces do not fit its type")
    policies[policy] = {
        "policyArn": policy,
        "accessScope": scope,
        "associatedAt": time.time(),
        "modifiedAt": time.time(),
    }
    return policies[policy]
