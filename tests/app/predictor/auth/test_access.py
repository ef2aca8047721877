"""API keys: who is let in, how often, and that a changed file counts without a restart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predictor.auth.access import Access, Bucket
from app.predictor.auth.key_file import make_key
from app.predictor.http.errors import ApiError, RateLimitedError
from tests.app.predictor.secrets_folder import swap_secret


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def bearer(key: str) -> dict[bytes, bytes]:
    return {b"authorization": b"Bearer " + key.encode()}


def code_of(ask: Callable[[], Any]) -> str:
    """The code of the error, or `ok`."""
    try:
        ask()
    except ApiError as error:
        return error.code
    return "ok"


def test_a_key_is_taken_in_either_header(tmp_path: Path) -> None:
    key, line = make_key("press")
    path = tmp_path / "keys"
    path.write_text(line)
    access = Access(path)
    for headers in (bearer(key), {b"authorization": b"bearer  " + key.encode()}, {b"x-api-key": key.encode()}):
        assert access.admit(headers, "predict").caller.name == "press"
    other = make_key("press")[0]
    strange = make_key("stranger")[0]
    for headers in (
        {},
        bearer(other),
        bearer(strange),
        bearer(""),
        {b"authorization": key.encode()},
        bearer(key + "x"),
    ):
        assert code_of(lambda h=headers: access.admit(h, "predict")) == "unauthorized"  # type: ignore[misc]


def test_a_swapped_secret_counts_after_a_second(tmp_path: Path, clock: Clock) -> None:
    (old, old_line), (new, new_line) = make_key("old"), make_key("new")
    access = Access(swap_secret(tmp_path, old_line), clock)
    swap_secret(tmp_path, new_line)
    clock.now += 0.5
    assert code_of(lambda: access.admit(bearer(old), "predict")) == "ok"
    clock.now += 0.6
    assert code_of(lambda: access.admit(bearer(old), "predict")) == "unauthorized"
    assert code_of(lambda: access.admit(bearer(new), "predict")) == "ok"
    assert access.reloads == {"ok": 1, "failed": 0}


@pytest.mark.parametrize("content", ["", "broken", None])
def test_a_broken_new_file_keeps_the_old_keys(tmp_path: Path, clock: Clock, content: str | None) -> None:
    key, line = make_key("press")
    path = tmp_path / "keys"
    path.write_text(line)
    access = Access(path, clock)
    path.unlink()
    if content is not None:
        path.write_text(content)
    for _ in range(3):  # told once, not each second
        clock.now += 2
        assert code_of(lambda: access.admit(bearer(key), "predict")) == "ok"
    assert access.reloads == {"ok": 0, "failed": 1}
    path.write_text(line + "\n# repaired\n")
    clock.now += 2
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "ok"
    assert access.reloads == {"ok": 1, "failed": 1}


def test_a_key_allows_only_what_its_line_says(tmp_path: Path) -> None:
    key, line = make_key("labels")
    path = tmp_path / "keys"
    path.write_text(f"{line} allow=feedback")
    access = Access(path)
    assert code_of(lambda: access.admit(bearer(key), "feedback")) == "ok"
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "forbidden"
    assert access.callers["labels"].answers == {"accepted": 1, "forbidden": 1, "limited": 0}


def test_requests_beyond_the_rate_wait_as_long_as_they_are_told(tmp_path: Path, clock: Clock) -> None:
    key, line = make_key("press")
    path = tmp_path / "keys"
    path.write_text(f"{line} requests_per_second=0.25")
    access = Access(path, clock)
    access.admit(bearer(key), "predict")
    with pytest.raises(RateLimitedError) as told:
        access.admit(bearer(key), "predict")
    assert told.value.retry_after_seconds == 4
    clock.now += 3.9
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "rate_limited"
    clock.now += 0.2
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "ok"


def test_a_change_elsewhere_in_the_file_gives_no_new_tokens(tmp_path: Path, clock: Clock) -> None:
    key, line = make_key("press")
    path = tmp_path / "keys"
    path.write_text(f"{line} requests_per_second=0.1")
    access = Access(path, clock)
    access.admit(bearer(key), "predict")
    path.write_text(f"{line} requests_per_second=0.1\n{make_key('other')[1]}")
    clock.now += 2
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "rate_limited"
    assert access.reloads["ok"] == 1


def test_rows_are_taken_before_they_are_scored_so_that_others_of_the_key_see_them(tmp_path: Path, clock: Clock) -> None:
    key, line = make_key("press")
    path = tmp_path / "keys"
    path.write_text(f"{line} rows_per_second=50")
    access = Access(path, clock)
    charges = [access.admit(bearer(key), "predict") for _ in range(12)]  # all of them by their heads
    charges[0].reserve(10_000)
    for charge in charges[1:]:
        assert code_of(lambda charge=charge: charge.reserve(10_000)) == "rate_limited"  # type: ignore[misc]
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "rate_limited"
    charges[0].settle(0)  # it was refused
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "ok"
    charges[1].reserve(10_000)
    charges[1].settle(10_000)
    clock.now += 198
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "rate_limited"
    clock.now += 3
    assert code_of(lambda: access.admit(bearer(key), "predict")) == "ok"
    assert access.callers["press"].rows == 10_000
    assert access.callers["press"].answers == {"accepted": 3, "forbidden": 0, "limited": 13}


def test_of_the_uploads_of_a_key_only_the_oldest_goes_on_in_debt(tmp_path: Path, clock: Clock) -> None:
    key, line = make_key("press")
    path = tmp_path / "keys"
    path.write_text(f"{line} rows_per_second=50")
    access = Access(path, clock)
    first, second = (access.admit(bearer(key), "batch") for _ in range(2))
    first.begin_upload()
    second.begin_upload()
    first.add(1000)
    first.add(1000)
    assert code_of(lambda: second.add(10)) == "rate_limited"
    second.end_upload()
    first.end_upload()
    assert code_of(lambda: access.admit(bearer(key), "batch")) == "rate_limited"
    clock.now += 41
    assert code_of(lambda: access.admit(bearer(key), "batch")) == "ok"


@given(st.lists(st.floats(0, 3), max_size=60), st.floats(0.1, 50))
def test_a_bucket_never_gives_more_than_its_rate_and_one_burst(pauses: list[float], rate: float) -> None:
    now, taken = 0.0, 0
    bucket = Bucket(rate)
    for pause in pauses:
        now += pause
        if bucket.seconds_until_one(now) <= 0:
            bucket.take(1, now)
            taken += 1
    assert taken <= max(rate, 1) + rate * now + 1e-6
