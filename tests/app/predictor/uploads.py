"""Uploads to /v1/batch and their answers, for the tests of it."""

import csv
import io
import json
from typing import Any

import httpx

from training.data.table import Table

ROUTE = "/v1/batch"
CSV, NDJSON = "text/csv", "application/x-ndjson"


def list_rows(table: Table) -> list[dict[str, Any]]:
    """The table's rows as a client sends them."""
    columns = {name: values.tolist() for name, values in table.inputs.items()}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def to_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def upload(client: httpx.Client, body: str | bytes, content_type: str = CSV, **headers: str) -> httpx.Response:
    content = body.encode() if isinstance(body, str) else body
    return client.post(ROUTE, content=content, headers={"content-type": content_type, **headers})


def read_lines(answer: httpx.Response) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows' lines and the summary."""
    assert answer.status_code == httpx.codes.OK, answer.text
    *lines, last = [json.loads(line) for line in answer.content.splitlines()]
    return lines, last["summary"]


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("field")
