"""Pod Identity associations: which role a service account's pods have."""

import time
import uuid

from tests.terraform.fakes.aws.eks.records import Document, Place, Record, find, refuse_route
from tests.terraform.fakes.aws.refusals import RefusedError

SERVICE = "pods.eks.amazonaws.com"


def handle(
    place: Place, record: Record, method: str, parts: list[str], body: Document, query: dict[str, list[str]]
) -> Document:
    """A request below /clusters/NAME/pod-identity-associations.

    Raises: RefusedError.
    """
    match method, parts:
        case "POST", []:
            return {"association": create(place, record, body)}
        case "GET", []:
            return {"associations": select(record, query)}
    found = find(record.identities, parts[0], "The specified associationId could not be found.")
    match method, parts[1:]:
        case "GET", []:
            return {"association": found}
        case "POST", []:
            place.neighbours.check_role(body["roleArn"], SERVICE)
            found |= {"roleArn": body["roleArn"], "modifiedAt": time.time()}
            return {"association": found}
        case "DELETE", []:
            return {"association": record.identities.pop(parts[0])}
    raise refuse_route(method, parts)


def select(record: Record, query: dict[str, list[str]]) -> list[Document]:
    """As ListPodIdentityAssociations filters, by namespace and service account."""
    wanted = {key: query[key][0] for key in ("namespace", "serviceAccount") if key in query}
    return [one for one in record.identities.values() if wanted.items() <= one.items()]


def create(place: Place, record: Record, body: Document) -> Document:
    """Raises: RefusedError where the service account has one, or the role does not trust Pod Identity."""
    key = {name: body[name] for name in ("namespace", "serviceAccount")}
    if same := [number for number, one in record.identities.items() if key.items() <= one.items()]:
        raise RefusedError("ResourceInUseException", f"Association already exists: {same[0]}", 409)
    place.neighbours.check_role(body["roleArn"], SERVICE)
    number = f"a-{uuid.uuid4().hex[:17]}"
    record.identities[number] = {
        "clusterName": record.name,
        **key,
        "roleArn": body["roleArn"],
        "associationId": number,
        "associationArn": place.name("podidentityassociation", record.name, number),
        "tags": body.get("tags", {}),
        "createdAt": time.time(),
        "modifiedAt": time.time(),
        "disableSessionTags": False,
    }
    return record.identities[number]
