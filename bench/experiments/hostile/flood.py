"""Very many connections that send the same hostile request in the same moment, and again a second later."""

import contextlib
import resource
import socket
import time
from collections.abc import Iterator

from bench.experiments.hostile.attacks import Sent

ROUND_SECONDS = 1.0
PAUSE_SECONDS = 0.001  # while no connection takes more
OTHER_FILES = 128


@contextlib.contextmanager
def allowing_files(most: int) -> Iterator[None]:
    """This process, and what it starts meanwhile, may open so many files, or as many as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def flood(port: int, request: bytes, connections: int, seconds: float) -> Sent:
    """What became of the requests; each connection is closed with its round, whatever was answered."""
    sent, until = Sent(), time.monotonic() + seconds
    with allowing_files(connections + OTHER_FILES):
        while time.monotonic() < until:
            _flood_once(port, request, connections, time.monotonic() + ROUND_SECONDS, sent)
    return sent


def _flood_once(port: int, request: bytes, connections: int, until: float, sent: Sent) -> None:
    with contextlib.ExitStack() as stack:
        opened = [stack.enter_context(socket.socket()) for _ in range(connections)]
        for one in opened:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        left = dict.fromkeys(opened, memoryview(request))
        while left and time.monotonic() < until:
            before = sum(map(len, left.values()))
            left = {one: rest for one, data in left.items() if (rest := _send(one, data))}
            if sum(map(len, left.values())) == before:
                time.sleep(PAUSE_SECONDS)
        sent.whole += connections - len(left)
        time.sleep(max(0.0, until - time.monotonic()))
        for one in opened:
            sent.statuses[_read_status(one)] += 1


def _send(connection: socket.socket, data: memoryview) -> memoryview:
    """What of the data is still to be sent; nothing to a connection that was closed."""
    try:
        return data[connection.send(data) :]
    except BlockingIOError:
        return data
    except OSError:
        return data[:0]


def _read_status(connection: socket.socket) -> str:
    try:
        return connection.recv(64)[9:12].decode() or "closed"
    except BlockingIOError:
        return "silent"
    except OSError:
        return "closed"
