"""The web page's files, read once at the start and served from memory.

Starlette's StaticFiles makes its ETag of time and size: where an image's files all have one time, a new one of the same
size would be answered 304 (docs/decisions/0015-where-a-library-was-tried.md).
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from app.predictor.http.errors import NotFoundError

FOLDER = Path(__file__).parent / "page"
INDEX = "index.html"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "require-trusted-types-for 'script'",
    )
)


class PageFile(NamedTuple):
    """One file as it goes out. `etag` is its SHA-256 in quotes."""

    content: bytes
    content_type: str
    etag: str


class Assets:
    """Answers for the page's files: nothing is read from disk after the start, no path reaches it."""

    def __init__(self, files: Mapping[str, PageFile]) -> None:
        self.files = files

    async def index(self, request: Request) -> Response:
        """The web page."""
        return self._answer(request, INDEX)

    async def file(self, request: Request) -> Response:
        """A style sheet, script or picture of the page."""
        return self._answer(request, request.path_params["name"])

    def _answer(self, request: Request, name: str) -> Response:
        asset = self.files.get(name)
        if asset is None:
            raise NotFoundError("the page has no such file")
        # always asked again, so that a new version shows at once and an old one costs 304
        headers = {"etag": asset.etag, "cache-control": "no-cache", "content-security-policy": POLICY}
        if has_match(request.headers.get("if-none-match", ""), asset.etag):
            return Response(status_code=304, headers=headers)
        return Response(asset.content, headers=headers | {"content-type": asset.content_type})


def has_match(stated: str, etag: str) -> bool:
    """Whether an If-None-Match names `etag`; the comparison is weak, as RFC 9110 section 13.1.2 has it."""
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in stated.split(","))


def read_assets(folder: Path = FOLDER) -> Assets:
    """Every file under `folder` with a known ending, by its name below it."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in CONTENT_TYPES)
    return Assets({path.relative_to(folder).as_posix(): _read_asset(path) for path in paths})


def _read_asset(path: Path) -> PageFile:
    content = path.read_bytes()
    return PageFile(content, CONTENT_TYPES[path.suffix], f'"{hashlib.sha256(content).hexdigest()}"')
