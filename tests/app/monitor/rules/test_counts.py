"""The steps add up to what was scraped: over restarts in place, replaced pods, gaps between scrapes and new series."""

from pathlib import Path
from random import Random

import pytest

from tests.app.monitor.rules.promtool import Check, UnitTest, make_rules, pick_rules, run_unit_tests
from tests.app.monitor.rules.series import of_pod, pod

SECONDS, STEPS = 60, 50
AT = f"{STEPS + 5}m"
LONGEST_GAP = 8  # scrapes; ten minutes are bridged
TOTAL = "sum(sum_over_time(lathe:feature_rows:step[2h]))"
BINS = ("1", "2", "missing")


class History:
    """What Prometheus sees of one pod, drawn by chance, and how much of it a right count has."""

    def __init__(self, random: Random, *, gone: bool = False) -> None:
        self.random = random
        self.started = 0
        self.counters = dict.fromkeys(BINS, 0)
        self.scraped = dict.fromkeys(BINS, 0)  # of this process, so far
        self.samples: dict[str, list[str]] = {bin: [] for bin in BINS}
        self.starts: list[str] = []
        self.expected = 0
        self.gap = 0
        self.end = random.randrange(5, STEPS) if gone else STEPS
        for step in range(self.end):
            self._live(step)
        if gone:
            self._write("stale")

    def _live(self, step: int) -> None:
        if step and self.random.random() < 0.15:  # what this process had counted since its last scrape is lost
            self.started = step * SECONDS - self.random.randrange(1, SECONDS)
            self.counters, self.scraped = dict.fromkeys(BINS, 0), dict.fromkeys(BINS, 0)
        for bin in BINS:
            self.counters[bin] += self.random.choice((0, 0, 1, 7, 300))
        if self.gap == 0 and 0 < step < self.end - LONGEST_GAP - 2 and self.random.random() < 0.15:
            self.gap = self.random.randrange(1, LONGEST_GAP + 1)
            self._write(self.random.choice(("stale", "_")))
        elif self.gap > 1:
            self.gap -= 1
            self._write("_")
        else:
            self.gap = 0
            self._scrape()

    def _write(self, sample: str) -> None:
        self.starts.append(sample)
        for bin in BINS:
            self.samples[bin].append(sample)

    def _scrape(self) -> None:
        self.starts.append(str(self.started))
        for bin in BINS:
            self.samples[bin].append(str(self.counters[bin]))
            self.expected += self.counters[bin] - self.scraped[bin]
        self.scraped = dict(self.counters)

    def list_series(self, number: int) -> dict[str, str]:
        ready = " ".join(sample if sample in {"_", "stale"} else "1" for sample in self.starts)
        found = {
            f"process_start_time_seconds{{{pod(number)}}}": " ".join(self.starts),
            of_pod("lathe_ready", number): ready,
        }
        for bin in BINS:
            name = of_pod("lathe_feature_rows_total", number, feature="torque_nm", bin=bin)
            found[name] = " ".join(self.samples[bin])
        return found


def write_fleet(seed: int) -> UnitTest:
    """Three pods, one of which goes and is replaced by a fourth."""
    random = Random(seed)
    pods = [History(random, gone=number == 0) for number in range(4)]
    series: dict[str, str] = {}
    for number, history in enumerate(pods):
        series |= history.list_series(number)
    return UnitTest(f"fleet {seed}", series, [Check(AT, TOTAL, sum(one.expected for one in pods))])


def run_tests(folder: Path, *tests: UnitTest) -> None:
    groups = pick_rules(make_rules(SECONDS), ["lathe:feature_rows:step"])
    done = run_unit_tests(folder, groups, tests, SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_whatever_restarts_goes_or_is_not_scraped_each_row_that_was_scraped_counts_once(tmp_path: Path) -> None:
    run_tests(tmp_path, *(write_fleet(seed) for seed in range(60)))


def write_one(starts: str, rows: str, expected: float | None) -> UnitTest:
    series = {
        f"process_start_time_seconds{{{pod()}}}": starts,
        of_pod("lathe_ready"): "1x10",
        of_pod("lathe_feature_rows_total", feature="torque_nm", bin="1"): rows,
    }
    return UnitTest(f"{starts} {rows}", series, [Check("12m", TOTAL, expected)])


@pytest.mark.parametrize(
    ("starts", "rows", "expected"),
    [
        ("0x10", "5 6 6 9 9 9 9 9 9 9 9", 9),
        ("0x3 230x6", "5 6 6 9 9 9 9 9 9 9 9", 9 + 9),  # a new process that has counted no less than the old one
        ("0x3 230x6", "5 6 6 9 1 2 2 2 2 2 2", 9 + 2),
        (
            "-9000x10",
            "500 501 501 501 501 501 501 501 501 501",
            1,
        ),  # older than Prometheus: what was before is nobody's
        ("0x10", "_ _ _ 4 4 4 4 4 4 4 4", 4),  # a series that appears later
        ("-9000x10", "_ _ _ 4 4 4 4 4 4 4 4", 4),
    ],
)
def test_a_process_counts_from_its_start(tmp_path: Path, starts: str, rows: str, expected: float) -> None:
    run_tests(tmp_path, write_one(starts, rows, expected))


def test_a_fleet_without_traffic_has_counted_nothing_and_one_that_is_not_there_is_unknown(tmp_path: Path) -> None:
    nothing = UnitTest("not there", {}, [Check("12m", TOTAL, None)])
    run_tests(tmp_path, write_one("0x10", "0x10", 0), nothing)
