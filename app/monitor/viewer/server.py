"""A server on loopback: the page, the dashboards' JSON, the marks, and questions that are handed on to Prometheus."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec

from app.monitor.annotations.marks import EventMark, find_marks

HOST = "127.0.0.1"
TIMEOUT_SECONDS = 30.0
# what the page asks; nothing that writes, deletes or shows a configuration
READING = re.compile(r"/api/v1/(?:query|query_range|series|labels|label/[A-Za-z_][A-Za-z0-9_]*/values)")
OWN_HOSTS = {"127.0.0.1", "localhost"}  # a page of elsewhere whose name leads here gets nothing


@dataclass(frozen=True)
class Content:
    """What is served: `page` is the folder of the built page, `dashboards` the text of each by its name."""

    page: Path
    dashboards: Mapping[str, bytes]
    prometheus: httpx.Client
    scrape_interval: str = "15s"
    marks: list[EventMark] = field(default_factory=list)


class _DashboardHead(msgspec.Struct):
    title: str


class ViewerHandler(SimpleHTTPRequestHandler):
    """Answers GET alone."""

    server: "ViewerServer"
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: a body of its own waits until its head is confirmed

    def __init__(self, request: Any, address: Any, server: "ViewerServer") -> None:
        super().__init__(request, address, server, directory=str(server.content.page))

    def log_message(self, *_: Any) -> None:
        """The browser shows what fails."""

    def do_GET(self) -> None:
        content = self.server.content
        address = urlsplit(self.path)
        if self.headers.get("Host", "").rpartition(":")[0] not in OWN_HOSTS:
            self.send_error(HTTPStatus.FORBIDDEN, "this server answers to 127.0.0.1 and localhost alone")
        elif READING.fullmatch(address.path):
            self._hand_on(content)
        elif address.path == "/api/annotations":
            self._answer(HTTPStatus.OK, _answer_marks(content.marks, parse_qs(address.query)))
        elif address.path == "/api/viewer":
            self._answer(HTTPStatus.OK, _describe(content))
        elif address.path.startswith("/dashboards/"):
            name = address.path.removeprefix("/dashboards/").removesuffix(".json")
            text = content.dashboards.get(name)
            self._answer(HTTPStatus.OK if text else HTTPStatus.NOT_FOUND, text or b"{}")
        elif address.path.startswith("/api/"):
            self._answer(HTTPStatus.NOT_FOUND, _explain(f"{address.path} is not handed on, only questions that read"))
        else:
            super().do_GET()

    def do_HEAD(self) -> None:
        self.send_error(HTTPStatus.METHOD_NOT_ALLOWED)

    def _hand_on(self, content: Content) -> None:
        try:
            answer = content.prometheus.get(self.path)
        except httpx.HTTPError as error:
            self._answer(HTTPStatus.BAD_GATEWAY, _explain(describe_silence(content.prometheus, error)))
            return
        self._answer(HTTPStatus(answer.status_code), answer.content)

    def _answer(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


class ViewerServer(ThreadingHTTPServer):
    """Raises OSError if the port is taken; 0 is any that is free."""

    daemon_threads = True

    def __init__(self, content: Content, port: int = 0) -> None:
        self.content = content
        super().__init__((HOST, port), ViewerHandler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}"


def describe_silence(prometheus: httpx.Client, error: Exception) -> str:
    return f"Prometheus at {prometheus.base_url} does not answer: {error}"


def _explain(text: str) -> bytes:
    return msgspec.json.encode({"status": "error", "errorType": "unavailable", "error": text})


def _describe(content: Content) -> bytes:
    titles = {name: msgspec.json.decode(text, type=_DashboardHead).title for name, text in content.dashboards.items()}
    listed = [{"name": name, "title": title} for name, title in titles.items()]
    return msgspec.json.encode({"dashboards": listed, "scrapeInterval": content.scrape_interval})


def _answer_marks(marks: list[EventMark], query: dict[str, list[str]]) -> bytes:
    start, end, limit = (int(query[name][0]) if name in query else None for name in ("from", "to", "limit"))
    any_tag = query.get("matchAny") == ["true"]
    found = find_marks(marks, query.get("tags", []), limit or 100, start, end, any_tag=any_tag)
    return msgspec.json.encode(found)
