"""One query of Prometheus over plain HTTP, bounded in time and size; for a thread of its own."""

import base64
import http.client
import math
import time
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import msgspec

CHUNK_BYTES = 64 * 1024
MAX_BYTES = 4 * 1024 * 1024  # some 450 series of a model are 100 kB
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class PrometheusError(Exception):
    """Prometheus did not answer, or not with numbers; the text shows no password."""


class Series(msgspec.Struct, gc=False):
    metric: dict[str, str]
    value: tuple[float, str]


class VectorData(msgspec.Struct, gc=False):
    result: list[Series]


class QueryAnswer(msgspec.Struct, gc=False):
    status: str
    data: VectorData | None = None
    error: str = ""


_decode = msgspec.json.Decoder(QueryAnswer).decode


def query_prometheus(url: str, query: str, seconds: float) -> list[Series]:
    """The series of an instant query.

    Raises: PrometheusError, after `seconds` at the latest if Prometheus goes on sending.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=seconds)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    try:
        connection.request("POST", f"{parts.path.rstrip('/')}/api/v1/query", urlencode({"query": query}), headers)
        answer = connection.getresponse()
        content = _read(answer, time.monotonic() + seconds)
        found = _decode(content)
    except (OSError, http.client.HTTPException) as error:
        raise PrometheusError(f"it does not answer: {error or type(error).__name__}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PrometheusError(f"it answered {answer.status}, and not as Prometheus does") from None
    finally:
        connection.close()
    if found.status != "success" or found.data is None:
        raise PrometheusError(f"it answered {answer.status}: {found.error[:200]}")
    return found.data.result


def _read(answer: Any, until: float) -> bytes:
    """Raises: PrometheusError if it is too long or takes too long."""
    content = b""
    while chunk := answer.read1(CHUNK_BYTES):
        content += chunk
        if len(content) > MAX_BYTES:
            raise PrometheusError(f"its answer is larger than {MAX_BYTES:,} bytes")
        if time.monotonic() > until:
            raise PrometheusError("its answer takes too long")
    return content


def format_samples(series: list[Series]) -> str:
    """In the text format of /metrics; what is no number is left out."""
    lines = []
    for one in series:
        name = one.metric.get("__name__", "")
        labels = ",".join(f'{key}="{escape(value)}"' for key, value in one.metric.items() if key != "__name__")
        if name and _is_number(one.value[1]):
            lines.append(f"{name}{{{labels}}} {one.value[1]}\n")
    return "".join(lines)


def escape(value: str) -> str:
    """A label's value as it stands between quotes."""
    return value.translate(ESCAPES)


def hide_password(url: str) -> str:
    """The address as people may see it."""
    parts = urlsplit(url)
    return parts._replace(netloc=quote(parts.netloc.rpartition("@")[2], safe=":[].%")).geturl()


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
