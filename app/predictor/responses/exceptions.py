"""The one place where an exception becomes what its client is answered."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from app.predictor.admission.shedding import shed
from app.predictor.counters import Counters
from app.predictor.http.errors import (
    ApiError,
    CrowdedError,
    InvalidInputError,
    MethodNotAllowedError,
    NotFoundError,
    NotServingError,
)
from app.predictor.logs import log_event
from app.predictor.scoring.model import ScoringError
from contract.errors import RowError

UNEXPECTED = "something went wrong here, not in the request"
WRONG_PARAMETERS = "the request's parameters do not follow the API's document"


def explain_exception(error: BaseException, counters: Counters, request_id: str, route: str) -> ApiError:
    """The answer to an exception; an unexpected one is logged in full, and its client learns no more than that."""
    answer = _translate(error, counters, request_id, route)
    # its traceback holds the frames it came through, and what they hold: the body, rows, often the error itself, a
    # circle that only a collection would find
    error.__traceback__ = error.__context__ = None
    return answer


def _translate(error: BaseException, counters: Counters, request_id: str, route: str) -> ApiError:
    for kind, translate in TRANSLATIONS:
        if isinstance(error, kind):
            return translate(error, counters)
    log_event("request_failed", logging.ERROR, exc_info=error, request_id=request_id, route=route)
    return ApiError(UNEXPECTED)


def _translate_routing(error: HTTPException) -> ApiError:
    """What the web framework raises where no route fits."""
    if error.status_code == NotFoundError.status:
        return NotFoundError("there is nothing at this path")
    if error.status_code == MethodNotAllowedError.status:
        allow = list_methods((error.headers or {})["Allow"])
        return MethodNotAllowedError(f"the method is not allowed here, expected {allow}", allow)
    answer = ApiError(str(error.detail), "http_error")
    answer.status = error.status_code
    return answer


def list_methods(routed: str) -> str:
    """All methods that a path answers: with GET there is HEAD, and OPTIONS is everywhere."""
    methods = {*routed.split(", "), "OPTIONS"}
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


TRANSLATIONS: tuple[tuple[type[BaseException], Callable[[Any, Counters], ApiError]], ...] = (
    (ApiError, lambda error, counters: error),
    (RowError, lambda error, counters: InvalidInputError(str(error), error.code, error.field)),
    (CrowdedError, lambda error, counters: shed(counters, error.reason)),
    (ScoringError, lambda error, counters: ApiError(str(error), "score_not_finite")),
    # the server stops, and has waited long enough for the rest of the body
    (asyncio.CancelledError, lambda error, counters: NotServingError("the server is stopping")),
    (HTTPException, lambda error, counters: _translate_routing(error)),
    (RequestValidationError, lambda error, counters: InvalidInputError(WRONG_PARAMETERS)),
)
