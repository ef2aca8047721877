"""Grafana's store of annotations, over its HTTP API: each mark is written once, whoever runs it how often."""

import os
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import httpx
import msgspec

from app.monitor.annotations.marks import EventMark
from cli.errors import InputError, OutsideError

TOKEN = "GRAFANA_TOKEN"  # noqa: S105 - the name of the variable, of a service account that may write annotations
TIMEOUT_SECONDS = 15
MOST_KEPT = 10_000  # of a kind, in one answer


class StoredMark(msgspec.Struct):
    """Of Grafana's answer, as far as it is read."""

    id: int
    text: str
    tags: list[str] = []


def open_grafana(url: str) -> httpx.Client:
    """Raises: InputError if the address is none."""
    if not url.startswith(("http://", "https://")):
        raise InputError(f"GRAFANA_URL is {url!r}, expected an address such as https://grafana.your.company")
    token = os.environ.get(TOKEN, "")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_SECONDS)


def write_marks(grafana: httpx.Client, marks: Iterable[EventMark]) -> tuple[int, int]:
    """Writes what is new, and the text of what has changed since; how many of each.

    Raises: OutsideError if Grafana does not answer as it should.
    """
    known: dict[str, dict[str, StoredMark]] = {}
    created = changed = 0
    for mark in marks:
        kind, key = mark.tags[0], mark.tags[-1]
        if kind not in known:
            known[kind] = {stored.tags[-1]: stored for stored in list_stored(grafana, kind) if stored.tags}
        body = {"time": mark.time, "timeEnd": mark.time_end, "text": mark.text, "tags": mark.tags}
        stored = known[kind].get(key)
        if stored is None:
            _ask(grafana, "POST", "/api/annotations", json=body)
            created += 1
        elif stored.text != mark.text:
            _ask(grafana, "PUT", f"/api/annotations/{stored.id}", json=body)
            changed += 1
    return created, changed


def list_stored(grafana: httpx.Client, tag: str) -> list[StoredMark]:
    """Raises: OutsideError."""
    answer = _ask(grafana, "GET", "/api/annotations", params={"tags": tag, "limit": MOST_KEPT, "type": "annotation"})
    try:
        return msgspec.json.decode(answer.content, type=list[StoredMark])
    except msgspec.DecodeError as error:
        raise OutsideError(f"Grafana at {grafana.base_url} answered no list of annotations: {error}") from error


def _ask(grafana: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
    try:
        answer = grafana.request(method, path, **more)
    except httpx.HTTPError as error:
        raise OutsideError(f"Grafana at {grafana.base_url} does not answer: {error}") from error
    if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise OutsideError(
            f"Grafana at {grafana.base_url} refused {method} {path} ({answer.status_code}); give in {TOKEN} the "
            "token of a service account that may write annotations",
            answer.status_code,
        )
    if answer.is_error:
        raise OutsideError(f"Grafana answered {method} {path} with {answer.status_code}: {answer.text[:200]}")
    return answer
