"""Alertmanager's receiver on a laptop: one line in the terminal for each alert that fires or is over."""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

HOST = "127.0.0.1"
MAX_BYTES = 4 * 1024 * 1024


class ReceivedAlert(msgspec.Struct):
    """Of Alertmanager's webhook, as far as it is shown."""

    status: str
    labels: dict[str, str]
    annotations: dict[str, str] = {}

    def describe(self) -> str:
        name = self.labels.get("alertname", "an alert without a name")
        summary = self.annotations.get("summary", "")
        return f"{name} {'fires' if self.status == 'firing' else 'is over'}: {summary}".removesuffix(": ")


class _Notification(msgspec.Struct):
    alerts: list[ReceivedAlert]


class AlertHandler(BaseHTTPRequestHandler):
    server: "AlertPrinter"

    def log_message(self, *_: Any) -> None:
        """The alert itself is the message."""

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        try:
            found = msgspec.json.decode(self.rfile.read(min(length, MAX_BYTES)), type=_Notification)
        except msgspec.DecodeError as error:
            self.send_error(400, str(error))
            return
        for alert in found.alerts:
            self.server.show(alert.describe())
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


class AlertPrinter(ThreadingHTTPServer):
    """Hands each line to `show`; a context manager that listens on any free port."""

    daemon_threads = True

    def __init__(self, show: Callable[[str], None]) -> None:
        self.show = show
        super().__init__((HOST, 0), AlertHandler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_port}/"

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, name="alerts", daemon=True).start()
