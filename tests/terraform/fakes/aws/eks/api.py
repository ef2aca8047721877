"""EKS, as far as the Terraform provider and the AWS CLI use it; moto lacks most of it."""

from threading import Lock
from urllib.parse import unquote

from tests.terraform.fakes.aws.eks import access, addons, clusters, identities, node_groups
from tests.terraform.fakes.aws.eks.records import Document, Place, Record, refuse_route
from tests.terraform.fakes.aws.options import Options
from tests.terraform.fakes.aws.refusals import RefusedError

Query = dict[str, list[str]]


class Eks:
    """All regions of one account. Requests are answered one at a time: the provider sends ten at once."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.regions: dict[str, dict[str, Record]] = {}
        self.answered: dict[str, Document] = {}  # a request that is repeated with its token is done once
        self.lock = Lock()

    def handle(self, region: str, method: str, parts: list[str], body: Document, query: Query) -> Document:
        """One request; `parts` is its path, split and unquoted.

        Raises: RefusedError.
        """
        token = body.get("clientRequestToken")
        with self.lock:
            if token not in self.answered:
                answer = self.handle_once(region, method, parts, body, query)
                if token is None:
                    return answer
                self.answered[token] = answer
            return self.answered[token]

    def handle_once(self, region: str, method: str, parts: list[str], body: Document, query: Query) -> Document:
        place, known = Place(self.options, region), self.regions.setdefault(region, {})
        match method, parts:
            case _, ["tags", *rest]:
                return tag(known, method, unquote("/".join(rest)), body, query)
            case "GET", ["addons", "supported-versions"]:
                return addons.list_versions(query)
            case "POST", ["clusters"]:
                known[body["name"]] = clusters.create_cluster(place, known, body)
                return {"cluster": known[body["name"]].cluster | {"status": "CREATING"}}
            case "GET", ["clusters"]:
                return {"clusters": list(known)}
            case _, ["clusters", name, *rest]:
                return handle_cluster(place, known, method, [name, *rest], body, query)
        raise refuse_route(method, parts)


def handle_cluster(  # noqa: PLR0911 - a table of routes
    place: Place, known: dict[str, Record], method: str, parts: list[str], body: Document, query: Query
) -> Document:
    """A request below /clusters/NAME."""
    name, *rest = parts
    if name not in known:
        raise RefusedError("ResourceNotFoundException", f"No cluster found for name: {name}.", 404)
    record = known[name]
    match method, rest:
        case "GET", []:
            return {"cluster": record.cluster}
        case "DELETE", []:
            answer = clusters.delete_cluster(place, record)
            del known[name]
            return answer
        case "POST", ["updates"]:
            return clusters.upgrade_cluster(record, body["version"])
        case "GET", ["updates", number]:
            return {"update": record.updates[number]}
        case "POST", ["update-config"]:
            return clusters.change_cluster(record, body)
        case _, ["node-groups", *more]:
            return node_groups.handle(place, record, method, more, body)
        case _, ["addons", *more]:
            return addons.handle(place, record, method, more, body)
        case _, ["access-entries", *more]:
            return access.handle(place, record, method, more, body)
        case _, ["pod-identity-associations", *more]:
            return identities.handle(place, record, method, more, body, query)
    raise refuse_route(method, parts)


def tag(known: dict[str, Record], method: str, arn: str, body: Document, query: Query) -> Document:
    """Tags of anything by its ARN."""
    found = [thing for record in known.values() for thing in record.things() if arn in thing.values()]
    if not found:
        raise RefusedError("NotFoundException", f"The requested resource {arn} could not be found", 404)
    tags = found[0]["tags"]
    match method:
        case "GET":
            return {"tags": tags}
        case "POST":
            tags |= body["tags"]
        case "DELETE":
            for key in query.get("tagKeys", []):
                tags.pop(key, None)
    return {}
