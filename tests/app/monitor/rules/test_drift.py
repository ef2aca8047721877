"""The index of the rules is that of the contract, to 1e-12, and unknown below fifty rows."""

from pathlib import Path

import pytest

from contract.psi import measure_psi
from tests.app.monitor.rules.promtool import Check, UnitTest, expect_value, make_rules, pick_rules, run_unit_tests
from tests.app.monitor.rules.series import process, reference, rows_of

SECONDS, STEPS = 60, 31
WINDOW = "1h"
Case = tuple[dict[str, int], dict[str, float], int]
CASES: dict[str, Case] = {
    "no difference": ({"1": 100, "2": 200, "+Inf": 200}, {"1": 0.2, "2": 0.4, "+Inf": 0.4}, 8137),
    "an empty bin": ({"1": 400, "2": 400, "+Inf": 0}, {"1": 0.4, "2": 0.4, "+Inf": 0.2}, 8137),
    "a bin that the reference never saw": (
        {"1": 400, "2": 100, "missing": 50},
        {"1": 0.5, "2": 0.5, "missing": 0.0},
        8137,
    ),
    "all in one bin": ({"1": 0, "2": 0, "+Inf": 900}, {"1": 0.6, "2": 0.3, "+Inf": 0.1}, 8137),
    "a small reference": ({"1": 4000, "2": 5000, "+Inf": 1000}, {"1": 0.5, "2": 0.25, "+Inf": 0.25}, 4),
    "as few rows as say something": ({"1": 20, "2": 30}, {"1": 0.5, "2": 0.5}, 8137),
    "one bin": ({"1": 700}, {"1": 1.0}, 100),
}


def write_case(counts: dict[str, int], ratios: dict[str, float], rows: int) -> dict[str, str]:
    """All rows of a process that has just started come with its first scrape, and none later."""
    series = {**process(steps=STEPS), **reference(ratios, rows=rows, steps=STEPS)}
    return series | rows_of({bin: [(0, 1), (count, 1), (0, STEPS - 2)] for bin, count in counts.items()})


def expect(name: str, value: float) -> Check:
    return expect_value(f"lathe:feature_{name}:{WINDOW}", value, "30m")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_index_bias_error_and_ends_are_those_of_the_contract(tmp_path: Path, case: Case) -> None:
    counts, ratios, rows = case
    index = measure_psi(list(counts.values()), list(ratios.values()), rows)
    expected = {
        "total_rows": index.rows,
        "psi": index.psi,
        "psi_bias": index.bias,
        "psi_standard_error": index.standard_error,
        "psi_low": index.low,
        "psi_high": index.high,
    }
    checks = [expect(name, value) for name, value in expected.items()]
    groups = pick_rules(make_rules(SECONDS), [f"lathe:feature_{name}:{WINDOW}" for name in expected])
    done = run_unit_tests(tmp_path, groups, [UnitTest("index", write_case(*case), checks)], SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("few", [0, 1, 49])
def test_below_fifty_rows_there_is_no_index(tmp_path: Path, few: int) -> None:
    """Nothing rather than 0: a panel or an alert that sees no series does not take it for no drift."""
    ratios = {"1": 0.5, "2": 0.5}
    names = ("psi", "psi_bias", "psi_standard_error", "psi_low", "psi_high")
    checks = [Check("30m", f"lathe:feature_{name}:{WINDOW}", None) for name in names]
    groups = pick_rules(make_rules(SECONDS), [f"lathe:feature_{name}:{WINDOW}" for name in names])
    test = UnitTest("few", write_case({"1": 0, "2": few}, ratios, 8137), [*checks, expect("total_rows", few)])
    done = run_unit_tests(tmp_path, groups, [test], SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
