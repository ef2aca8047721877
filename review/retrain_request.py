"""What an alert asks for: a payload that anybody with a token may have written, so little of it is believed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from cli.errors import RefusedError
from cli.files import read_file

MAX_BYTES = 256 * 1024  # of the whole event; GitHub's own part has about 10 kB
EVENT = "retrain"
FINGERPRINT = r"^[0-9a-f]{16}\Z"  # Alertmanager's own
Reason = Literal["drift", "quality", "missing-values", "score-drift"]


class Payload(msgspec.Struct, forbid_unknown_fields=True):
    """The alert's name would be text for a title; the reason is one of a list instead."""

    reason: Reason
    fingerprint: Annotated[str, msgspec.Meta(pattern=FINGERPRINT)]


class Event(msgspec.Struct):
    action: str
    client_payload: Payload


@dataclass(frozen=True)
class Request:
    """Why a retraining was requested; a schedule has no fingerprint."""

    reason: str
    fingerprint: str | None = None

    def describe(self) -> str:
        if self.fingerprint is None:
            return f"Requested by {self.reason}."
        return f"Requested by an alert: {self.reason}, fingerprint `{self.fingerprint}`."


def read_request(name: str, path: Path | None) -> Request:
    """The request behind the event `name`, whose content GitHub's runner left at `path`.

    Raises: InputError, RefusedError for a payload that is not of the form.
    """
    if name in {"schedule", "workflow_dispatch"}:
        return Request({"schedule": "the schedule", "workflow_dispatch": "hand"}[name])
    if name != "repository_dispatch" or path is None:
        raise RefusedError(f"event {name[:40]!r} retrains nothing, expected repository_dispatch, schedule or by hand")
    try:
        event = msgspec.json.decode(read_file(path, MAX_BYTES), type=Event)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(f"the event's client_payload is not of the form {{reason, fingerprint}}: {error}") from error
    if event.action != EVENT:
        raise RefusedError(f"the event is {event.action[:40]!r}, expected {EVENT!r}")
    return Request(event.client_payload.reason, event.client_payload.fingerprint)
