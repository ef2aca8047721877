"""wrk's printed output as numbers; the files were printed by wrk 4.1 itself."""

from pathlib import Path

import pytest

from bench.wrk import parse_load
from cli.errors import CommandError

DATA = Path(__file__).parent / "data"


def read(name: str) -> str:
    return (DATA / f"wrk-{name}.txt").read_text()


def test_a_clean_run_is_read_with_its_units() -> None:
    load = parse_load(read("all-good"))
    assert (load.requests, load.requests_per_second) == (108102, 51475.55)
    assert (load.p50_ms, load.p90_ms, load.p99_ms) == pytest.approx((0.282, 0.404, 0.646))
    assert load.seconds == pytest.approx(2.1)
    assert load.is_clean


def test_latencies_in_seconds_become_milliseconds() -> None:
    assert parse_load(read("seconds")).p99_ms == pytest.approx(1200.0)


def test_microseconds_and_milliseconds_may_stand_in_one_output() -> None:
    load = parse_load(read("refused-some"))
    assert (load.p50_ms, load.p99_ms) == pytest.approx((0.310, 1.14))


def test_refused_requests_are_counted_and_the_run_is_not_clean() -> None:
    load = parse_load(read("refused-some"))
    assert (load.bad_statuses, load.socket_errors, load.is_clean) == (25840, 0, False)


def test_dropped_connections_are_counted_and_the_run_is_not_clean() -> None:
    load = parse_load(read("dropped-connections"))
    assert (load.bad_statuses, load.socket_errors, load.is_clean) == (0, 4183, False)


def test_a_server_that_answers_nothing_is_not_clean() -> None:
    load = parse_load(read("no-answers"))
    assert load.requests == 0
    assert not load.is_clean


@pytest.mark.parametrize("name", ["refused-connections", "usage"])
def test_output_without_figures_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="no totals or percentiles"):
        parse_load(read(name))


def test_no_output_is_refused_and_said_to_be_empty() -> None:
    with pytest.raises(CommandError, match="it is empty"):
        parse_load("")
