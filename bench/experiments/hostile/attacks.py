"""Connections that send the same hostile request again and again."""

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

ANSWER_SECONDS = 15.0
HELD_BACK_BYTES = 200


@dataclass
class Sent:
    """What became of the requests of one shape."""

    statuses: Counter[str] = field(default_factory=Counter)  # the status, "closed" or "silent" without one
    whole: int = 0  # of them, those that the server took to their last byte


Attack = Callable[[int, bytes, float], tuple[str, bool]]


def send_whole(port: int, request: bytes, until: float) -> tuple[str, bool]:
    """The answer, as `Sent` counts it, and whether all was sent."""
    is_whole = False
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
            connection.settimeout(max(0.1, min(ANSWER_SECONDS, until - time.monotonic() + 5)))
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
                is_whole = True
            return connection.recv(64)[9:12].decode() or "closed", is_whole
    except TimeoutError:
        return "silent", is_whole
    except OSError:
        return "closed", is_whole


def hold_back(port: int, request: bytes, until: float) -> tuple[str, bool]:
    """Sends all but the last bytes, and waits."""
    return send_whole(port, request[:-HELD_BACK_BYTES], until)


def press(attack: Attack, port: int, request: bytes, connections: int, seconds: float) -> Sent:
    """So many connections at once, for so long."""
    sent, lock = Sent(), threading.Lock()
    until = time.monotonic() + seconds

    def run() -> None:
        while time.monotonic() < until:
            status, is_whole = attack(port, request, until)
            with lock:
                sent.statuses[status] += 1
                sent.whole += is_whole

    threads = [threading.Thread(target=run) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sent
