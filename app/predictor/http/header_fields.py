"""Headers that stand more than once: a list in parts, or two answers to one question."""

from app.predictor.http.errors import BadRequestError

Fields = list[tuple[bytes, bytes]]

# of these one must not be left out silently: whoever stands between may have looked at the other
SINGLE = frozenset(
    (
        b"authorization",
        b"content-length",
        b"content-type",
        b"host",
        b"inference-header-content-length",
        b"x-api-key",
        b"x-lathe-receipt",
    )
)


def join_repeated(given: Fields) -> Fields:
    """Each name once, its values joined by commas (RFC 9110 section 5.3).

    Raises: BadRequestError if one stands twice of which there is one only.
    """
    joined: dict[bytes, bytes] = {}
    for name, value in given:
        if name in joined and name in SINGLE:
            raise BadRequestError(f"the header {name.decode()} stands twice, expected one", "repeated_header")
        joined[name] = b"%b, %b" % (joined[name], value) if name in joined else value
    return list(joined.items())
