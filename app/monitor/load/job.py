"""One load test: ask the predictor what it serves, send rows at a rate, judge the replies, write the page."""

import asyncio
import os
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec

from app.monitor.load.judgement import OK, LoadJudgement, judge_replies
from app.monitor.load.open_loop import OpenLoop, Reply, format_request
from app.monitor.load.page import render_page
from app.monitor.load.rows import MIXED_ROWS, Row, mix_rows, read_rows
from app.monitor.rules.objectives import load_objectives
from cli.errors import InputError, OutsideError
from cli.files import write_file
from contract.schema import GoldenRow, ModelSchema

KEY = "LATHE_API_KEY"
MODEL_ROUTE = "/v1/model"
WAIT_SECONDS = 10.0
MOST_REQUESTS = 2_000_000


class ModelCard(msgspec.Struct):
    """What of the model card a load needs."""

    name: str
    version: str
    schema: ModelSchema
    golden: tuple[GoldenRow, ...]


@dataclass(frozen=True)
class LoadRequest:
    """`data` is a CSV of rows; without it rows are mixed from the model's golden ones."""

    url: str
    rate: float
    seconds: float
    data: Path | None
    objectives: Path
    out: Path


def run_load(request: LoadRequest) -> LoadJudgement:
    """Writes `load.json` and `index.html` into the folder `out`.

    Raises: InputError, OutsideError if the predictor does not answer a row before the load.
    """
    objectives = load_objectives(request.objectives)
    if not 1 <= request.rate * request.seconds <= MOST_REQUESTS:
        raise InputError(
            f"RATE {request.rate:g} and SECONDS {request.seconds:g} make {request.rate * request.seconds:,.0f} "
            f"requests, expected 1 to {MOST_REQUESTS:,}"
        )
    latency = objectives.latency
    card = read_card(request.url)
    rows = choose_rows(card, request.data)
    replies = send_rows(request, latency.route, rows)
    judgement = judge_replies(replies, objectives.availability.ratio, latency.seconds, latency.ratio)
    page = render_page(request.url, request.rate, replies, judgement, latency.seconds)
    write_file(request.out / "index.html", page.encode())
    write_file(request.out / "load.json", msgspec.json.format(msgspec.json.encode(judgement), indent=2))
    return judgement


def list_headers() -> dict[str, str]:
    """With the API key from the environment, if there is one."""
    key = os.environ.get(KEY, "")
    if not key.isprintable():
        raise InputError(f"{KEY} has characters that no header may have, expected an API key")
    return {"x-api-key": key} if key else {}


def read_card(url: str) -> ModelCard:
    """Raises: InputError, OutsideError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"URL is {url!r}, expected an address such as http://127.0.0.1:8080")
    address = url.rstrip("/") + MODEL_ROUTE
    try:
        answer = httpx.get(address, headers=list_headers(), timeout=WAIT_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OutsideError(f"{address} does not answer: {error or type(error).__name__}") from error
    if answer.status_code != OK:
        raise OutsideError(f"{address} answered {answer.status_code}, expected {OK}", answer.status_code)
    try:
        return msgspec.json.decode(answer.content, type=ModelCard)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OutsideError(f"{address} answered something else than a model card: {error}") from error


def choose_rows(card: ModelCard, data: Path | None) -> list[Row]:
    """Raises: InputError."""
    if data is not None:
        return read_rows(data, card.schema.columns)
    if not card.golden:
        raise InputError(f"{card.name} {card.version} has no golden rows; name a CSV of rows by DATA=")
    return mix_rows([entry.row for entry in card.golden], MIXED_ROWS)


def send_rows(request: LoadRequest, route: str, rows: list[Row]) -> list[Reply]:
    """The replies, in the order of their ends; one row is tried before the load.

    Raises: OutsideError.
    """
    parts = urlsplit(request.url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    path = parts.path.rstrip("/") + route
    lines = [f"{name}: {value}" for name, value in list_headers().items()]
    bodies = [msgspec.json.encode(row) for row in rows]
    try_row(request.url.rstrip("/") + route, bodies[0])
    requests = [format_request(path, body, parts.netloc.rpartition("@")[2], lines) for body in bodies]
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    return run_quickly(OpenLoop(port, *requests, host=host, tls=tls).run(request.rate, request.seconds))


def try_row(address: str, body: bytes) -> None:
    """Raises: OutsideError unless the row is answered."""
    headers = {**list_headers(), "content-type": "application/json"}
    try:
        answer = httpx.post(address, content=body, headers=headers, timeout=WAIT_SECONDS)
    except httpx.HTTPError as error:
        raise OutsideError(f"{address} does not answer: {error or type(error).__name__}") from error
    if answer.status_code != OK:
        raise OutsideError(
            f"{address} answered the first row with {answer.status_code}: {answer.text[:200]}", answer.status_code
        )


def run_quickly(work: Coroutine[Any, Any, list[Reply]]) -> list[Reply]:
    """On uvloop where it is there, so that the load generator is the last to be full."""
    try:
        import uvloop  # noqa: PLC0415 - not on every system
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)
