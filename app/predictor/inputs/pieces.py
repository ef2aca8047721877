"""Bodies looked at a piece at a time: a call into C holds the interpreter until it returns, and others wait for it."""

from collections.abc import Iterator

from app.predictor.errors import BadRequestError

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
    """How often `byte` stands in the body; counting ends soon after it is more than `limit`."""
    count = 0
    for place in range(0, len(body), PIECE_BYTES):
        count += body.count(byte, place, place + PIECE_BYTES)
        if count > limit:
            break
    return count


def cut_numbers(data: bytes) -> Iterator[bytes]:
    """A JSON array of numbers, or of arrays of numbers, as several arrays; `data` is known to be JSON without blanks
    around it.

    An item longer than a piece stays whole.
    """
    place, end = 1, len(data) - 1
    first = skip_blanks(data, 1)
    closing = b"]" if data[first : first + 1] == b"[" else b""  # the comma after it parts two items
    while place < end:
        cut = _find_cut(data, place, end, closing)
        yield b"[" + data[place:cut] + b"]"
        place = cut + 1


def _find_cut(data: bytes, place: int, end: int, closing: bytes) -> int:
    """Where the comma stands that ends this piece, or `end`."""
    if end - place <= PIECE_BYTES:
        return end
    if not closing:
        cut = data.rfind(b",", place, place + PIECE_BYTES)
        return cut if cut > 0 else _or_end(data.find(b",", place, end), end)
    last = data.rfind(closing, place, place + PIECE_BYTES)
    if last < 0:
        last = data.find(closing, place, end)
    after = skip_blanks(data, last + 1)
    return after if after < end and data[after : after + 1] == b"," else end


def _or_end(place: int, end: int) -> int:
    return end if place < 0 else place


def refuse_json(place: int) -> BadRequestError:
    """What to tell of a body that stops being JSON at a byte."""
    return BadRequestError(f"the body is not JSON (byte {place})")
