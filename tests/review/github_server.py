"""A local stand-in for GitHub's API: `python -m tests.review.github_server --port N --state FILE`.

The state file holds what github_state.DEFAULTS names, all optional. `GET /_record` gives every request, write and
violation since the start; `POST /_state` adds to the state while it runs. Downloads are redirected to a second port,
which must never be told the token.
"""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.harness.loopback import QuietHandler, serve_until_end
from tests.review.github_answers import Answer, Request, refuse
from tests.review.github_releases import UPLOADS, leave_starter
from tests.review.github_routes import answer_request, find_upload
from tests.review.github_state import Plant, State

API_VERSION = "2022-11-28"
ACCEPTED = {"application/vnd.github+json", "application/octet-stream"}
MAX_PAGE, DEFAULT_PAGE = 100, 30
HANG_SECONDS = 30
HANGING = threading.Event()  # never set: a client is to be killed while it waits


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler], state: State, blob_host: str = "") -> None:
        super().__init__(("127.0.0.1", port), handler)
        self.state, self.blob_host = state, blob_host

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news; anything else is a mistake of this server's, for the test to see."""
        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError):
            self.state.violations.append(f"the server failed: {error!r}")


class Handler(QuietHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def send(self, status: int, content: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class BlobHandler(Handler):
    """Where assets and artifacts lie. As Azure's, it refuses a token that is not its own."""

    def do_GET(self) -> None:
        state, name = self.server.state, urlsplit(self.path).path.removeprefix("/")
        if "authorization" in self.headers:
            state.violations.append(f"the token was sent to the host of {name}")
            return self.send(400, b"<Error>InvalidAuthenticationInfo</Error>")
        content = state.read_content(name)
        return self.send(404) if content is None else self.send(200, content)


class ApiHandler(Handler):
    def do_GET(self) -> None:
        if self.path == "/_record":
            return self.send(200, self.server.state.write_record())
        return self.serve()

    def do_POST(self) -> None:
        if self.path == "/_state":
            self.server.state.merge(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            return self.send(204)
        return self.serve()

    def do_PATCH(self) -> None:
        self.serve()

    def do_DELETE(self) -> None:
        self.serve()

    def serve(self) -> None:
        state, parts = self.server.state, urlsplit(self.path)
        length = int(self.headers.get("content-length", 0))
        content = self.rfile.read(length)
        with state.lock:
            state.requests.append(f"{self.command} {self.path}")
        plant = state.take_plant(self.command, self.path)
        if len(content) < length or (plant and plant.starter):
            self.leave_starter(parts.path, dict(parse_qsl(parts.query)))
        if len(content) < length:
            self.close_connection = True
            return None
        if plant and not plant.gate and plant.hang != "after":
            return self.fail(plant)
        query = dict(parse_qsl(parts.query))
        with state.lock:
            answer = self.refuse_form(content) or self.answer(parts.path, query, content)
        if plant and plant.gate:
            plant.gate.wait()  # each has its answer before any of them is sent, and nobody can act on one meanwhile
        return self.fail(plant) if plant and plant.hang else self.reply(answer, parts.path, query)

    def leave_starter(self, path: str, query: dict[str, str]) -> None:
        request = Request(self.command, query, None, "write", "")
        with self.server.state.lock:
            if find_upload(self.server.state, path, request):
                leave_starter(self.server.state, request)

    def fail(self, plant: Plant) -> None:
        if plant.hang:
            HANGING.wait(HANG_SECONDS)
        if plant.cut or plant.hang:
            self.close_connection = True
            self.connection.close()
            return
        body = json.dumps({"message": plant.message}) if plant.content is None else plant.content
        self.send(plant.status or 500, body.encode(), plant.headers)

    def refuse_form(self, content: bytes) -> Answer | None:
        """What GitHub refuses before it looks at the path, and what only we insist on, as violations."""
        state, headers = self.server.state, self.headers
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or token not in state.data["tokens"]:
            return refuse(401, "Bad credentials")
        if not headers.get("user-agent"):
            return refuse(403, "Request forbidden by administrative rules.")
        if headers.get("accept") not in ACCEPTED:
            state.violations.append(f"{self.command} {self.path} accepts {headers.get('accept')!r}")
        if headers.get("x-github-api-version") != API_VERSION:
            state.violations.append(f"{self.command} {self.path} names no API version")
        if self.path.startswith(UPLOADS):
            return None if headers.get("content-type") else refuse(400, "Content-Type is missing")
        if self.command in {"POST", "PATCH"} and not self.is_json(content):
            return refuse(400, "Problems parsing JSON")
        return None

    def is_json(self, content: bytes) -> bool:
        try:
            return isinstance(json.loads(content), dict) and self.headers.get_content_type() == "application/json"
        except ValueError:
            return False

    def answer(self, path: str, query: dict[str, str], content: bytes) -> Answer:
        state, is_upload = self.server.state, self.path.startswith(UPLOADS)
        body = json.loads(content) if content and not is_upload else None
        role = state.data["tokens"][self.headers["authorization"].partition(" ")[2]]
        hosts, accept = (self.server.blob_host, self.server.address), self.headers.get("accept", "")
        answer = answer_request(state, path, Request(self.command, query, body, role, *hosts, accept, content))
        if self.command != "GET":
            state.writes.append({"method": self.command, "path": path, "body": body, "status": answer.status})
        return answer

    def reply(self, answer: Answer, path: str, query: dict[str, str]) -> None:
        headers, body = dict(answer.headers), answer.body
        if answer.is_list:
            body, links = take_page(body, f"{self.server.address}{path}", query)
            headers |= {"Link": links} if links else {}
            if answer.key:
                body = {"total_count": len(answer.body), answer.key: body}
        content = b"" if body is None else json.dumps(body).encode()
        self.send(answer.status, content, {"Content-Type": "application/json; charset=utf-8", **headers})


def take_page(items: list[Any], address: str, query: dict[str, str]) -> tuple[list[Any], str]:
    """One page and its Link header, as GitHub writes it."""
    size = min(int(query.get("per_page", DEFAULT_PAGE)), MAX_PAGE)
    page, last = int(query.get("page", 1)), max(-(-len(items) // size), 1)
    names = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
    if page >= last:
        names = {name: names[name] for name in ("prev", "first")}
    if page == 1:
        names = {name: number for name, number in names.items() if name in {"next", "last"}}
    links = [f'<{address}?{urlencode({**query, "page": number})}>; rel="{name}"' for name, number in names.items()]
    return items[(page - 1) * size : page * size], ", ".join(links)


@contextmanager
def run_server(given: dict[str, Any], port: int = 0, blob_port: int = 0) -> Iterator[tuple[Server, State]]:
    """Both hosts in threads of this process, until the block ends."""
    state = State(given)
    blobs = Server(blob_port, BlobHandler, state)
    api = Server(port, ApiHandler, state, blobs.address)
    with serve_until_end(blobs, api):
        yield api, state


def main() -> None:
    parser = argparse.ArgumentParser(description="A local stand-in for GitHub's API.")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument("--blob-port", type=int, default=0, help="of the host that downloads are redirected to")
    parser.add_argument("--state", type=Path, help="JSON, see github_state.DEFAULTS")
    parser.add_argument("--record", type=Path, help="where the record goes at the end")
    options = parser.parse_args()
    given = json.loads(options.state.read_bytes()) if options.state else {}
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    with run_server(given, options.port, options.blob_port) as (server, state):
        print(f"GITHUB_API_URL={server.address}", flush=True)
        stop.wait()
    if options.record:
        options.record.write_bytes(state.write_record())


if __name__ == "__main__":
    main()
