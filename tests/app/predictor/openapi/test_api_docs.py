"""docs/api.md: every example is sent to a real server, and answered in the shape that is shown."""

import json
import re
from typing import Any

import httpx
import pytest

from app.predictor.http import errors
from tests.app.predictor.running import ROOT

TEXT = (ROOT / "docs/api.md").read_text()
EXAMPLES = re.findall(r"```http\n(.*?)```\n\n```json\n(.*?)```", TEXT, re.DOTALL)


def shape_of(value: Any) -> Any:
    """Names and types; a list is as its first item, a whole number is a number."""
    if isinstance(value, dict):
        return {name: shape_of(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape_of(value[0])] if value else []
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def send(client: httpx.Client, request: str) -> httpx.Response:
    head, _, body = request.partition("\n\n")
    first, *lines = head.splitlines()
    method, path = first.split()
    headers = dict(line.split(": ", 1) for line in lines)
    return client.request(method, path, headers=headers, content=body.strip().encode())


def take_receipt(client: httpx.Client, row: dict[str, Any]) -> str:
    answer = client.post("/v1/predict", json=row, headers={"x-lathe-receipt": "1"})
    return str(answer.json()["predictions"][0]["receipt"])


def test_the_page_has_an_example_of_every_asking_route() -> None:
    asked = {request.split()[1] for request, _ in EXAMPLES}
    assert asked == {"/v1/predict", "/v1/explain", "/v1/sweep", "/v1/batch", "/v1/feedback"}


@pytest.mark.parametrize(("request_text", "shown"), EXAMPLES, ids=[e[0].split("\n")[0] for e in EXAMPLES])
def test_an_example_is_answered_as_shown(
    client: httpx.Client, row: dict[str, Any], request_text: str, shown: str
) -> None:
    answer = send(client, request_text.replace("RECEIPT", take_receipt(client, row)))
    assert answer.status_code == httpx.codes.OK, answer.text
    found = [shape_of(json.loads(line)) for line in answer.text.splitlines()]
    assert found == [shape_of(json.loads(line)) for line in shown.splitlines()]


def test_messages_and_decisions_of_the_examples_are_real(client: httpx.Client, row: dict[str, Any]) -> None:
    for request, shown in EXAMPLES:
        lines = send(client, request.replace("RECEIPT", take_receipt(client, row))).text.splitlines()
        for line, expected in zip(lines, shown.splitlines(), strict=True):
            for name in ("error", "carried", "decision", "unit", "column"):
                if name in json.loads(expected):
                    assert json.loads(line)[name] == json.loads(expected)[name]


def test_every_code_in_the_tables_exists() -> None:
    codes = re.findall(r"^\| `([a-z_]+)` \| \d{3} \|", TEXT, re.MULTILINE)
    assert len(codes) == 8
    assert set(codes) <= set(errors.CODES)
