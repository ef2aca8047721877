"""What each feature of the predictor's path costs one row: the whole path, and the same with one feature left out.

Runs in the predictor's own environment, without a socket: `python -m bench.path_costs --bundle DIR`.
"""

import argparse
import asyncio
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from itertools import cycle, islice
from pathlib import Path
from statistics import quantiles
from time import monotonic, thread_time
from typing import Any
from unittest.mock import patch

import msgspec

from app.monitor.load.rows import mix_rows
from app.predictor.application import Application, create_app
from app.predictor.endpoints import base, predict
from app.predictor.endpoints.base import Endpoint
from app.predictor.logs import configure_logs
from app.predictor.prediction_log.files import LogFiles
from app.predictor.prediction_log.log import PredictionLog
from app.predictor.scoring.loading import Loading
from app.predictor.scoring.model import ServedModel, load_model
from app.predictor.server.server import Server
from app.predictor.settings import read_settings

ROWS = 1024  # different ones: the processor learns the way of a few dozen through the trees by heart
CONNECTIONS = 16  # that send in the same iteration of the event loop
ITERATIONS = 8  # in one timing
COMMON = b"date: Sat, 21 Nov 2026 00:00:00 GMT\r\n"
HEADERS = [(b"host", b"bench"), (b"content-type", b"application/json"), (b"content-length", b"120")]

WHOLE = "everything on"
# what is put on top of the whole
LOGGED = "+ a log line for each request, off by default"  # a failed or slow request always has one
RECORDED = "+ a line in the prediction log for each row, off by default"  # the writing thread's time is not in it
HTTP = "+ HTTP: parsing the request, writing the answer"

ON_TOP = (HTTP, LOGGED, RECORDED)
LOG_BYTES = 16 * 1024 * 1024

Patch = tuple[Any, str, Any]


class Discard(asyncio.Transport):
    """A connection whose other end takes everything."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    def is_closing(self) -> bool:
        return False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass


def _nothing(*given: object) -> None:
    pass


@contextmanager
def open_log(model: ServedModel) -> Iterator[PredictionLog]:
    """A prediction log of every row in a folder that is removed at the end."""
    with tempfile.TemporaryDirectory() as folder:
        log = PredictionLog(LogFiles(Path(folder), LOG_BYTES, 3600))
        log.begin(model.manifest)
        try:
            yield log
        finally:
            log.close()


def list_variants(
    served: Endpoint, model: ServedModel, bodies: list[bytes], log: PredictionLog
) -> dict[str, list[Patch]]:
    """What is put in place of each feature so that it costs nothing; what follows still gets the rows' own values.

    A row that is always the same would teach the processor the model's branches: the call takes half the time then.
    """
    predictor: predict.Predictor = served.respond.__self__  # type: ignore[attr-defined]
    reader = predictor.reader
    plain = msgspec.defstruct(
        "Plain",
        [(f"f{i}", Any) for i in range(len(model.names))],
        rename={f"f{i}": name for i, name in enumerate(model.names)},
        gc=False,
    )
    decode, to_tuple = msgspec.json.Decoder(plain).decode, msgspec.structs.astuple
    decoded = cycle([reader.read_row(body) for body in bodies])
    quiet = type("Quiet", (), {"observe": staticmethod(_nothing)})()
    no_batch: Patch = (reader, "is_batch", lambda body: False)
    variants: dict[str, list[Patch]] = {
        WHOLE: [],
        "the model's call": [(model.engine, "compute_margins", lambda vectors: [-3.0] * len(vectors))],
        "validation: types, ranges, names": [(reader, "read_row", lambda body: to_tuple(decode(body))), no_batch],
        "decoding and validation": [(reader, "read_row", lambda body: next(decoded)), no_batch],
        "drift bins": [(model.traffic, "count_row", _nothing)],
        "metrics: duration histogram": [(served, "_success", quiet)],
        "request id": [(served, "_choose_id", lambda given: "0123456789ab-1")],
        "limits: concurrency, size, media type": [
            (served, "_admit", _nothing),
            (base, "check_size", _nothing),
            (predict, "check_json", _nothing),
        ],
        RECORDED: [(predictor, "_log", log)],
        LOGGED: [(served, "_slow_seconds", 0.0)],
    }
    if model.plan.derivation is not None:
        derived = cycle([derive_row(model, body) for body in bodies])
        variants["derived features"] = [(model._usual_row, "_derive", lambda given, space: next(derived))]
    return variants


def derive_row(model: ServedModel, body: bytes) -> Mapping[str, float]:
    assert model.plan.derivation is not None  # noqa: S101 - the caller has looked
    codes = model.plan.encode_table({name: [value] for name, value in msgspec.json.decode(body).items()})
    return model.plan.derivation({name: float(column[0]) for name, column in codes.items()}, math)


@contextmanager
def patched(patches: list[Patch]) -> Iterator[None]:
    with ExitStack() as stack:
        for target, name, value in patches:
            stack.enter_context(patch.object(target, name, value))
        yield


def cycle_iterations(given: list[bytes]) -> Iterator[list[bytes]]:
    """What CONNECTIONS clients send at once, again and again."""
    return cycle([given[start : start + CONNECTIONS] for start in range(0, len(given), CONNECTIONS)])


def time_iterations(answer: Callable[[list[bytes]], object], iterations: Iterator[list[bytes]]) -> float:
    """Microseconds of processor time for one row, over ITERATIONS iterations: a busy neighbour lengthens it less."""
    rows = 0
    start = thread_time()
    for iteration in islice(iterations, ITERATIONS):
        answer(iteration)
        rows += len(iteration)
    return (thread_time() - start) / rows * 1e6


def open_connections(application: Application, loop: asyncio.AbstractEventLoop) -> Callable[[list[bytes]], None]:
    """Keep-alive connections of the real server, fed with one whole request each and then served."""
    server = Server(application, Loading())  # its model is installed already
    server.config.load()
    protocol: Any = server.config.http_protocol_class
    made = [
        protocol(config=server.config, server_state=server.server_state, app_state={}, _loop=loop)
        for _ in range(CONNECTIONS)
    ]
    for connection in made:
        connection.connection_made(Discard())

    def feed(requests: list[bytes]) -> None:
        for connection, data in zip(made, requests, strict=False):
            connection.data_received(data)
        made[0].micro_batcher.serve()

    return feed


def format_request(body: bytes) -> bytes:
    head = (
        f"POST {predict.ROUTE} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def answer_rows(served: Endpoint, model: ServedModel, bodies: list[bytes]) -> list[bytes]:
    """The whole responses to requests of one row each that come in the same iteration."""
    pending: list[Any] = [served.answer_now(HEADERS, body, COMMON) for body in bodies]
    margins = model.engine.compute_margins([one.unscored.vector for one in pending])
    return [served.finish_row(one, margin, COMMON) for one, margin in zip(pending, margins, strict=True)]


def measure_costs(application: Application, model: ServedModel, seconds: float) -> dict[str, float]:
    """Microseconds by feature over interleaved rounds: what leaving it out saves, WHOLE as it is."""
    served = application.direct[predict.ROUTE.encode()]
    bodies = [msgspec.json.encode(row) for row in mix_rows([entry.row for entry in model.manifest.golden], ROWS)]
    iterations, requests = cycle_iterations(bodies), cycle_iterations([format_request(body) for body in bodies])
    rounds: list[dict[str, float]] = []
    end = monotonic() + seconds
    with closing(asyncio.new_event_loop()) as loop, open_log(model) as log:
        variants = list_variants(served, model, bodies, log)
        feed = open_connections(application, loop)
        while monotonic() < end:
            found = {}
            for name, patches in variants.items():
                with patched(patches):
                    found[name] = time_iterations(lambda iteration: answer_rows(served, model, iteration), iterations)
            found[HTTP] = time_iterations(feed, requests)
            rounds.append(found)
    return summarise_rounds(rounds)


def summarise_rounds(rounds: list[dict[str, float]]) -> dict[str, float]:
    """The whole path, then how far each variant is from it, the dearest first; each by its lowest decile.

    What a busy neighbour does to a timing only ever lengthens it, so the low end is nearest the truth.
    """
    low = {name: quantiles((one[name] for one in rounds), n=10, method="inclusive")[0] for name in rounds[0]}
    saved = {name: low[WHOLE] - value for name, value in low.items() if name not in (WHOLE, *ON_TOP)}
    costs = {WHOLE: low[WHOLE], **dict(sorted(saved.items(), key=lambda item: -item[1]))}
    return costs | {name: low[name] - low[WHOLE] for name in ON_TOP}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=8.0)
    given = parser.parse_args()
    with open(os.devnull, "w") as nowhere:
        configure_logs("info").setStream(nowhere)
        settings = read_settings(bundle=given.bundle)
        model = load_model(given.bundle, 1, settings.parity_rows)  # with the engine that serves by default
        if model.engine.name != "onnxruntime":
            sys.exit(f"bundle {given.bundle} is served by {model.engine.name}, expected onnxruntime: make it anew")
        application = create_app(settings)
        application.install_model(model)
        costs = measure_costs(application, model, given.seconds)
    json.dump(costs, sys.stdout)


if __name__ == "__main__":
    main()
