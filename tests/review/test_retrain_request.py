"""A dispatch may come from anybody with a token: two fields of a closed form, or nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.errors import CommandError, RefusedError
from review.retrain_request import read_request

PAYLOAD = {"reason": "drift", "fingerprint": "0123456789abcdef"}


def write_event(folder: Path, payload: Any, **changes: Any) -> Path:
    path = folder / "event.json"
    path.write_text(json.dumps({"action": "retrain", "client_payload": payload, "sender": {}, **changes}))
    return path


@pytest.mark.parametrize("reason", ["drift", "quality", "missing-values", "score-drift"])
def test_a_known_reason_is_taken_with_its_alert(tmp_path: Path, reason: str) -> None:
    request = read_request("repository_dispatch", write_event(tmp_path, {**PAYLOAD, "reason": reason}))
    assert (request.reason, request.fingerprint) == (reason, "0123456789abcdef")
    assert request.describe() == f"Requested by an alert: {reason}, fingerprint `0123456789abcdef`."


@pytest.mark.parametrize(("name", "reason"), [("schedule", "the schedule"), ("workflow_dispatch", "hand")])
def test_a_schedule_and_a_person_need_no_alert(name: str, reason: str) -> None:
    assert read_request(name, None).describe() == f"Requested by {reason}."


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "drift",
        {},
        {"reason": "drift"},
        {**PAYLOAD, "reason": "because"},
        {**PAYLOAD, "reason": "drift\n"},
        {**PAYLOAD, "reason": ["drift"]},
        {**PAYLOAD, "fingerprint": ""},
        {**PAYLOAD, "fingerprint": "0123456789ABCDEF"},
        {**PAYLOAD, "fingerprint": "0123456789abcde"},
        {**PAYLOAD, "fingerprint": "0123456789abcdef0"},
        {**PAYLOAD, "fingerprint": "0123456789abcdef\n"},
        {**PAYLOAD, "fingerprint": "$(touch /tmp/x)  "},
        {**PAYLOAD, "fingerprint": 1234567890123456},
        {**PAYLOAD, "data": "https://evil.test/rows.csv"},
        {**PAYLOAD, "ref": "refs/heads/evil"},
    ],
)
def test_another_payload_is_refused_in_one_line(tmp_path: Path, payload: Any) -> None:
    with pytest.raises(RefusedError, match="is not of the form") as raised:
        read_request("repository_dispatch", write_event(tmp_path, payload))
    assert "\n" not in str(raised.value)


def test_another_action_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="the event is 'deploy', expected 'retrain'"):
        read_request("repository_dispatch", write_event(tmp_path, PAYLOAD, action="deploy"))


@pytest.mark.parametrize("name", ["push", "pull_request", "repository_dispatch", ""])
def test_another_event_retrains_nothing(name: str) -> None:
    with pytest.raises(RefusedError, match="retrains nothing"):
        read_request(name, None)


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 200_000, b" " * 300_000])
def test_an_event_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "event.json").write_bytes(content)
    with pytest.raises(CommandError):
        read_request("repository_dispatch", tmp_path / "event.json")
