"""docs/drift-alarms.md has a row for every rule and every planted drift, with the limits that hold today."""

from app.monitor.rules.objectives import load_objectives
from bench.drift.alarm_rules import list_rules
from bench.drift.planted import DRIFTS
from bench.drift.population import load_populations
from bench.places import ROOT
from contract.dataset import Dataset

TEXT = (ROOT / "docs" / "drift-alarms.md").read_text(encoding="utf-8")


def test_every_rule_has_its_weeks_and_its_delays(ai4i: Dataset) -> None:
    _, populations = load_populations(ai4i, None)
    for rule in list_rules(load_objectives().drift):
        assert TEXT.count(f"\n| {rule.title} |") == 1 + len(populations), rule.title
    assert all(f"shift of `{one.feature}`" in TEXT for one in populations)


def test_every_planted_drift_has_its_precision_and_its_recall() -> None:
    for drift in DRIFTS:
        assert TEXT.count(f"\n| {drift.title} |") == 2, drift.title
