"""Claims never exceed the room, and who waits for its client gives way."""

from hypothesis import given
from hypothesis import strategies as st

from app.predictor.admission.room import PATIENCE_SECONDS, Claim, Room


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_does_not_fit_is_refused_until_something_is_released() -> None:
    room = Room(10)
    first = room.claim("a", 8)
    assert first is not None
    assert room.claim("b", 3) is None
    room.release(first)
    room.release(first)
    assert room.used == 0
    assert room.claim("b", 3) is not None


def test_who_holds_more_gives_way_at_once_and_the_oldest_first() -> None:
    room, ended = Room(10), list[str]()
    for name in ("first", "second"):
        assert room.claim("greedy", 5, lambda name=name: ended.append(name)) is not None  # type: ignore[misc]
    assert room.claim("greedy", 5) is None
    assert room.claim("modest", 5) is not None
    assert ended == ["first"]
    assert room.claim("third", 5) is None  # the others hold no more
    assert ended == ["first"]


def test_after_a_while_anybody_gives_way() -> None:
    clock, ended = Clock(), list[str]()
    room = Room(10, clock)
    assert room.claim("a", 5, lambda: ended.append("a")) is not None
    clock.now += PATIENCE_SECONDS
    assert room.claim("a", 5, lambda: ended.append("late")) is not None
    assert room.claim("a", 5) is not None
    assert ended == ["a"]
    assert room.claim("a", 5) is None


def test_nobody_gives_way_in_vain_or_to_itself() -> None:
    clock, ended = Clock(), list[str]()
    room = Room(10, clock)
    own = room.claim("a", 4, lambda: ended.append("own"))
    other = room.claim("b", 6, lambda: ended.append("other"))
    assert own is not None
    assert other is not None
    clock.now += PATIENCE_SECONDS
    assert room.claim("c", 11) is None
    assert not room.grow(own, 7)
    assert ended == []
    assert room.grow(own, 6)
    assert ended == ["other"]
    assert not room.grow(other, 1)
    assert room.used == 10


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 7), st.booleans(), st.integers(0, 3)), max_size=60))
def test_the_room_is_never_exceeded(steps: list[tuple[str, int, bool, int]]) -> None:
    clock = Clock()
    room, kept = Room(12, clock), list[Claim]()
    for client, size, waits, step in steps:
        clock.now += step
        claim = room.claim(client, size, (lambda: None) if waits else None)
        if claim is not None:
            kept.append(claim)
        if step == 1 and kept:
            room.grow(kept[-1], size)
        if step == 2 and kept:
            room.release(kept.pop(0))
        assert room.used == sum(claim.size for claim in room._claims) <= room.capacity
    for claim in kept:
        room.release(claim)
    assert room.used == 0
