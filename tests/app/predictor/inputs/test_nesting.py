"""A body is refused at the same depth on every Python."""

import msgspec
import pytest

from app.predictor.inputs.nesting import MOST_LEVELS, refuse_depth


def nest(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize("shape", [b"%b", b'{"a": %b}', b'[1, {"b": [2]}, %b]'])
def test_the_limit_is_borne_and_one_more_is_not(shape: bytes) -> None:
    outside = shape.count(b"{", 0, 1) + shape.count(b"[", 0, 1)
    kept = shape % nest(MOST_LEVELS - outside)
    refuse_depth(kept, msgspec.json.decode(kept))
    above = shape % nest(MOST_LEVELS + 1 - outside)
    with pytest.raises(RecursionError):
        refuse_depth(above, msgspec.json.decode(above))


def test_what_is_wide_or_only_looks_deep_is_borne() -> None:
    for body in (b"[" + b"[],{}," * 2000 + b"1]", b'"' + b"[" * 5000 + b'"'):
        refuse_depth(body, msgspec.json.decode(body))
