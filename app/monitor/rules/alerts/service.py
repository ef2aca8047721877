"""Alerts of the service itself: it is not scraped, it fails, it is slow."""

from app.monitor.rules.alerts.writer import PERCENT, SERVICE_WHERE, AlertWriter
from app.monitor.rules.burn import BURN_RATES, BurnRate
from app.monitor.rules.objectives import Objectives
from app.monitor.rules.promql import PLACE, SERVICE, Alert, by, on


def list_service(make: AlertWriter, objectives: Objectives) -> list[Alert]:
    up = f'up{{job="{objectives.scraping.job}"}}'
    expected = f"{by((*PLACE, 'job'), 'group')} (last_over_time({up}[1d]))"
    answers = f"{by((*PLACE, 'job'), 'group')} ({up} == 1)"
    dead = f"{expected}\nunless {on((*PLACE, 'job'))} {answers}"
    return [
        make(
            "LatheScrapeDead", dead, "2m", "critical", "scrape",
            (
                "No pod of {{ $labels.namespace }} is scraped",
                "Prometheus reads no predictor there: every other rule is blind.",
            ),
        ),
        make(
            "LatheScrapeFailing", f"{up} == 0\nand {on(PLACE)} ({answers})", "10m", "warning", "scrape",
            ("{{ $labels.instance }} in {{ $labels.namespace }} is not scraped", "What this pod counts is in no rule."),
        ),
        *(
            _burn(make, name, rate, 1 - ratio, what)
            for name, ratio, what in (
                ("availability", objectives.availability.ratio, "are answered with 5xx"),
                ("latency", objectives.latency.ratio, f"take longer than {objectives.latency.seconds:g} s"),
            )
            for rate in BURN_RATES
        ),
    ]  # fmt: skip # a table


def _burn(make: AlertWriter, name: str, rate: BurnRate, budget: float, what: str) -> Alert:
    limit = f"{rate.factor:g} * {budget:.12g}"  # 1 - 0.999 is not 0.001 to the last bit
    series = f"lathe:{name}_error_ratio:rate"
    expr = f"{series}{rate.long} > {limit}\nand {on(SERVICE)} {series}{rate.short} > {limit}"
    summary = f"{SERVICE_WHERE}: the month's budget of {name} goes {rate.factor:g} times too fast"
    description = f"{PERCENT} of the predictions of the last {rate.long} {what}; the objective allows {budget:.3g}."
    title = f"Lathe{name.capitalize()}Burn"
    return make(title, expr, rate.hold, rate.severity, name, (summary, description), burn=f"{rate.factor:g}")
