"""Limits that colour the panels: those of the rules, from the one objectives file."""

from functools import cache

from app.monitor.dashboards.elements import Steps
from app.monitor.rules.objectives import Objectives, load_objectives

TEN_TIMES = 10  # too many errors: the budget of a month lasts three days


@cache
def read_objectives() -> Objectives:
    """Raises: InputError if the file is not usable."""
    return load_objectives()


def colour_drift(least: str) -> Steps:
    """Of an index's lower bound; `least` is the colour of what is below every limit."""
    drift = read_objectives().drift
    return [(None, least), (drift.warn, "orange"), (drift.retrain, "red")]


def colour_errors() -> Steps:
    allowed = 1 - read_objectives().availability.ratio
    return [(None, "green"), (round(allowed, 9), "yellow"), (round(TEN_TIMES * allowed, 9), "red")]


def mark_errors(least: str) -> Steps:
    """Red from the share on that the objective allows."""
    return [(None, least), (round(1 - read_objectives().availability.ratio, 9), "red")]


def colour_latency(least: str) -> Steps:
    return [(None, least), (read_objectives().latency.seconds, "red")]


def colour_calibration(usual: str) -> Steps:
    limit = read_objectives().calibration  # standard errors
    return [(None, "red"), (-limit, usual), (limit, "red")]
