"""What a load says of the objectives, by its replies."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.monitor.load.judgement import count_needed, judge_replies, judge_share
from app.monitor.load.open_loop import Reply


def answer(count: int, seconds: float = 0.001, status: int = 200, late: float = 0.0) -> list[Reply]:
    return [Reply(status, seconds, due=index / 100, late=late) for index in range(count)]


def judge(replies: list[Reply], availability: float = 0.99) -> dict[str, str]:
    found = judge_replies(replies, availability, 0.05, 0.99)
    return {**{promise.name: promise.verdict for promise in found.promises}, "all": found.verdict}


def test_many_quick_answers_keep_what_few_cannot_show() -> None:
    assert judge(answer(1000)) == {"availability": "kept", "latency": "kept", "all": "kept"}
    assert judge(answer(100)) == {"availability": "unknown", "latency": "unknown", "all": "unknown"}


@pytest.mark.parametrize("status", [0, 302, 429, 500, 503])
def test_whatever_is_no_answer_misses_both(status: int) -> None:
    found = judge(answer(900) + answer(100, status=status))
    assert found == {"availability": "missed", "latency": "missed", "all": "missed"}


def test_a_late_answer_misses_the_latency_alone() -> None:
    assert judge(answer(900) + answer(100, 0.2)) == {"availability": "kept", "latency": "missed", "all": "missed"}


def test_a_program_that_sent_late_itself_says_nothing_of_the_latency() -> None:
    found = judge_replies(answer(900) + answer(100, 0.2, late=0.15), 0.99, 0.05, 0.99)
    assert [promise.verdict for promise in found.promises] == ["kept", "unknown"]
    assert "this program sent 100 of them late" in found.promises[1].text
    assert found.late_seconds == 0.15


@given(ratio=st.sampled_from([0.9, 0.99, 0.999, 0.9999]))
def test_as_many_requests_as_it_says_are_needed(ratio: float) -> None:
    needed = count_needed(ratio)
    assert judge_share("availability", ratio, needed, needed, "").verdict == "kept"
    assert judge_share("availability", ratio, needed - 2, needed - 2, "").verdict == "unknown"
    assert f"{needed:,} requests" in judge_share("availability", ratio, 10, 10, "").text


def test_without_a_request_nothing_is_known() -> None:
    assert judge([]) == {"availability": "unknown", "latency": "unknown", "all": "unknown"}
