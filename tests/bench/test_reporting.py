"""Medians over rounds, the best peer, and ratios to it."""

import pytest

from bench.machine import describe_machine
from bench.reporting.claims import AT_LEAST, AT_MOST, Claim, check_claims
from bench.reporting.results import Entry, Results, Run, Settings
from bench.reporting.summary import Figures, best_peer, of_kind, ratio_to_best, summarise
from bench.reporting.tables import render_claims, render_figures, render_table
from bench.wrk import Load


def figures(
    name: str, kind: str, rates: tuple[float, float, float], batches: dict[str, float] | None = None
) -> Figures:
    by_connections = dict(zip(("1", "16", "64"), rates, strict=True))
    return Figures(
        entry=Entry(name, name.title(), kind, 100 * 2**20, 100, {}),
        requests_per_second=by_connections,
        p50_ms=dict.fromkeys(by_connections, 1.0),
        p99_ms={key: 10_000 / rate for key, rate in by_connections.items()},
        cpu_us=50.0,
        cold_start_seconds=1.0,
        resident_bytes=100 * 2**20,
        batch_rows_per_second=batches or {},
    )


LATHE = figures("lathe", "lathe", (600, 1200, 1000), {"records": 90.0, "tensor": 200.0})
SLOW = figures("slow", "peer", (100, 50, 200), {"tensor": 80.0})
FAST = figures("fast", "peer", (50, 100, 50), {"tensor": 100.0})
ECHO = figures("echo", "ceiling", (9000, 9000, 9000))
ALL = [LATHE, SLOW, FAST, ECHO]


def test_the_best_peer_is_chosen_for_each_number_of_connections() -> None:
    assert best_peer(ALL, "16") is FAST
    assert best_peer(ALL, "64") is SLOW


def test_neither_lathe_nor_a_ceiling_is_a_peer() -> None:
    assert of_kind(ALL, "peer") == [SLOW, FAST]
    assert best_peer([LATHE, ECHO], "16") is None


def test_the_ratio_is_to_the_best_peer_at_the_same_connections() -> None:
    assert ratio_to_best(LATHE, ALL, "16") == pytest.approx(12.0)
    assert ratio_to_best(LATHE, ALL, "64") == pytest.approx(5.0)


def test_without_a_peer_there_is_no_ratio() -> None:
    assert ratio_to_best(LATHE, [LATHE, ECHO], "16") is None


@pytest.mark.parametrize(
    ("direction", "found", "holds"),
    [(AT_LEAST, 2.0, True), (AT_LEAST, 1.9, False), (AT_MOST, 2.0, True), (AT_MOST, 2.1, False), (AT_MOST, None, None)],
)
def test_a_claim_holds_on_its_bound_and_is_open_without_a_figure(
    direction: str, found: float | None, holds: bool | None
) -> None:
    assert Claim("text", direction, 2.0, found).holds is holds


def test_claims_say_yes_and_no_by_the_figures() -> None:
    verdicts = {claim.text: claim.holds for claim in check_claims(ALL)}
    assert verdicts["requests/s ÷ best peer, 16 connections"] is True
    assert verdicts["requests/s ÷ best peer, 64 connections"] is False
    assert verdicts["batch rows/s as V2 tensor ÷ best peer"] is True
    assert verdicts["batch rows/s as named records ÷ best peer"] is False


def test_nothing_is_claimed_when_lathe_did_not_run() -> None:
    assert check_claims([SLOW, ECHO]) == []


def test_a_claim_that_fails_is_shown_so() -> None:
    assert "**does not hold**" in render_claims([Claim("text", AT_LEAST, 2.0, 1.0)])
    assert "not measured in this run" in render_claims([Claim("text", AT_LEAST, 2.0, None)])


def test_the_table_has_a_line_for_each_system_and_one_width() -> None:
    lines = render_figures(ALL, (1, 16, 64)).splitlines()
    assert len(lines) == 2 + len(ALL)
    assert {line.count("|") for line in lines} == {11}
    assert "| **Lathe** | 600 / 1,200 / 1,000 | 6.00 / 12.00 / 5.00 |" in lines[2]


def test_a_bar_in_a_cell_does_not_break_the_table() -> None:
    assert render_table(["a", "b"], [["x|y", "1"]]).splitlines()[-1] == "| x\\|y | 1 |"


def run(round_: int, rate: float) -> Run:
    load = Load(requests=10, seconds=1.0, requests_per_second=rate, p50_ms=rate, p90_ms=rate, p99_ms=rate)
    return Run("slow", round_, rate, 0.0, int(rate), rate, {"16": load}, {"tensor": load})


def test_one_slow_round_does_not_move_the_median() -> None:
    settings = Settings("short", 3, 1, (16,), 1000, 4, "bundle", 300)
    runs = [run(0, 100.0), run(1, 1.0), run(2, 104.0)]
    found = summarise(Results(describe_machine(), settings, [SLOW.entry, FAST.entry], runs, {}, {}, []))
    assert [one.entry.name for one in found] == ["slow"]  # the other finished no run
    assert found[0].requests_per_second == {"16": 100.0}
    assert found[0].batch_rows_per_second == {"tensor": 100_000.0}
    assert found[0].cold_start_seconds == pytest.approx(100.0)
