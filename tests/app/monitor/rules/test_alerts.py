"""Each alert fires, does not fire, and resolves: three of promtool's unit tests, from what the predictors count."""

from pathlib import Path

import pytest

from app.monitor.rules.promql import Alert
from tests.app.monitor.rules.alert_cases import CASES, AlertCase
from tests.app.monitor.rules.promtool import Check, UnitTest, counting_alert, make_rules, pick_rules, run_unit_tests


def test_there_are_cases_for_every_alert_and_each_of_its_rules() -> None:
    alerts = [rule for group in make_rules(60) for rule in group.rules if isinstance(rule, Alert)]
    told_apart = {"LatheAvailabilityBurn": "burn", "LatheLatencyBurn": "burn"}
    told_apart |= {"LatheQualityWorse": "measure", "LatheQualityUnknown": "measure"}
    names = [
        f"{one.alert} {one.labels[told_apart[one.alert]]}" if one.alert in told_apart else one.alert for one in alerts
    ]
    assert sorted(names) == sorted(CASES)


def list_tests(name: str, case: AlertCase) -> list[UnitTest]:
    count = counting_alert(name.partition(" ")[0], **case.labels)
    fires, quiet = Check(case.at, count, 1), Check(case.at, count, None)
    return [
        UnitTest("fires", case.fires, [fires]),
        UnitTest("does not fire", case.quiet, [quiet, Check(case.later, count, None)]),
        UnitTest("resolves", case.resolves, [fires, Check(case.later, count, None)]),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "case"), CASES.items(), ids=CASES)
def test_an_alert_fires_does_not_and_resolves(tmp_path: Path, name: str, case: AlertCase) -> None:
    groups = pick_rules(make_rules(case.seconds), [name.partition(" ")[0]])
    done = run_unit_tests(tmp_path, groups, list_tests(name, case), case.seconds)
    assert done.returncode == 0, done.stdout + done.stderr
