"""The errors that end a request: one base class with a status, one JSON shape for every route."""

from typing import Annotated

import msgspec
from msgspec import Meta

RETRY_AFTER_SECONDS = 1


class ApiError(Exception):
    """An answer other than success. `message` and `field` never hold anything from the input.

    `code` is stable; `field` is a path of the schema's names, such as `rows[3].<column>`.
    """

    status = 500
    code = "internal_error"
    retry_after_seconds: int | None = None

    def __init__(self, message: str, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code


class BadRequestError(ApiError):
    status = 400
    code = "malformed_json"


class UnauthorizedError(ApiError):
    status = 401
    code = "unauthorized"


class ForbiddenError(ApiError):
    status = 403
    code = "forbidden"


class GoneError(ApiError):
    status = 410
    code = "receipt_expired"


class NotFoundError(ApiError):
    status = 404
    code = "not_found"


class MethodNotAllowedError(ApiError):
    """`allow` is the header's list of what is."""

    status = 405
    code = "method_not_allowed"

    def __init__(self, message: str, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class NotAcceptableError(ApiError):
    status = 406
    code = "not_acceptable"


class SlowClientError(ApiError):
    status = 408
    code = "request_timeout"


class ConflictError(ApiError):
    status = 409
    code = "feedback_conflict"


class TooLargeError(ApiError):
    status = 413
    code = "body_too_large"


class UnsupportedMediaError(ApiError):
    status = 415
    code = "unsupported_media_type"


class InvalidInputError(ApiError):
    status = 422
    code = "invalid_input"


class HeadTooLargeError(ApiError):
    status = 431
    code = "headers_too_large"


class RateLimitedError(ApiError):
    """The client asks too often."""

    status = 429
    code = "rate_limited"

    def __init__(self, message: str, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class NotServingError(ApiError):
    """The client did nothing wrong and may ask again."""

    status = 503
    code = "not_ready"
    retry_after_seconds = RETRY_AFTER_SECONDS


EMPTY = "the body is empty, expected {}"  # or there are only blanks in it


class CrowdedError(Exception):
    """What gives way to another while it waits for its client; `reason` is one of the metric's."""

    def __init__(self, reason: str = "bytes") -> None:
        super().__init__(reason)
        self.reason = reason


def explain_shed(reason: str) -> NotServingError:
    """Ends a request that is turned away; `reason` is one of the metric's."""
    what = {"concurrency": "requests", "bytes": "bytes in flight"}.get(reason, reason)
    return NotServingError(f"too many {what} at once, ask again in a moment", "overloaded")


class DisconnectedError(Exception):
    """The client went away before its request was complete; there is nobody to answer."""


# every code there is beside those of app.predictor.inputs.validation
CODES = (
    "feedback_conflict",
    "feedback_unavailable",
    "forbidden",
    "headers_too_large",
    "internal_error",
    "invalid_input",
    "line_too_long",
    "malformed_csv",
    "malformed_http",
    "malformed_json",
    "malformed_tensor",
    "not_found",
    "not_ready",
    "overloaded",
    "repeated_header",
    "repeated_name",
    "request_timeout",
    "score_not_finite",
    "body_too_large",
    "method_not_allowed",
    "not_acceptable",
    "rate_limited",
    "receipt_expired",
    "receipt_invalid",
    "receipt_other_model",
    "spool_full",
    "unauthorized",
    "unsupported_media_type",
)


Code = Annotated[str, Meta(description="Stable, for programs")]
FieldPath = Annotated[str, Meta(description="Which value, by the schema's names")] | msgspec.UnsetType


class ErrorDetail(msgspec.Struct, gc=False):
    code: Code
    message: Annotated[str, Meta(description="For people")]
    field: FieldPath = msgspec.UNSET


class ErrorAnswer(msgspec.Struct, gc=False):
    error: ErrorDetail
    request_id: str


class TensorErrorAnswer(msgspec.Struct, kw_only=True, gc=False):
    """An error under /v2."""

    error: Annotated[str, Meta(description="For people; a string, as the protocol wants it")]
    code: Code
    field: FieldPath = msgspec.UNSET
    request_id: str


def render_error(error: ApiError, request_id: str, path: str) -> bytes:
    """The JSON of every error answer. Under /v2 `error` is a string: its protocol, and its clients, want that."""
    field = msgspec.UNSET if error.field is None else error.field
    if path.startswith("/v2"):
        return msgspec.json.encode(
            TensorErrorAnswer(error=error.message, code=error.code, field=field, request_id=request_id)
        )
    return msgspec.json.encode(ErrorAnswer(ErrorDetail(error.code, error.message, field), request_id))
