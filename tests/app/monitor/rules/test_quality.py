"""The quality of the rules is that of the contract, to 1e-12; what is not known has no series."""

from pathlib import Path

import pytest

from app.monitor.rules.groups import load_datasets
from contract.quality import (
    Estimated,
    Events,
    LabelSums,
    ScoreSums,
    estimate_events,
    expect_events,
    measure_calibration,
    measure_cost,
    measure_precision,
    measure_recall,
    measure_share,
)
from tests.app.monitor.rules.promtool import Check, UnitTest, expect_value, make_rules, pick_rules, run_unit_tests
from tests.app.monitor.rules.series import Sides, quality_of

SECONDS, STEPS, AT = 300, 12, "50m"
NO_LABELS = LabelSums(0, 0, 0, 0)
# what was decided true, and what false
CASES: dict[str, Sides] = {
    "as calibrated": (
        (ScoreSums(800, 680.5, 71.25), LabelSums(40, 33, 34.1, 4.2)),
        (ScoreSums(19200, 152.75, 140.5), LabelSums(960, 8, 7.6, 7.1)),
    ),
    "a sensor's offset: the scores say 0.94, the labels 0.14": (
        (ScoreSums(3000, 2820.0, 90.0), LabelSums(150, 21, 141.0, 112.0)),
        (ScoreSums(17000, 85.0, 80.0), LabelSums(850, 11, 4.25, 10.2)),
    ),
    "no event among the labels": (
        (ScoreSums(100, 50.0, 20.0), LabelSums(30, 0, 15.0, 8.0)),
        (ScoreSums(900, 9.0, 8.5), LabelSums(40, 0, 0.4, 0.02)),
    ),
    "labels for alarms alone": (
        (ScoreSums(800, 680.5, 71.25), LabelSums(40, 33, 34.1, 4.2)),
        (ScoreSums(19200, 152.75, 140.5), NO_LABELS),
    ),
    "a label too few": (
        (ScoreSums(800, 680.5, 71.25), LabelSums(29, 25, 24.0, 3.0)),
        (ScoreSums(19200, 152.75, 140.5), NO_LABELS),
    ),
    "no alarms": (
        (ScoreSums(0, 0.0, 0.0), NO_LABELS),
        (ScoreSums(19200, 152.75, 140.5), LabelSums(960, 8, 7.6, 7.1)),
    ),
}  # fmt: skip # a table


def list_checks(name: str, window: str, estimated: Estimated | None) -> list[Check]:
    ends = zip(("", "_low", "_high"), estimated or (None, None, None), strict=True)
    series = [(f"lathe:{name}{end}:{window}", value) for end, value in ends]
    return [Check(AT, one, None) if value is None else expect_value(one, value, AT) for one, value in series]


def expect_everything(sides: Sides) -> list[Check]:
    costs = load_datasets()[0].costs
    assert costs is not None
    (alarms, of_alarms), (others, of_others) = sides
    expected: tuple[Events, Events] = (expect_events(alarms), expect_events(others))
    estimated = (estimate_events(alarms, of_alarms), estimate_events(others, of_others))
    checks = list_checks("expected_precision", "1h", measure_precision(expected[0]))
    checks += list_checks("expected_recall", "1h", measure_recall(*expected))
    checks += list_checks("expected_cost", "1h", measure_cost(*expected, costs.missed, costs.false_alarm))
    checks += list_checks("precision", "24h", measure_precision(estimated[0]) if estimated[0] else None)
    both = (estimated[0], estimated[1])
    whole = both[0] is not None and both[1] is not None
    checks += list_checks("recall", "24h", measure_recall(*both) if whole else None)  # type: ignore[arg-type]
    priced = measure_cost(*both, costs.missed, costs.false_alarm) if whole else None  # type: ignore[arg-type]
    checks += list_checks("cost", "24h", priced)
    checks += list_checks("labelled_precision", "24h", measure_share(of_alarms.events, of_alarms.rows))
    events = of_alarms.events + of_others.events
    checks += list_checks("labelled_recall", "24h", measure_share(of_alarms.events, events))
    z = measure_calibration([*sides])
    checks += [
        Check(AT, "lathe:calibration_z:24h", None) if z is None else expect_value("lathe:calibration_z:24h", z, AT)
    ]
    for decision, (scores, labels) in zip(("true", "false"), sides, strict=True):
        series = f'lathe:label_coverage:24h{{decision="{decision}"}}'
        checks.append(expect_value(series, labels.rows / scores.rows, AT) if scores.rows else Check(AT, series, None))
    has_labels = of_alarms.rows + of_others.rows > 0
    return [*checks, expect_value("lathe:label_delay_seconds:24h", 90, AT)] if has_labels else checks


@pytest.mark.slow
@pytest.mark.parametrize("sides", CASES.values(), ids=CASES)
def test_every_estimate_and_its_ends_are_those_of_the_contract(tmp_path: Path, sides: Sides) -> None:
    checks = expect_everything(sides)
    records = {rule.partition("{")[0] for check in checks for rule in [check.expr.removeprefix("count(abs(")]}
    groups = pick_rules(make_rules(SECONDS), {record.split(" ")[0] for record in records})
    done = run_unit_tests(tmp_path, groups, [UnitTest("quality", quality_of(sides, STEPS), checks)], SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(checks) > 25
