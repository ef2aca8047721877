"""The simulation's findings as Markdown."""

import math
from collections.abc import Callable

from app.monitor.rules.objectives import load_objectives
from bench.drift.alarm_rules import AlarmRule, list_rules
from bench.drift.alarms import AlarmFindings, AlarmSettings, count_replications, group_rules, simulate_alarms
from bench.drift.population import load_populations
from bench.reporting.tables import render_table
from contract.psi import FEWEST_ROWS, Z
from contract.quality import measure_share
from training.data.dataset_file import load_dataset

DATASET = "ai4i"
USELESS = 0.1  # of the weeks: a rule that alarms so often without drift has no delay


def make_alarm_report(source: str | None, settings: AlarmSettings, say: Callable[[str], None]) -> str:
    """Simulates with the rows of `source`, or the generator's, and the limits of the objectives file.

    Raises: InputError, OutsideError.
    """
    origin, populations = load_populations(load_dataset(DATASET), source or None)
    rules = list_rules(load_objectives().drift)
    findings = simulate_alarms(populations, rules, settings, say)
    return render_alarms(findings, rules, tuple(one.feature for one in populations), settings, origin)


def render_alarms(
    findings: AlarmFindings,
    rules: tuple[AlarmRule, ...],
    features: tuple[str, ...],
    settings: AlarmSettings,
    origin: str,
) -> str:
    """What was simulated, the weeks without drift, and a table of delays for each feature."""
    parts = [
        _describe(rules, features, settings, origin),
        "### Weeks without drift that have an alarm",
        _render_weeks(findings, rules, settings),
        _bound_ours(findings, rules, settings),
        *(
            part
            for feature in features
            for part in (
                f"### Median delay after a shift of `{feature}`",
                _render_delays(findings, rules, feature, settings),
            )
        ),
    ]
    return "\n\n".join(parts) + "\n"


def write_minutes(minutes: float) -> str:
    """A delay as a person would say it."""
    if math.isinf(minutes):
        return "never"
    if minutes < 100:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.1f} h"


def _describe(rules: tuple[AlarmRule, ...], features: tuple[str, ...], settings: AlarmSettings, origin: str) -> str:
    rare = group_rules(rules)[-1]
    weeks, changes = (count_replications(rare, number) for number in (settings.weeks, settings.changes))
    return (
        f"Rows are drawn from {origin}; Poisson arrivals; a reference of {settings.reference_rows:,} rows drawn anew "
        f"in each replication; every rule judges its windows each minute, from {FEWEST_ROWS} rows on where it does "
        f"not say more. A week begins with empty windows, as after a release; a shift comes after a day. Lower bound: "
        f"{Z:g} standard errors below the index less its bias. {settings.weeks} weeks and {settings.changes} changes "
        f"for each of the {len(features)} features, rates and shifts; {weeks} and {changes} for the mean of replicas "
        f"and for Evidently. Seed {settings.seed}."
    )


def _render_weeks(findings: AlarmFindings, rules: tuple[AlarmRule, ...], settings: AlarmSettings) -> str:
    header = ["rule", *(f"{rate:g} rows/s" for rate in settings.rates)]
    rows = []
    for rule in rules:
        found = [findings.weeks[rule.title, rate] for rate in settings.rates]
        rows.append([rule.title, *(f"{one.alarmed} of {one.weeks}" for one in found)])
    return render_table(header, rows)


def _bound_ours(findings: AlarmFindings, rules: tuple[AlarmRule, ...], settings: AlarmSettings) -> str:
    found = [findings.weeks[rules[0].title, rate] for rate in settings.rates]
    alarmed, weeks = sum(one.alarmed for one in found), sum(one.weeks for one in found)
    share = measure_share(alarmed, weeks)
    most = share.high if share else 1.0
    return (
        f"{rules[0].title}: {alarmed} alarms in {weeks:,} weeks of a feature, so with 95 % confidence at most "
        f"{most:.2%} of them have one."
    )


def _render_delays(findings: AlarmFindings, rules: tuple[AlarmRule, ...], feature: str, settings: AlarmSettings) -> str:
    """Cells hold one delay a rate."""
    rates = " / ".join(f"{rate:g}" for rate in settings.rates)
    header = [f"at {rates} rows/s", *(f"{shift:g} σ" for shift in settings.shifts)]
    return render_table(
        header,
        (
            [rule.title, *(_write_delays(findings, rule, feature, shift, settings) for shift in settings.shifts)]
            for rule in rules
        ),
    )


def _write_delays(findings: AlarmFindings, rule: AlarmRule, feature: str, shift: float, settings: AlarmSettings) -> str:
    """A dash where the rule alarms without drift so often that an alarm says nothing."""
    cells = []
    for rate in settings.rates:
        weeks = findings.weeks[rule.title, rate]
        useless = weeks.alarmed > USELESS * weeks.weeks
        cells.append("–" if useless else write_minutes(findings.delays[rule.title, feature, shift, rate]))
    return " / ".join(cells)
