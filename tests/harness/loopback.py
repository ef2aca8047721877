"""Small servers on loopback, in threads of the test's own process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

POLL_SECONDS = 0.02  # how late a server notices that it is to end


class QuietHandler(BaseHTTPRequestHandler):
    """Logs nothing; sends each part of an answer at once: a body would else wait 40 ms until its head is confirmed."""

    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """The test's own output is enough."""


@contextmanager
def serve_until_end(*servers: HTTPServer) -> Iterator[None]:
    """Each in a thread of its own; closed at the end of the block."""
    threads = [threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()
