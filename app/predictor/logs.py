"""Log lines: one JSON object each, on standard error."""

import logging
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec

LOGGER = "lathe.predictor"


class JsonFormatter(logging.Formatter):
    """Message and fields as JSON, which also escapes line breaks: an input cannot forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0]:
            line["exception"] = "".join(traceback.format_exception(*record.exc_info))
        return msgspec.json.encode(line, enc_hook=str).decode()


class LineHandler(logging.StreamHandler[TextIO]):
    """Standard error; a line that cannot be written (disk full, pipe closed) is counted, never raised."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.count_drop: Callable[[], None] | None = None

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        if self.count_drop is not None:
            self.count_drop()


def configure_logs(level: str) -> LineHandler:
    """Sends this program's and the server's log to standard error as JSON."""
    handler = LineHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # its start and stop lines repeat ours
    return handler


def log_request(route: str, status: int, seconds: float, request_id: str, **fields: str) -> None:
    """The line of one request."""
    fixed = {"request_id": request_id, "route": route, "status": status, "seconds": round(seconds, 6)}
    logging.getLogger(LOGGER).info("request", extra={"fields": {**fixed, **fields}})


def log_event(event: str, level: int = logging.INFO, exc_info: bool | BaseException = False, **fields: object) -> None:
    """One line; `fields` stand beside `event` in the JSON."""
    logging.getLogger(LOGGER).log(level, event, extra={"fields": fields}, exc_info=exc_info)
