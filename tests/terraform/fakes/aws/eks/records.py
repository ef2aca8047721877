"""What EKS keeps of a cluster."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.terraform.fakes.aws.eks.neighbours import Neighbours
from tests.terraform.fakes.aws.options import Options
from tests.terraform.fakes.aws.refusals import RefusedError

Document = dict[str, Any]  # JSON, as EKS reads and writes it


@dataclass(frozen=True)
class Place:
    """Where a request goes to."""

    options: Options
    region: str

    @property
    def neighbours(self) -> Neighbours:
        return Neighbours(self.options.account, self.region)

    def name(self, kind: str, *parts: str) -> str:
        """An ARN of EKS."""
        return f"arn:aws:eks:{self.region}:{self.options.account}:{kind}/{'/'.join(parts)}"


@dataclass
class Record:
    """A cluster and all below it, each by its name, ARN or number."""

    cluster: Document
    node_groups: dict[str, Document] = field(default_factory=dict)
    addons: dict[str, Document] = field(default_factory=dict)
    entries: dict[str, Document] = field(default_factory=dict)
    policies: dict[str, dict[str, Document]] = field(default_factory=dict)  # by the entry's principal
    identities: dict[str, Document] = field(default_factory=dict)
    updates: dict[str, Document] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.cluster["name"])

    @property
    def version(self) -> str:
        return str(self.cluster["version"])

    def things(self) -> Iterator[Document]:
        """All that has tags."""
        yield self.cluster
        for kind in (self.node_groups, self.addons, self.entries, self.identities):
            yield from kind.values()

    def add_update(self, kind: str) -> Document:
        """An update that has ended well."""
        number = str(uuid.uuid4())
        self.updates[number] = {"id": number, "status": "Successful", "type": kind, "params": [], "errors": []}
        return {"update": self.updates[number] | {"createdAt": time.time()}}


def find(things: dict[str, Document], key: str, text: str) -> Document:
    """Raises: RefusedError with `text` where it is not there."""
    if key not in things:
        raise RefusedError("ResourceNotFoundException", text, 404)
    return things[key]


def refuse_route(method: str, parts: list[str]) -> RefusedError:
    """For a request that this fake does not know: said, never guessed."""
    return RefusedError("InvalidRequestException", f"this fake of EKS does not know {method} /{'/'.join(parts)}")
