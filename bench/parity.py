"""Before anything is timed: every system must answer the bundle's own scores."""

import http.client
from collections.abc import Sequence

import msgspec

from bench.errors import UnfitSystemError
from bench.model import Rows, ServedModel
from bench.protocols import Protocol
from bench.servers import Server

TOLERANCE = 1e-5
SINGLE_ROWS = 50  # sent one by one; every row of the batch is compared as well


def check_parity(server: Server, model: ServedModel) -> float:
    """The largest difference found, 0 for a ceiling.

    Raises: UnfitSystemError if an answer is no 200 or differs by more than TOLERANCE, or another engine answers.
    """
    if server.system.engine:
        _check_engine(server)
    singles = [model.rows.take(index, index + 1) for index in range(SINGLE_ROWS)]
    requests = [(server.system.row, rows) for rows in singles]
    requests += [(batch, model.rows) for batch in server.system.batches.values()]
    return max(_compare(server, model, protocol, rows) for protocol, rows in requests)


def _check_engine(server: Server) -> None:
    try:
        found = msgspec.json.decode(server.ask("/v1/model", None).body)["engine"]
    except (OSError, http.client.HTTPException, msgspec.DecodeError, KeyError) as error:
        raise server.failure(f"does not say on /v1/model which engine answers: {error!r}") from error
    if found != server.system.engine:
        raise server.failure(f"answers single rows by {found}, expected {server.system.engine}: make the bundle anew")


def _compare(server: Server, model: ServedModel, protocol: Protocol, rows: Rows) -> float:
    found = ask_scores(server, model, protocol, rows)
    if found is None:
        return 0.0
    if len(found) != len(rows):
        raise server.failure(f"answered {len(found)} scores on {protocol.path}, expected {len(rows)}")
    worst = max(abs(actual - expected) for actual, expected in zip(found, rows.scores, strict=True))
    if not worst <= TOLERANCE:
        raise server.failure(
            f"differs by {worst:.2g} from the bundle's scores on {protocol.path}, expected {TOLERANCE}"
        )
    return float(worst)


def ask_scores(server: Server, model: ServedModel, protocol: Protocol, rows: Rows) -> Sequence[float] | None:
    """Calibrated scores, None from a ceiling.

    Raises: UnfitSystemError if the answer is no 200 or not what the protocol says.
    """
    try:
        answer = server.ask(protocol.path, protocol.encode(rows))
    except (OSError, http.client.HTTPException) as error:
        raise server.failure(f"broke the connection on {protocol.path}: {error}") from error
    if answer.status != http.client.OK:
        raise server.failure(f"answered {answer.status} on {protocol.path}: {answer.body[:300]!r}")
    if protocol.read_scores is None:
        return None
    try:
        scores = protocol.read_scores(answer.body)
    except (msgspec.DecodeError, KeyError, IndexError, TypeError) as error:
        raise UnfitSystemError(f"{server.system.title} answered {answer.body[:300]!r} on {protocol.path}") from error
    return scores if protocol.calibrated else model.calibrate(scores)
