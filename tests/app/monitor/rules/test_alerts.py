"""Each alert fires, does not fire, and resolves: three of promtool's unit tests, from what the predictors count."""

from pathlib import Path

import pytest

from app.monitor.rules.promql import Alert
from tests.app.monitor.rules.alert_cases import BESIDE, CASES, AlertCase, group_of
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
    # an AlertmanagerConfig takes the alerts of its own namespace alone
    routed = counting_alert(name.partition(" ")[0], namespace="lathe-test", **case.labels)
    fires, quiet = Check(case.at, routed, 1), Check(case.at, count, None)
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


@pytest.mark.slow
def test_rules_of_a_plain_prometheus_are_of_no_namespace(tmp_path: Path) -> None:
    """And its Alertmanager asks for none."""
    series = {group_of(BESIDE): "15x30", group_of(f"{BESIDE}-again"): "15x30"}
    count = counting_alert("LatheRulesTwice", namespace="")
    groups = pick_rules(make_rules(60), ["LatheRulesTwice"])
    done = run_unit_tests(tmp_path, groups, [UnitTest("fires", series, [Check("15m", count, 2)])], 60)
    assert done.returncode == 0, done.stdout + done.stderr
