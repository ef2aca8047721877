"""What the fakes share: JSON over HTTP on loopback, ended with the block that started it."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Request(NamedTuple):
    """`path` is without its query; `token` is what stands behind Bearer."""

    method: str
    path: str
    query: str
    body: Any
    token: str


class Answer(NamedTuple):
    """What is sent back; text goes as it is, all else as JSON."""

    status: int
    body: Any


def explain(status: int, code: str, message: str) -> Answer:
    """An error as Google's services write it."""
    return Answer(status, {"error": {"code": status, "message": message, "status": code}})


def make_server(answer: Callable[[Request], Answer], port: int = 0) -> ThreadingHTTPServer:
    """On loopback alone; port 0 takes a free one."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            path, _, query = self.path.partition("?")
            token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
            found = answer(Request(self.command, path, query, json.loads(raw) if raw else None, token))
            is_text = isinstance(found.body, str)
            sent = found.body.encode() if is_text else json.dumps(found.body).encode()
            self.send_response(found.status)
            self.send_header("Content-Type", "text/plain" if is_text else "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


@contextmanager
def serve(answer: Callable[[Request], Answer]) -> Iterator[str]:
    """The address of a server that answers until the block ends."""
    server = make_server(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
