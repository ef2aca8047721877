"""From bytes to requests where uvicorn's protocol goes wrong: offers to upgrade, trailers, heads without end."""

import logging
import math
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.predictor.http.errors import ApiError, BadRequestError, HeadTooLargeError, MethodNotAllowedError
from app.predictor.http.header_fields import join_repeated
from app.predictor.logs import log_event

MAX_HEAD_BYTES = 64 * 1024
LONG_HEAD_BYTES = 4 * 1024  # up to here nothing takes long, whatever stands in it
MAX_PARTS = 500  # of one header, or of the path and its query: each part of a list costs up to a microsecond
PARTS = (b",", b";", b"&", b"%")
MAX_HEADERS = 100  # as Apache, Tomcat and Kestrel: one of four bytes takes thirty times that in memory
FRAMING_BYTES = 64  # of a chunk: more than any length and line ends need
NOT_HTTP = "the request is not valid HTTP"
VERSIONS = ("1.0", "1.1")  # the parser takes 0.9 and 2.0, too
METHODS = "GET, HEAD, OPTIONS, POST"  # of all routes together


class SealedHeaders(list[tuple[bytes, bytes]]):
    """Headers that take no more: a chunked body's trailers come after them, and are none (RFC 9110 section 6.5)."""

    def append(self, header: tuple[bytes, bytes]) -> None:
        pass


class ParsingProtocol(HttpToolsProtocol):
    """Reads requests from one connection; `refuse` ends it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.head_bytes = 0  # of a head that is not complete
        self.may_be_long = False  # whether a head may be above the limit: looked at only where more than that arrived
        self.is_upgrading = False  # the request offers an upgrade, and is about to be parsed again without the offer
        self.chunks = 0
        self.framing_bytes: float | None = None  # of a chunked body, beside its data, once a packet is over

    def refuse(self, error: ApiError, path: str = "") -> None:
        raise NotImplementedError

    def feed(self, data: bytes) -> None:
        """Parses what arrived."""
        if len(data) > LONG_HEAD_BYTES:
            self.may_be_long = True
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._feed_without_offers(memoryview(data)[offer.args[0] :])
        except httptools.HttpParserError as error:
            self._refuse_unparsed(error)

    def _feed_without_offers(self, rest: memoryview) -> None:
        """Reads on as if no upgrade had been offered, which a server may (RFC 9110 section 7.8).

        The parser takes no body of a request that offers one, so a new parser gets the same head without the offer.
        """
        try:
            while True:
                head = self._render_head()
                self.is_upgrading = False
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's own
                try:
                    self.parser.feed_data(head)
                    self.parser.feed_data(rest)
                except httptools.HttpParserUpgrade as offer:  # of the next one in the same packet
                    rest = rest[offer.args[0] :]
                else:
                    return
        except httptools.HttpParserError as error:
            self._refuse_unparsed(error)

    def _render_head(self) -> bytes:
        """The head of the request that was just parsed, without `Upgrade`."""
        target = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        lines = [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        return b"%b%b\r\n" % (target, b"".join(lines))

    def _refuse_unparsed(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__ if isinstance(error, httptools.HttpParserCallbackError) else None
        if isinstance(cause, ApiError):
            self.refuse(cause, self.url.decode("latin-1"))
        elif cause is None or isinstance(cause, httptools.HttpParserInvalidURLError | UnicodeDecodeError):
            self.refuse(BadRequestError(NOT_HTTP, "malformed_http"))
        else:
            log_event("request_failed", logging.ERROR, exc_info=True)
            self.refuse(ApiError("something went wrong here, not in the request"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """As uvicorn's own, which would be one more call for each header.

        White space behind a value is no part of it (RFC 9110 section 5.5); the parser drops only what stands before.
        """
        name, value = name.lower(), value.rstrip(b" \t")
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))
        if len(self.headers) > MAX_HEADERS:
            raise HeadTooLargeError(f"the request has more than the {MAX_HEADERS} headers allowed")

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        if version not in VERSIONS:
            raise BadRequestError(NOT_HTTP, "malformed_http")
        if version == "1.1" and not self.has_host():
            raise BadRequestError("the request has no Host, which HTTP/1.1 wants (RFC 9112 3.2)", "malformed_http")
        if not self.url.startswith(b"/") and not self.parser.should_upgrade():
            self._complete_target()
        if len(dict(self.headers)) < len(self.headers):
            self.headers[:] = join_repeated(self.headers)
        if not self.parser.should_upgrade():
            super().on_headers_complete()
        elif self.parser.get_method() == b"CONNECT":
            raise MethodNotAllowedError("this is no proxy, expected another method than CONNECT", METHODS)
        else:
            self.is_upgrading = True

    def has_host(self) -> bool:
        """Most clients send it first."""
        headers = self.headers
        return bool(headers) and (headers[0][0] == b"host" or any(name == b"host" for name, _ in headers))

    def _complete_target(self) -> None:
        """`http://host` means its root (RFC 9112 section 3.2.2); uvicorn fails at a target without a path."""
        parsed = httptools.parse_url(self.url)
        if parsed.path is None:
            self.url = b"/" if parsed.query is None else b"/?%b" % parsed.query

    def check_head(self) -> None:
        """Raises: HeadTooLargeError."""
        if not self.may_be_long:
            return
        size = self._measure_head()
        if size > MAX_HEAD_BYTES:
            raise explain_head()
        if size > LONG_HEAD_BYTES:
            for value in (self.url, *(value for _, value in self.headers)):
                if sum(map(value.count, PARTS)) > MAX_PARTS:
                    raise HeadTooLargeError(f"a header or the path has more than the {MAX_PARTS} parts allowed")

    def _measure_head(self) -> int:
        """Bytes of what is known of the head."""
        if self.headers is None:
            return 0
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def count_head(self, size: int) -> None:
        """Takes note of a packet after which the head is not complete."""
        self.may_be_long = True
        # the first packet may also hold other requests
        self.head_bytes = self.head_bytes + size if self.head_bytes else max(1, self._measure_head())
        if self.head_bytes > MAX_HEAD_BYTES:
            self.refuse(explain_head())

    def on_chunk_header(self) -> None:
        if not isinstance(self.headers, SealedHeaders):
            self._check_coding()
            self.headers = SealedHeaders(self.headers)
        self.chunks += 1

    def _check_coding(self) -> None:
        """Whether the body is chunked and nothing else; the parser looks at the last coding only.

        Raises: BadRequestError.
        """
        codings = [value.strip().lower() for name, value in self.headers if name == b"transfer-encoding"]
        if codings != [b"chunked"]:
            raise BadRequestError("the transfer coding is not supported, expected chunked alone", "malformed_http")
        if self.parser.get_http_version() == "1.0":
            raise BadRequestError("the body is chunked, which HTTP/1.0 does not know", "malformed_http")

    def on_body(self, body: bytes) -> None:
        if self.framing_bytes is not None:
            self.framing_bytes -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self.forget_framing()

    def forget_framing(self) -> None:
        self.chunks, self.framing_bytes = 0, None

    def count_framing(self, size: int) -> None:
        """Takes note of a packet after which a body is not complete."""
        if self.framing_bytes is None:  # the first packet may also hold other requests
            is_chunked = any(name == b"transfer-encoding" for name, _ in self.headers)
            self.framing_bytes = 0 if is_chunked else -math.inf
        else:
            self.framing_bytes += size
        if self.framing_bytes > MAX_HEAD_BYTES + self.chunks * FRAMING_BYTES:
            self.refuse(BadRequestError("the body's chunks have too much beside their data", "malformed_http"))


def explain_head() -> HeadTooLargeError:
    return HeadTooLargeError(f"the request's line and headers are larger than the {MAX_HEAD_BYTES} bytes allowed")
