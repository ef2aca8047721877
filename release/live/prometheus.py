"""Prometheus, one instant query at a time; a value that it does not have is missing, never made up."""

import math
import os
from collections.abc import Mapping
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec

from cli.errors import InputError, OutsideError

TIMEOUT = httpx.Timeout(15, connect=5)
ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Sample(msgspec.Struct):
    metric: dict[str, str]
    value: tuple[float, str]


class QueryData(msgspec.Struct):
    result: list[Sample]


class QueryResponse(msgspec.Struct):
    status: str
    data: QueryData | None = None
    error: str = ""


class Prometheus:
    """The one that LATHE_PROMETHEUS_URL names. A password in it is shown nowhere."""

    def __init__(self, url: str) -> None:
        self.url = check_url(url)
        parts = urlsplit(self.url)
        self.shown = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

    def ask(self, query: str) -> dict[tuple[tuple[str, str], ...], float]:
        """The numbers of an instant query by their labels; NaN and infinity are no numbers.

        Raises: OutsideError.
        """
        try:
            answer = httpx.post(f"{self.url}/api/v1/query", data={"query": query}, timeout=TIMEOUT)
            result = msgspec.json.decode(answer.content, type=QueryResponse)
        except httpx.HTTPError as error:
            raise OutsideError(f"{self.shown}: {error or type(error).__name__}") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise OutsideError(f"{self.shown} answered {answer.status_code}, and not as Prometheus does") from error
        if result.status != "success" or result.data is None:
            raise OutsideError(f"{self.shown} answered {answer.status_code}: {result.error[:200]}")
        return {
            tuple(sorted(one.metric.items())): value for one in result.data.result if is_number(value := _read(one))
        }


def find_prometheus() -> Prometheus | None:
    """None without LATHE_PROMETHEUS_URL.

    Raises: InputError.
    """
    url = os.environ.get("LATHE_PROMETHEUS_URL")
    return Prometheus(url) if url else None


def check_url(url: str) -> str:
    """Raises: InputError that does not show it whole: it may hold a password."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise InputError("LATHE_PROMETHEUS_URL is not usable, expected http://HOST:PORT or https://HOST/PATH")
    return url.rstrip("/")


def select(metric: str, labels: Mapping[str, str], *more: str) -> str:
    """A selector in which no label's value can be more than a value; `more` are matchers of ours."""
    matchers = [f'{name}="{value.translate(ESCAPES)}"' for name, value in labels.items()]
    return f"{metric}{{{', '.join([*matchers, *more])}}}"


def is_number(value: float) -> bool:
    return math.isfinite(value)


def _read(sample: Sample) -> float:
    try:
        return float(sample.value[1])
    except ValueError:
        return math.nan
