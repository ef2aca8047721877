"""What was read for a request that is refused is freed with its answer, not at a later collection."""

import asyncio
import gc
import json
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any

import pytest

from app.predictor.application import Application, create_app
from app.predictor.endpoints.base import Endpoint
from app.predictor.endpoints.batch import ROUTE as BATCH
from app.predictor.endpoints.infer import infer_paths
from app.predictor.endpoints.replies import PendingReply
from app.predictor.http.asgi import Message
from app.predictor.http.errors import ApiError
from app.predictor.scoring.model import ServedModel
from app.predictor.settings import read_settings
from contract.bundle import Bundle
from contract.errors import RowError

COLLECTED = (ApiError, RowError, FrameType, TracebackType)


@pytest.fixture(scope="module", autouse=True)
def only_new_objects() -> Iterator[None]:
    """A collection looks at what came since, not at all that the session's other tests left."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="module")
def app(bundle: Bundle) -> Application:
    app = create_app(read_settings())
    app.install_model(ServedModel(bundle, 1))
    return app


async def ask(app: Application, path: str, body: bytes, content_type: bytes) -> int:
    """One request on the ASGI way; its status."""
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": path, "headers": headers, "state": {}}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])


def bad_bodies(row: dict[str, Any], path: str) -> list[tuple[str, bytes, bytes]]:
    many = {"rows": [row] * 2000}
    kind = b"application/json"
    tensor = {"name": "rows", "shape": [3000, 6], "datatype": "FP64", "data": [-5.0] * 18_000}
    large = json.dumps(many).encode()
    return [
        ("/v1/predict", b"{}", kind),
        ("/v1/predict", b"[[", kind),
        ("/v1/predict", large[:-2], kind),
        ("/v1/predict", large[:-2] + b",{}]}", kind),
        ("/v1/predict", large[:20_000], kind),
        ("/v1/predict", json.dumps({"rows": [row] * 10_001}).encode(), kind),
        ("/v1/predict", large, b"text/plain"),
        ("/v1/explain", b'{"a":1}', kind),
        ("/v1/sweep", b'{"a":1}', kind),
        ("/v1/feedback", b'{"feedback":[1,2]}', kind),
        (path, json.dumps({"inputs": [tensor]}).encode(), kind),
        (path, json.dumps({"inputs": [tensor | {"shape": [3001, 6]}]}).encode(), kind),
        (path, b'{"inputs":[' + b"1," * 500_000 + b"1]}", kind),
        (BATCH, b"a,b\n1,2\n", b"text/csv"),
        (BATCH, b"x" * 1_200_000, b"text/csv"),
        (BATCH, b"", b"application/x-ndjson"),
    ]


def find_garbage(leave: Any) -> list[Any]:
    """What only a collection frees of what `leave` did."""
    gc.collect()
    gc.disable()
    try:
        leave()
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        return [one for one in gc.garbage if isinstance(one, COLLECTED)]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("index", range(16))
def test_a_refusal_leaves_no_circle(app: Application, bundle: Bundle, row: dict[str, Any], index: int) -> None:
    path, body, kind = bad_bodies(row, infer_paths(bundle.manifest)[0])[index]

    async def run() -> list[Any]:
        assert await ask(app, path, body, kind) >= 400
        loop = asyncio.get_running_loop()
        told: list[Any] = []

        def leave() -> None:
            # the loop goes on in a thread of its own, so that nothing of the test's stands in what is collected
            done = asyncio.run_coroutine_threadsafe(ask(app, path, body, kind), other)
            assert done.result(20) >= 400

        other = asyncio.new_event_loop()
        thread = asyncio.to_thread(other.run_forever)
        task = asyncio.create_task(thread)
        told = await loop.run_in_executor(None, find_garbage, leave)
        other.call_soon_threadsafe(other.stop)
        await task
        other.close()
        return told

    assert asyncio.run(run()) == []


@pytest.mark.parametrize("index", range(6))
def test_a_refusal_on_the_direct_way_leaves_no_circle(
    app: Application, bundle: Bundle, row: dict[str, Any], index: int
) -> None:
    path, body, kind = bad_bodies(row, infer_paths(bundle.manifest)[0])[index]
    endpoint = app.fast[path]
    assert isinstance(endpoint, Endpoint)

    def leave() -> None:
        async def answer() -> None:
            found = endpoint.answer_now([(b"content-type", kind)], body, b"")
            if isinstance(found, PendingReply):
                sent: list[Message] = []

                async def send(message: Message) -> None:
                    sent.append(message)

                await endpoint.finish(found, send)
                assert sent[0]["status"] >= 400
            else:
                assert isinstance(found, bytes)
                assert b" 4" in found[:12]

        asyncio.run(answer())

    assert find_garbage(leave) == []
