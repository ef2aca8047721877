"""Raw bytes to a server and back."""

import contextlib
import json
import re
import socket
from typing import NamedTuple

from tests.app.predictor.running import RunningServer
from tests.patience import LAST_RESORT_SECONDS

Header = tuple[str, str]


class RawAnswer(NamedTuple):
    """One answer off the wire; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Of an error in either shape, in which every error must come."""
        told = json.loads(self.body)
        assert told["request_id"] == self.headers["x-request-id"]
        return str(told["code"] if isinstance(told["error"], str) else told["error"]["code"])


def talk(server: RunningServer, *parts: bytes, ends: bool = False, port: int | None = None) -> bytes:
    """Sends the parts in packets of their own and reads until the server closes; `ends` closes the sending half.

    A server that closes behind its last answer, while more arrives, resets the connection: what came before counts.
    """
    with socket.create_connection(("127.0.0.1", port or server.port), timeout=LAST_RESORT_SECONDS) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BrokenPipeError, OSError if ends else BrokenPipeError):  # closed meanwhile
            for part in parts:
                connection.sendall(part)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        received = b""
        with contextlib.suppress(*([ConnectionResetError] if ends else [])):
            while more := connection.recv(65536):
                received += more
    return received


def receive_answer(connection: socket.socket) -> bytes:
    """One whole answer of a connection that stays open; its head and its body may come in packets of their own."""
    received = b""
    while (end := received.find(b"\r\n\r\n")) < 0 or len(received) < end + 4 + _find_length(received[:end]):
        more = connection.recv(65536)
        assert more, f"the connection ended amid an answer: {received!r}"
        received += more
    return received


def _find_length(head: bytes) -> int:
    found = re.search(rb"\r\ncontent-length: (\d+)", head)
    return int(found[1]) if found else 0


def split_answers(received: bytes) -> list[RawAnswer]:
    """All the answers that stand in a row."""
    answers = []
    while received:
        head, _, rest = received.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        size = int(headers.get("content-length", 0))
        assert len(rest) >= size, "the answer is cut"
        received = rest[size:]
        answers.append(RawAnswer(int(status.split()[1]), headers, rest[:size]))
    return answers


def ask(server: RunningServer, *parts: bytes, ends: bool = False, port: int | None = None) -> RawAnswer:
    """As `talk`, of one answer."""
    (answer,) = split_answers(talk(server, *parts, ends=ends, port=port))
    return answer


def make_head(target: str, *headers: Header, method: str = "POST", last: bool = True) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", "host: x", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, *(["connection: close"] if last else []), "", ""]).encode("latin-1")


def make_request(target: str, body: bytes, *headers: Header, method: str = "POST", last: bool = True) -> bytes:
    length = ("content-length", str(len(body)))
    return make_head(target, *headers, length, method=method, last=last) + body


def make_chunked(target: str, body: bytes, *headers: Header, size: int = 100, trailers: str = "") -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    end = b"0\r\n" + trailers.encode("latin-1") + b"\r\n"
    return make_head(target, *headers, ("transfer-encoding", "chunked")) + chunks + end
