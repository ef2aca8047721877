"""Where requests end in bytes that are not parsed yet, found without parsing them."""

import re
from itertools import islice

from app.predictor.server.parsing import MAX_HEAD_BYTES

REQUESTS_AT_ONCE = 8  # of one connection in one iteration of the event loop
BODY_BYTES = 4 * 1024  # of a body behind which other requests may stand

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,19})[ \t]*(?:\r\n|\Z)")
# in the first line of every request that the parser takes: HTTP, RTSP or ICE
_VERSION = re.compile(rb"[PE]/1\.")


def measure_request(data: bytes) -> int:
    """Bytes of the request that begins here, with a body of stated length; 0 for anything else."""
    end = data.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES)
    head = data[: max(0, end)].lower()
    stated = _LENGTH.search(head)
    return 0 if stated is None or b"transfer-encoding" in head else end + 4 + int(stated[1])


def find_end(data: bytes, start: int) -> int:
    """Behind the version of the last request of a few, amid its first line: what follows is parsed with the next."""
    last = next(islice(_VERSION.finditer(data, start, start + BODY_BYTES), REQUESTS_AT_ONCE - 1, None), None)
    return len(data) if last is None else last.end()
