"""Grafana's API of annotations, as far as it is used; Grafana itself cannot run where the tests do."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "glsa_of-a-test"


class FakeGrafana(ThreadingHTTPServer):
    """Keeps what is written; `calls` are the methods and paths, in their order."""

    def __init__(self) -> None:
        self.stored: list[dict[str, Any]] = []
        self.calls: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: FakeGrafana

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        tags = parse_qs(urlsplit(self.path).query).get("tags", [])
        self._answer([mark for mark in self.server.stored if set(tags) <= set(mark["tags"])])

    def do_POST(self) -> None:
        self.server.stored.append({"id": len(self.server.stored) + 1, **self._read()})
        self._answer({"message": "Annotation added"})

    def do_PUT(self) -> None:
        mark = self.server.stored[int(self.path.rpartition("/")[2]) - 1]
        mark |= self._read()
        self._answer({"message": "Annotation updated"})

    def _read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def _answer(self, body: object) -> None:
        self.server.calls.append(f"{self.command} {urlsplit(self.path).path}")
        is_allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        content = json.dumps(body if is_allowed else {"message": "Unauthorized"}).encode()
        self.send_response(200 if is_allowed else 401)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def start_grafana() -> Iterator[FakeGrafana]:
    server = FakeGrafana()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
