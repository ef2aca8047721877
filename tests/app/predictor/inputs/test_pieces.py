"""Bytes are counted up to a limit."""

from hypothesis import given
from hypothesis import strategies as st

from app.predictor.inputs.pieces import count_until, has_more


@given(st.binary(max_size=50).map(lambda body: body.replace(b"a", b"{")), st.integers(0, 20))
def test_counting_ends_behind_the_limit(body: bytes, limit: int) -> None:
    assert count_until(body, b"{", limit) == min(body.count(b"{"), limit + 1)
    assert has_more(body, b"{", limit) == (body.count(b"{") > limit)
