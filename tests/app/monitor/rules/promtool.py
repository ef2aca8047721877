"""Rules in promtool's own unit tests: series that are written down, and what an expression is to give at a time."""

import json
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from app.monitor.rules.groups import load_datasets, make_groups
from app.monitor.rules.objectives import Objectives, Scraping, load_objectives
from app.monitor.rules.promql import Alert, RuleGroup
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS

RECORDED = re.compile(r"\blathe:\w+:\w+")


class Check(NamedTuple):
    """At `at`, such as 90m, `expr` has this value, or none for None."""

    at: str
    expr: str
    value: float | None


class UnitTest(NamedTuple):
    """`series` in promtool's notation, one value each step of the interval."""

    name: str
    series: Mapping[str, str]
    checks: Sequence[Check]


def scraped_each(seconds: int) -> Objectives:
    """The checked-in objectives, with scrapes so far apart."""
    objectives = load_objectives()
    scraping = Scraping(
        job=objectives.scraping.job,
        interval_seconds=seconds,
        timeout_seconds=1,
        bridged=f"{max(seconds // 60, 1) * 10}m",
    )
    return msgspec.structs.replace(objectives, scraping=scraping)


def make_rules(seconds: int, objectives: Objectives | None = None) -> tuple[RuleGroup, ...]:
    return make_groups(objectives or scraped_each(seconds), load_datasets(), f"{seconds}s")


def pick_rules(groups: Sequence[RuleGroup], names: Iterable[str]) -> tuple[RuleGroup, ...]:
    """The rules of these names, and whatever they read."""
    rules = [(rule.alert if isinstance(rule, Alert) else rule.record, rule) for group in groups for rule in group.rules]
    wanted, found = set(names), set[str]()
    while wanted:
        found |= wanted
        wanted = {read for name, rule in rules if name in wanted for read in RECORDED.findall(rule.expr)} - found
    picked = []
    for group in groups:
        kept = tuple(r for r in group.rules if (r.alert if isinstance(r, Alert) else r.record) in found)
        picked += [replace(group, rules=kept)] if kept else []
    return tuple(picked)


def write_rules(folder: Path, records: Iterable[str], seconds: int = 1) -> Path:
    """A rule file for a Prometheus that scrapes the job `predictor` each so many seconds."""
    groups = pick_rules(make_rules(seconds), records)
    path = folder / "fleet-rules.json"
    path.write_text(json.dumps({"groups": msgspec.to_builtins(groups)}), encoding="utf-8")
    return path


def run_unit_tests(
    folder: Path, groups: Sequence[RuleGroup], tests: Sequence[UnitTest], seconds: int
) -> subprocess.CompletedProcess[str]:
    """What promtool says of the tests, evaluated each `seconds`."""
    (folder / "rules.json").write_text(json.dumps({"groups": msgspec.to_builtins(groups)}), encoding="utf-8")
    document = {
        "rule_files": ["rules.json"],
        "evaluation_interval": f"{seconds}s",
        "group_eval_order": [group.name for group in groups],
        "tests": [write_test(test, seconds) for test in tests],
    }
    path = folder / "tests.json"
    path.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
    return subprocess.run(
        [need_program("promtool"), "test", "rules", path],
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )


def write_test(test: UnitTest, seconds: int) -> dict[str, Any]:
    return {
        "name": test.name,
        "interval": f"{seconds}s",
        "input_series": [{"series": series, "values": values} for series, values in test.series.items()],
        "promql_expr_test": [
            {
                "expr": check.expr,
                "eval_time": check.at,
                "exp_samples": [] if check.value is None else [{"labels": "{}", "value": check.value}],
            }
            for check in test.checks
        ],
    }


def expect_value(series: str, value: float, at: str, exact: float = 1e-12) -> Check:
    """Exactly one series, to 1e-12; promtool itself compares floats to the last bit."""
    return Check(at, f"count(abs({series} - ({value!r})) <= {exact * max(abs(value), 1)!r})", 1)


def counting_alert(name: str, **labels: str) -> str:
    """How many of an alert fire; nothing where none does."""
    matchers = "".join(f', {label}="{value}"' for label, value in labels.items())
    return f'count(ALERTS{{alertname="{name}", alertstate="firing"{matchers}}})'
