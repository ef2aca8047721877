"""The experiments by name."""

import pytest

from bench.experiments.catalog import EXPERIMENTS, find_experiment
from bench.experiments.experiment import Experiment, Finding, Outcome, Promise, render_finding
from bench.systems import list_systems
from cli.errors import CommandError


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_names_known_systems_and_describes_itself(name: str) -> None:
    found = find_experiment(name)
    assert set(found.systems) <= {system.name for system in list_systems("model")}
    assert "lathe" in found.systems
    assert str(found.seconds) in found.about.format(seconds=found.seconds) or "{seconds}" not in found.about


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match="'rolling' is not known, expected one of rolling_restart"):
        find_experiment("rolling")


def test_a_finding_shows_its_cells_and_cases_side_by_side() -> None:
    def measure(*given: object) -> Outcome:
        raise AssertionError

    experiment = Experiment("name", "for {seconds} s", 5, ("a", "b"), measure, ("lathe",))
    one = Outcome(["1", "2"], [Promise("no loss", "0", holds=True)], {"NaN": "400"})
    other = Outcome(["3", "4"], [Promise("no loss", "7", holds=False)], {"NaN": "200", "null": "500"})
    finding = Finding(experiment, 7, {"Lathe": one, "peer": other}, {})
    text = render_finding(finding)
    assert "for 7 s" in text
    assert "| Lathe | 1 | 2 |" in text
    assert "| NaN | 400 | 200 |" in text
    assert "| null |  | 500 |" in text
    assert "| no loss | 0, holds | 7, **does not hold** |" in text
    assert finding.list_broken("Lathe") == []
    assert [promise.found for promise in finding.list_broken("peer")] == ["7"]
