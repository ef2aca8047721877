"""What takes long to refuse is not looked at on the event loop, and not in one go."""

import asyncio
import json
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.predictor.application import Application, create_app
from app.predictor.endpoints import feedback
from app.predictor.endpoints.base import Endpoint
from app.predictor.endpoints.infer import infer_paths
from app.predictor.http.body import LOOP_BODY_BYTES, QUICK_BODY_BYTES, SMALL_BODY_BYTES
from app.predictor.http.errors import ApiError
from app.predictor.scoring.model import ServedModel
from app.predictor.settings import read_settings
from contract.bundle import Bundle
from contract.errors import RowError

TENSOR = b'{"inputs":[{"name":"rows","shape":[%d,6],"datatype":"FP64","data":['


@pytest.fixture(scope="module")
def app(bundle: Bundle) -> Application:
    app = create_app(read_settings())
    app.install_model(ServedModel(bundle, 1))
    return app


def fill(opening: bytes, item: bytes, closing: bytes, size: int) -> bytes:
    return opening + item * ((size - len(opening) - len(closing)) // len(item)) + closing


def ask(app: Application, path: str, body: bytes) -> tuple[object, list[str]]:
    """What the route makes of a body, and the functions of ours that decoded anything on the loop's own thread."""
    endpoint = app.fast[path]
    assert isinstance(endpoint, Endpoint)
    decoders: list[str] = []

    def trace(frame: Any, event: str, given: Any) -> None:
        if event == "c_call" and given.__name__ in ("decode", "loads") and threading.current_thread() is main:
            decoders.append(frame.f_code.co_name)

    async def run() -> object:
        sys.setprofile(trace)
        try:
            reply = endpoint.respond({b"content-type": b"application/json"}, body, "id")
            return await reply if isinstance(reply, Awaitable) else reply
        except (ApiError, RowError) as error:
            return error
        finally:
            sys.setprofile(None)

    main = threading.current_thread()
    return asyncio.run(run()), decoders


HOSTILE: list[Callable[[int], bytes]] = [
    lambda size: fill(TENSOR % 1, b'"",', b'""]}]}', size),
    lambda size: fill(TENSOR % 1, b"[],", b"1]}]}", size),
    lambda size: fill(TENSOR % 1, b"1e-400,", b'"x"]}]}', size),
    lambda size: fill(TENSOR % 1, b"1,", b"1]}]", size),
    lambda size: fill(b'{"inputs":[],"x":[', b"[],", b"[]]}", size),
]


@pytest.mark.parametrize("make", HOSTILE)
def test_a_tensor_that_is_no_usual_one_is_looked_at_once_on_the_loop(
    app: Application, bundle: Bundle, make: Callable[[int], bytes]
) -> None:
    told, decoders = ask(app, infer_paths(bundle.manifest)[0], make(LOOP_BODY_BYTES))
    assert isinstance(told, ApiError | RowError)
    assert len(decoders) <= 2  # the request, and its data


@pytest.mark.parametrize("item", [b"{},", b"[],", b"1e-400,", b'{"receipt":"a","outcome":true},'])
def test_a_large_feedback_is_not_decoded_on_the_loop(app: Application, item: bytes) -> None:
    body = fill(b'{"feedback":[', item, item[:-1] + b"]}", SMALL_BODY_BYTES + 100)
    assert isinstance(ask(app, feedback.ROUTE, body)[0], ApiError | RowError)
    assert ask(app, feedback.ROUTE, body)[1] == []


def test_a_feedback_of_far_too_many_values_is_decoded_nowhere(app: Application) -> None:
    told, decoders = ask(app, feedback.ROUTE, fill(b'{"feedback":[', b"[],", b"[]]}", feedback.MAX_BODY_BYTES))
    assert isinstance(told, RowError)
    assert (told.code, decoders) == ("too_many_rows", [])


@pytest.mark.parametrize("body", [b'{"inputs":[],"outputs":[' + b'{"name":"a"},' * 5000 + b'{"name":"a"}]}'])
def test_a_request_of_far_too_many_objects_is_not_decoded(app: Application, bundle: Bundle, body: bytes) -> None:
    told, decoders = ask(app, infer_paths(bundle.manifest)[0], body)
    assert isinstance(told, ApiError)
    assert (told.code, decoders) == ("body_too_large", [])


def test_a_large_request_with_much_beside_its_data_is_told_so(app: Application, bundle: Bundle) -> None:
    tensor = {"name": "rows", "shape": [1, 6], "datatype": "FP64", "data": [1] * 6}
    body = json.dumps({"inputs": [tensor], "x": [1] * LOOP_BODY_BYTES}).encode()
    told, _ = ask(app, infer_paths(bundle.manifest)[0], body[:-1] + b',"x":1}')
    assert isinstance(told, ApiError | RowError)


REFUSED: list[Callable[[int], bytes]] = [
    lambda size: fill(b"[", b"1e-400,", b"1]", size),
    lambda size: fill(b"[", b"[],", b"[]]", size),
    lambda size: fill(b'{"rows":[', b"{},", b"{}]}", size),
    lambda size: fill(b'{"row":[', b"{},", b"{}]}", size),
    lambda size: fill(b'{"type":"L","type":[', b"[],", b"[]]}", size),
    lambda size: fill(b'{"a":[', b"[],", b'[]],"rows":[{}]}', size),
    lambda size: fill(b'{"inputs":[],"outputs":[', b'{"name":"a"},', b'{"name":"a"}]}', size),
    lambda size: fill(b'{"feedback":[', b"[],", b"[]]}", size),
]


@pytest.mark.parametrize("route", ["/v1/predict", "/v1/explain", "/v1/sweep", "/v1/feedback", "infer"])
@pytest.mark.parametrize("make", REFUSED)
def test_a_small_body_is_decoded_once_on_the_loop_however_it_is_refused(
    app: Application, bundle: Bundle, make: Callable[[int], bytes], route: str
) -> None:
    path = infer_paths(bundle.manifest)[0] if route == "infer" else route
    short, few = ask(app, path, make(QUICK_BODY_BYTES))
    told, decoders = ask(app, path, make(SMALL_BODY_BYTES))
    assert isinstance(told, ApiError | RowError)
    assert isinstance(short, ApiError | RowError)
    assert len(few) < 10
    assert not {"decode_anything", "refuse_repeated_names"} & set(decoders)  # strict ones end at what does not fit
