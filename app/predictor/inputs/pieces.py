"""Bodies looked at a piece at a time: a call into C holds the interpreter until it returns, and others wait for it."""

from app.predictor.http.errors import BadRequestError

PIECE_BYTES = 64 * 1024
BLANKS = b" \t\n\r"  # RFC 8259


def skip_blanks(body: bytes, place: int) -> int:
    """Where the next byte that is no blank stands; the body's length if there is none."""
    while place < len(body):
        if body[place] not in BLANKS:
            return place
        piece = body[place : place + PIECE_BYTES]
        blank = len(piece) - len(piece.lstrip(BLANKS))
        place += blank
        if blank < len(piece):
            return place
    return place


def count_until(body: bytes, byte: bytes, limit: int) -> int:
    """How often `byte` stands in the body, at most one more than `limit`.

    Found one by one: `bytes.count` takes a millisecond for each MiB, or four for two bytes, where nothing is found too.
    """
    count, place = 0, body.find(byte)
    while place >= 0 and count <= limit:
        count += 1
        place = body.find(byte, place + 1)
    return count


def has_more(body: bytes, byte: bytes, most: int) -> bool:
    """Whether `byte` stands in the body more often than that."""
    return count_until(body, byte, most) > most


def refuse_json(place: int) -> BadRequestError:
    """What to tell of a body that stops being JSON at a byte."""
    return BadRequestError(f"the body is not JSON (byte {place})")
