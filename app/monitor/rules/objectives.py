"""The objectives file: what is promised of a served model, and from where on an alert fires."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from cli.errors import InputError
from cli.yaml_file import read_struct
from contract.dataset import Dataset
from contract.durations import DURATION_BUCKETS
from contract.schema import Struct

ROOT = Path(__file__).parents[3]
OBJECTIVES = ROOT / "gitops" / "components" / "monitoring" / "objectives.yaml"
WINDOW = re.compile(r"[1-9]\d{0,3}[mhd]")
HOUR, DAY = "1h", "24h"  # the rules on single values and on labels look back so far
UNIT_SECONDS = {"m": 60, "h": 3600, "d": 86400}

Share = Annotated[float, msgspec.Meta(gt=0, lt=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=300)]


class Scraping(Struct, frozen=True):
    """How Prometheus reads the predictors: the rules that count are evaluated as often.

    `timeout_seconds`: a rule looks at what is older, so that no scrape which is still under way is missed.
    `bridged`: the longest time without a scrape whose rows are still counted afterwards.
    """

    job: str
    interval_seconds: Seconds
    timeout_seconds: Seconds
    bridged: str


class AvailabilityObjective(Struct, frozen=True):
    """The share of predictions that are not answered with 5xx."""

    ratio: Share


class LatencyObjective(Struct, frozen=True):
    """The share of requests of `route` that are answered within `seconds`, a bound of the duration's buckets."""

    route: str
    seconds: Positive
    ratio: Share


class DriftLimits(Struct, frozen=True):
    """Stability index less what chance adds: from `warn` on somebody looks, from `retrain` on it is fitted anew.

    `windows`: how far each rule looks back. For clients whose rows come in bursts leave the shortest out.
    """

    warn: Positive
    retrain: Positive
    windows: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=6)]


class ValueLimits(Struct, frozen=True):
    """The share of a column's values that may be missing, undeclared, or outside what training saw."""

    missing: Share
    unknown: Share
    out_of_range: Share


class LabelObjective(Struct, frozen=True):
    """`coverage`: the share of decided rows whose outcome is to come back within a day."""

    coverage: Share


class QualityFloors(Struct, frozen=True):
    """One model's: the least precision and recall, and the most that a row may cost, in the dataset file's currency."""

    precision: Share | None = None
    recall: Share | None = None
    cost: Positive | None = None


class Objectives(Struct, frozen=True):
    """The file; `quality` by the name of the dataset. Without `labels` no outcomes are expected.

    `calibration`: standard errors between a day's labels and what the scores say, from which on an alert fires.
    """

    runbook: str
    scraping: Scraping
    availability: AvailabilityObjective
    latency: LatencyObjective
    drift: DriftLimits
    values: ValueLimits
    max_age_days: Positive
    calibration: Positive
    quality: dict[str, QualityFloors] = msgspec.field(default_factory=dict)
    labels: LabelObjective | None = None


def load_objectives(path: Path = OBJECTIVES) -> Objectives:
    """Raises: InputError that names the file, the place in it, what was found and what was expected."""
    objectives = read_struct(path, Objectives)
    for problem in _find_problems(objectives):
        raise InputError(f"{path}: {problem}")
    return objectives


def check_models(objectives: Objectives, datasets: tuple[Dataset, ...], path: Path = OBJECTIVES) -> None:
    """Raises: InputError if the file has floors of a model that there is not, or that has no such quality."""
    tasks = {dataset.name: dataset.task for dataset in datasets}
    for name in objectives.quality:
        if name not in tasks:
            raise InputError(f"{path}: quality names {name!r}, expected one of {', '.join(sorted(tasks))}")
        if tasks[name] != "binary":
            raise InputError(
                f"{path}: quality.{name} has floors of decisions, and {name} is a {tasks[name]}: remove them"
            )


def to_seconds(window: str) -> int:
    """The seconds of a duration such as 15m."""
    return int(window[:-1]) * UNIT_SECONDS[window[-1]]


def _find_problems(objectives: Objectives) -> Iterator[str]:
    for name, value in _list_numbers(msgspec.to_builtins(objectives), ""):
        if not math.isfinite(value):
            yield f"{name} is {value}, expected a finite number"
    yield from _find_wrong_windows(objectives)
    scraping, drift, latency = objectives.scraping, objectives.drift, objectives.latency
    if scraping.timeout_seconds > scraping.interval_seconds:
        found = f"{scraping.timeout_seconds} s, longer than the interval of {scraping.interval_seconds} s"
        yield f"scraping.timeout_seconds is {found}; expected at most as long"
    if not drift.warn < drift.retrain:
        yield f"drift.warn is {drift.warn:g}, expected less than drift.retrain, which is {drift.retrain:g}"
    if latency.seconds not in DURATION_BUCKETS:
        bounds = ", ".join(f"{bound:g}" for bound in DURATION_BUCKETS)
        yield f"latency.seconds is {latency.seconds:g}, expected a bound of the predictor's buckets: {bounds}"
    if re.fullmatch(r"/[\w/{}.-]*", latency.route) is None:
        yield f"latency.route is {latency.route!r}, expected a path such as /v1/predict"
    if re.fullmatch(r"[\w./-]+", scraping.job) is None:
        yield f"scraping.job is {scraping.job!r}, expected the name of a job of Prometheus"
    if re.fullmatch(r"https?://[^\s#?]+|[\w./-]+", objectives.runbook) is None:
        yield f"runbook is {objectives.runbook!r}, expected an address or a path, without # and ?"


def _find_wrong_windows(objectives: Objectives) -> Iterator[str]:
    windows, bridged = objectives.drift.windows, objectives.scraping.bridged
    for place, window in (("scraping.bridged", bridged), *(("drift.windows", one) for one in windows)):
        if WINDOW.fullmatch(window) is None:
            yield f"{place} has {window!r}, expected minutes, hours or days such as 15m, 6h or 1d"
            return
    seconds = [to_seconds(window) for window in windows]
    if sorted(set(seconds)) != seconds:
        yield f"drift.windows are {', '.join(windows)}, expected them to grow"
    for needed in (HOUR, DAY):
        if needed not in windows:
            yield f"drift.windows are {', '.join(windows)}, expected {needed} among them"
    for place, found in (("drift.windows", seconds[0]), ("scraping.bridged", to_seconds(bridged))):
        if found < 2 * objectives.scraping.interval_seconds:
            yield f"{place} has {found} s, expected at least two scrapes"


def _list_numbers(value: object, place: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _list_numbers(part, f"{place}.{name}" if place else str(name))
    elif isinstance(value, float):
        yield place, value
