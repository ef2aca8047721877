"""The one way to GitHub's API: token, pages, rate limits, retries, and errors that say what to do.

PyGithub takes 0.9 s and 40 MB to import, githubkit 0.7 s, and both repeat a POST after a 502: a comment may stand twice
(docs/decisions/0015-where-a-library-was-tried.md).
"""

import re
import ssl
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from cli.console import clean_text
from cli.errors import OutsideError, RefusedError
from review.github.rate_limit import backoff_wait, limit_wait
from review.github.settings import GitHubSettings, is_local

API_VERSION = "2022-11-28"
JSON = "application/vnd.github+json"
BINARY = "application/octet-stream"
TIMEOUT = httpx.Timeout(30, connect=10)
UPLOAD_TIMEOUT = httpx.Timeout(120, connect=10)  # GitHub answers once it has stored the file
ATTEMPTS = 4
PAGE_SIZE = 100
MAX_PAGES = 30
MAX_REDIRECTS = 3
DOWNLOAD_SECONDS = 300
REDIRECTS = (301, 302, 303, 307, 308)
HINTS = {
    401: "the token is wrong or has run out",
    403: "give the job the permission it lacks, under `permissions:`; a fork's token is read-only",
    404: "it is not there, or the token may not see it",
    422: "GitHub refuses the content",
}
ACTIONS_HINT = "allow it under Settings, Actions, General: `create and approve pull requests`, or use an App's token"

T = TypeVar("T")


class GitHub:
    """A client for one repository; `path` is below `/repos/OWNER/NAME`.

    All methods raise OutsideError, whose `status` is GitHub's.
    """

    def __init__(self, settings: GitHubSettings, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings = settings
        self._sleep = sleep
        self._http = httpx.Client(timeout=TIMEOUT, verify=trust_authorities(), headers={"User-Agent": "lathe-review"})

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, kind: type[T], **params: str | int) -> T:
        return self._decode(self._ask("GET", self._address(path), params=params), kind)

    def find(self, path: str, kind: type[T], **params: str | int) -> T | None:
        """As `get`, None if it is not there."""
        try:
            return self.get(path, kind, **params)
        except OutsideError as error:
            if error.status == 404:
                return None
            raise

    def pages(self, path: str, kind: type[T], **params: str | int) -> Iterator[T]:
        """Each page of a list, by the Link header, which must stay with the API."""
        address = self._address(path)
        query: httpx.QueryParams | None = httpx.QueryParams({"per_page": PAGE_SIZE, **params})
        for _ in range(MAX_PAGES):
            answer = self._ask("GET", address, params=query)
            yield self._decode(answer, kind)
            following = answer.links.get("next", {}).get("url")
            if following is None:
                return
            address, query = urljoin(address, following), None  # empty ones would take the address's own away
            self._check_host(address, "a next page")
        raise OutsideError(f"GET {path} has more than {MAX_PAGES} pages; nothing that Lathe asks for has as many")

    def post(self, path: str, body: dict[str, Any], kind: type[T]) -> T:
        return self._decode(self._ask("POST", self._address(path), json=body), kind)

    def start(self, path: str, body: dict[str, Any]) -> None:
        """A request that GitHub takes without an answer, as it does the start of a workflow; sent once."""
        self._ask("POST", self._address(path), json=body)

    def patch(self, path: str, body: dict[str, Any], kind: type[T]) -> T:
        return self._decode(self._ask("PATCH", self._address(path), json=body), kind)

    def delete(self, path: str) -> None:
        self._ask("DELETE", self._address(path))

    def download(self, path: str, max_bytes: int, accept: str = BINARY) -> bytes:
        """A file's bytes; where it lies on another host, that host does not get the token.

        Raises: OutsideError; RefusedError if it is larger than `max_bytes`.
        """
        answer = self._ask("GET", self._address(path), headers={"Accept": accept}, stream_limit=max_bytes)
        return answer.content

    def upload(self, place: str, name: str, content: bytes, kind: type[T]) -> T:
        """Sends a file to what a release names as its `upload_url`; never twice by itself.

        Raises: OutsideError; RefusedError if the place is not GitHub's.
        """
        address = place.partition("{")[0]
        if not self._is_uploads(address):
            raise RefusedError(f"the release takes files at {shorten(address)}, expected {self.settings.api}: not sent")
        headers = {"Content-Type": BINARY}
        answer = self._ask(
            "POST", address, params={"name": name}, content=content, headers=headers, timeout=UPLOAD_TIMEOUT
        )
        return self._decode(answer, kind)

    def _address(self, path: str) -> str:
        return f"{self.settings.api}/repos/{self.settings.repository}{path}"

    def _ask(self, method: str, address: str, stream_limit: int | None = None, **request: Any) -> httpx.Response:
        waited = 0.0
        for attempt in range(ATTEMPTS):
            answer, problem = self._try(method, address, stream_limit, **request)
            if answer is not None and answer.is_success:
                return answer
            wait = self._choose_wait(method, answer, attempt)
            if wait is None or attempt + 1 == ATTEMPTS or waited + wait > self.settings.max_wait_seconds:
                raise self._explain(method, address, answer, problem, wait, attempt + 1)
            self._sleep(wait)
            waited += wait
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _choose_wait(self, method: str, answer: httpx.Response | None, attempt: int) -> float | None:
        """None if asking again is useless, or would do a thing twice."""
        if answer is not None and (wait := limit_wait(answer.status_code, answer.headers, read_message(answer))):
            return wait
        is_passing = answer is None or answer.status_code >= 500
        return backoff_wait(attempt) if is_passing and method == "GET" else None

    def _try(
        self, method: str, address: str, stream_limit: int | None, **request: Any
    ) -> tuple[httpx.Response | None, str]:
        """One answer with its redirects followed, or none and what broke."""
        try:
            for _ in range(MAX_REDIRECTS + 1):
                answer = self._send(method, address, stream_limit, **request)
                if answer.status_code not in REDIRECTS:
                    return answer, ""
                address = self._follow(method, address, answer, is_file=stream_limit is not None)
                request = {"headers": request.get("headers")}
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, clean_text(str(error) or type(error).__name__, 200)
        raise OutsideError(f"{method} {shorten(address)} redirects more than {MAX_REDIRECTS} times")

    def _send(self, method: str, address: str, stream_limit: int | None, **request: Any) -> httpx.Response:
        headers = {"Accept": JSON, **(request.pop("headers", None) or {}), "Accept-Encoding": "identity"}
        if self._is_api(address) or self._is_uploads(address):
            headers |= {"Authorization": f"Bearer {self.settings.token}", "X-GitHub-Api-Version": API_VERSION}
        if stream_limit is None:
            return self._http.request(method, address, headers=headers, **request)
        with self._http.stream(method, address, headers=headers, **request) as answer:
            content = read_bounded(answer, stream_limit, address)
            # a second decoding would break what is decoded already
            plain = [pair for pair in answer.headers.multi_items() if pair[0] != "content-encoding"]
            return httpx.Response(answer.status_code, headers=plain, content=content, request=answer.request)

    def _follow(self, method: str, address: str, answer: httpx.Response, is_file: bool) -> str:
        target = str(urljoin(address, answer.headers.get("location", "")))
        if method != "GET":
            raise OutsideError(f"{method} {shorten(address)} was redirected; GITHUB_REPOSITORY may be an old name")
        if is_file and (urlsplit(target).scheme == "https" or is_local(urlsplit(target).hostname)):
            return target
        self._check_host(target, "a redirect")
        return target

    def _check_host(self, address: str, what: str) -> None:
        if not self._is_api(address):
            raise OutsideError(f"{what} leads to {shorten(address)}, expected {self.settings.api}: not followed")

    def _is_api(self, address: str) -> bool:
        return urlsplit(address)[:2] == urlsplit(self.settings.api)[:2]

    def _is_uploads(self, address: str) -> bool:
        """The API's own host, or uploads.X where that is api.X."""
        scheme, host = urlsplit(self.settings.api)[:2]
        hosts = {host, f"uploads.{host.removeprefix('api.')}"} if host.startswith("api.") else {host}
        return urlsplit(address).scheme == scheme and urlsplit(address).netloc in hosts

    def _decode(self, answer: httpx.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            where = f"{answer.request.method} {shorten(str(answer.request.url))}"
            raise OutsideError(f"{where} answered what GitHub's API does not say: {error}") from error

    def _explain(
        self, method: str, address: str, answer: httpx.Response | None, problem: str, wait: float | None, attempts: int
    ) -> OutsideError:
        what = f"{method} {shorten(address)}"
        if answer is None:
            return OutsideError(f"{what}: no answer after {attempts} attempts: {problem}; look at githubstatus.com")
        message = read_message(answer)
        refusal = f"{what} answered {answer.status_code} {message!r}"
        if limit_wait(answer.status_code, answer.headers, message):
            return OutsideError(
                f"{refusal}: the rate limit ends in {wait or 0:.0f} s, more than Lathe waits; run the job again then",
                answer.status_code,
            )
        hint = ACTIONS_HINT if "not permitted to create" in message else HINTS.get(answer.status_code)
        return OutsideError(f"{refusal}: {hint}" if hint else refusal, answer.status_code)


@cache  # reading some 140 certificates takes a tenth of a second
def trust_authorities() -> ssl.SSLContext:
    """The usual ones, or those of SSL_CERT_FILE."""
    return httpx.create_ssl_context()


def read_bounded(answer: httpx.Response, limit: int, address: str) -> bytes:
    """Raises: RefusedError above `limit` bytes, OutsideError if it takes too long."""
    content, end = bytearray(), time.monotonic() + DOWNLOAD_SECONDS
    for chunk in answer.iter_bytes(64 * 1024):
        content += chunk
        if len(content) > limit:
            raise RefusedError(f"{shorten(address)} is larger than {limit:,} bytes: not taken")
        if time.monotonic() > end:
            raise OutsideError(f"{shorten(address)} took longer than {DOWNLOAD_SECONDS} s")
    return bytes(content)


def read_message(answer: httpx.Response) -> str:
    """What GitHub says went wrong, with the errors of each field."""
    try:
        body = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return answer.reason_phrase
    if not isinstance(body, dict):
        return answer.reason_phrase
    details = [part.get("message") or part.get("code") for part in body.get("errors") or () if isinstance(part, dict)]
    return clean_text("; ".join(str(part) for part in (body.get("message"), *details) if part), 300)


def shorten(address: str) -> str:
    """Host and path: the query of a download's address is a key to it."""
    parts = urlsplit(address)
    return clean_text(re.sub(r"^/repos/", "", parts.path) if parts.path.startswith("/repos/") else parts.netloc, 200)
