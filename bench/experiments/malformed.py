"""Requests that no model can answer honestly: who refuses them, who fails, and who answers a score."""

import http.client
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.model import Rows, ServedModel
from bench.servers import JSON_HEADERS, Server, running
from bench.systems import ROBUST, System
from contract.schema import Value

SENTINEL = 987654.25  # stands for one value of the row, and is replaced in the finished body
SENTINEL_TEXT = str(SENTINEL).encode()

VALUES: Mapping[str, bytes] = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "1e999": b"1e999",
    "an integer of 400 digits": b"9" * 400,
    "true for a number": b"true",
    "a number as text": b'"1"',
    "empty text for a number": b'""',
    "null": b"null",
    "an object for a number": b"{}",
    "a list for a number": b"[1, 2]",
    "a lone surrogate": b'"\\ud800"',
    "bad UTF-8": b'"\xff\xfe"',
    "100,000 open brackets": b"[" * 100_000,
    "hexadecimal": b"0x10",
    "a leading zero": b"0123",
    "nothing": b"",
}
BODIES: Mapping[str, bytes] = {
    "empty body": b"",
    "null body": b"null",
    "a number as body": b"1",
    "text as body": b'"row"',
    "an empty object": b"{}",
    "an empty list": b"[]",
    "a list of null": b"[null]",
    "no JSON at all": b"<row/>",
    "zero bytes": b"\x00" * 64,
}


@dataclass(frozen=True)
class Case:
    body: bytes
    content_type: str = JSON_HEADERS["content-type"]


def mark_row(model: ServedModel) -> Rows:
    """One row whose last number is the sentinel, in every form a protocol may want."""
    rows = model.rows.take(0, 1)
    record: dict[str, Value] = dict(rows.records[0])
    last = [name for name, value in record.items() if not isinstance(value, str)][-1]
    record[last] = SENTINEL
    codes, features = rows.codes.copy(), rows.features.copy()
    codes[0, -1] = features[0, -1] = SENTINEL
    return replace(rows, records=[record], codes=codes, features=features)


def list_cases(system: System, model: ServedModel) -> dict[str, Case]:
    """Every malformed request by its name, in the system's own protocol."""
    marked = system.row.encode(mark_row(model))
    sound = system.row.encode(model.rows.take(0, 1))
    short = replace(mark_row(model), features=np.zeros((1, 1)), codes=np.zeros((1, 1)), records=[{}])
    cases = {name: Case(marked.replace(SENTINEL_TEXT, token)) for name, token in VALUES.items()}
    cases |= {name: Case(body) for name, body in BODIES.items()}
    return cases | {
        "cut off in the middle": Case(sound[: len(sound) // 2]),
        "something after the end": Case(sound + b"}"),
        "the same names twice": Case(sound[:-1] + b"," + sound[1:]),
        "too few values": Case(system.row.encode(short)),
        "form data": Case(b"a=1&b=2", "application/x-www-form-urlencoded"),
        "a row as UTF-16": Case(sound.decode().encode("utf-16")),
    }


def send_case(server: Server, case: Case) -> str:
    """The status, or "closed"."""
    protocol = server.system.row
    try:
        answer = server.ask(protocol.path, case.body, headers={"content-type": case.content_type})
    except (OSError, http.client.HTTPException):
        return "closed"
    return str(answer.status)


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """Raises: UnfitSystemError if it does not serve."""
    with running(system, model) as server:
        details = {name: send_case(server, case) for name, case in list_cases(system, model).items()}
    classes = Counter(found[0] for found in details.values())
    promises = [Promise("every case is refused with 4xx", str(classes["4"]), classes["4"] == len(details))]
    return Outcome([str(len(details)), *(str(classes[first]) for first in "425c")], promises, details)


EXPERIMENT = Experiment(
    name="malformed",
    about="Each case once, in the system's own protocol. A 200 is a score for what is not a row's JSON.",
    seconds=1,
    header=("cases", "refused 4xx", "answered 200", "failed 5xx", "connection closed"),
    measure=measure,
    systems=ROBUST,
)
