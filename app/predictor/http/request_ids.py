"""A request's id: the caller's own if it is safe to repeat, else a new one."""

import itertools
import re
import secrets

HEADER = b"x-request-id"
_SAFE = re.compile(rb"[A-Za-z0-9._:/=+-]{1,64}")


class RequestIds:
    """Ids that are unique over processes: a random prefix and a count."""

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(6)
        self._count = itertools.count(1)

    def choose_id(self, given: bytes | None) -> str:
        """`given` if every character is harmless in a header, in JSON and in a log, else a new id."""
        if given is not None and _SAFE.fullmatch(given):
            return given.decode("ascii")
        return f"{self._prefix}-{next(self._count):x}"
