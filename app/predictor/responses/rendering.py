"""The bytes of an answer: for a connection, or as ASGI's messages."""

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from app.predictor.http.asgi import Send
from app.predictor.http.errors import ApiError, MethodNotAllowedError, SlowClientError, UnauthorizedError, render_error
from app.predictor.http.request_ids import HEADER

HeaderList = list[tuple[bytes, bytes]]

JSON_TYPE = (b"content-type", b"application/json")
CLOSE = (b"connection", b"close")
OPENING = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


class HttpAnswer(msgspec.Struct, frozen=True, gc=False):
    """A whole answer, ready to go out; `headers` are its own, beside length and request id."""

    status: int
    headers: HeaderList
    body: bytes
    request_id: str

    def list_headers(self) -> HeaderList:
        return [*self.headers, (b"content-length", b"%d" % len(self.body)), (HEADER, self.request_id.encode())]

    def render(self, common: bytes) -> bytes:
        """The bytes of the HTTP/1.1 response; `common` are the server's own header lines."""
        lines = b"".join(b"%b: %b\r\n" % header for header in self.list_headers())
        return b"%b%b%b\r\n%b" % (STATUS_LINE[self.status], common, lines, self.body)

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.list_headers()})
        await send({"type": "http.response.body", "body": self.body})


def render_row(body: bytes, request_id: str, common: bytes) -> bytes:
    """As `HttpAnswer.render` of JSON with status 200, for the hot path."""
    return b"%b%bcontent-length: %d\r\nx-request-id: %b\r\n\r\n%b" % (
        OPENING,
        common,
        len(body),
        request_id.encode(),
        body,
    )


def answer_error(error: ApiError, request_id: str, path: str, *more: tuple[bytes, bytes]) -> HttpAnswer:
    """The one shape of every error; `more` are further headers."""
    headers = [JSON_TYPE, *more, *error_headers(error)]
    return HttpAnswer(error.status, headers, render_error(error, request_id, path), request_id)


def error_headers(error: ApiError) -> HeaderList:
    """What a status says beside its body: when to ask again, what is allowed, or that the connection ends."""
    if error.retry_after_seconds is not None:
        return [(b"retry-after", b"%d" % error.retry_after_seconds)]
    if error.status == UnauthorizedError.status:
        return [(b"www-authenticate", b"Bearer")]
    if isinstance(error, MethodNotAllowedError):
        return [(b"allow", error.allow.encode())]
    return [CLOSE] if error.status == SlowClientError.status else []
