"""Headers that every answer has, and those that let pages of other origins ask."""

from starlette.middleware.cors import CORSMiddleware

from app.predictor.auth.access import API_KEY_HEADER
from app.predictor.http.asgi import AsgiApp
from app.predictor.http.request_ids import HEADER as REQUEST_ID_HEADER
from app.predictor.receipts.receipts import HEADER as RECEIPT_HEADER

# the page's own policy stands beside this one and is stricter: a browser keeps both
SECURITY = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
]
ALLOWED = ("authorization", "content-type", API_KEY_HEADER, RECEIPT_HEADER, REQUEST_ID_HEADER)
EXPOSED = ("retry-after", "x-lathe-summary", "x-request-id")


def allow_origins(app: AsgiApp, origins: list[str]) -> AsgiApp:
    """`app`, answering what browsers ask before and for a request from one of `origins`."""
    allowed = [name if isinstance(name, str) else name.decode() for name in ALLOWED]
    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST"],
        allow_headers=allowed,
        expose_headers=EXPOSED,
    )
