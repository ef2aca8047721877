"""The Prometheus that the pages ask: whether it is there, and how often it scrapes."""

import httpx
import msgspec

from cli.errors import InputError, OutsideError

TIMEOUT_SECONDS = 30.0
START = "start one with `make watch`, or give its address with PROMETHEUS=http://127.0.0.1:9090"
USUAL_INTERVAL = "15s"


class _Target(msgspec.Struct, rename="camel"):
    scrape_interval: str = USUAL_INTERVAL


class _Targets(msgspec.Struct, rename="camel"):
    active_targets: list[_Target] = []


class _Answer(msgspec.Struct):
    data: _Targets


def open_prometheus(url: str) -> httpx.Client:
    """Raises: InputError if the address is none."""
    if not url.startswith(("http://", "https://")):
        raise InputError(f"PROMETHEUS is {url!r}, expected an address such as http://127.0.0.1:9090")
    is_near = url.split("/")[2].rpartition(":")[0] in ("127.0.0.1", "localhost", "[::1]")
    return httpx.Client(base_url=url.rstrip("/"), timeout=TIMEOUT_SECONDS, trust_env=not is_near)


def find_scrape_interval(prometheus: httpx.Client) -> str:
    """The most frequent of its targets, which `$__rate_interval` is four times of.

    Raises: OutsideError if no Prometheus answers there.
    """
    try:
        answer = prometheus.get("/api/v1/targets", params={"state": "active"}).raise_for_status()
        targets = msgspec.json.decode(answer.content, type=_Answer).data.active_targets
    except httpx.HTTPStatusError as error:
        raise OutsideError(
            f"{prometheus.base_url} answered {error.response.status_code}, so it is no Prometheus; {START}"
        ) from error
    except httpx.HTTPError as error:
        raise OutsideError(f"no Prometheus answers at {prometheus.base_url} ({error}); {START}") from error
    except msgspec.DecodeError as error:
        raise OutsideError(f"what answers at {prometheus.base_url} is no Prometheus ({error}); {START}") from error
    intervals = [target.scrape_interval for target in targets]
    return max(set(intervals), key=intervals.count) if intervals else USUAL_INTERVAL
