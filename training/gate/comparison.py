"""Candidate against champion and against the policy's floors, on the same rows and with 95 % intervals."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from contract.report import Check, MetricLine, Verdict
from contract.schema import Interval, Task
from contract.wording import write_interval
from training.gate.policy import MetricRule
from training.model.intervals import bound_samples, outcome_strata, resample_strata
from training.model.metrics import Judgement, Metric, Vector, task_metrics


def measure_judgements(
    judgements: Mapping[str, Judgement], metrics: Sequence[Metric], task: Task, resamples: int, seed: int
) -> tuple[MetricLine, ...]:
    """Every metric of each judgement, all on the same resamples of the same rows, so that differences are paired."""
    names, judged = list(judgements), list(judgements.values())
    exact = _measure_rows(judged, metrics, np.arange(len(judged[0].target)))
    known = np.array([np.isfinite(values).all() for values in exact])
    kept = [metric for index, metric in enumerate(metrics) if known[index]]
    samples = np.full((*exact.shape, resamples), np.nan)
    if kept:
        samples[known] = resample_strata(
            outcome_strata(judged[0].target, task),
            lambda rows: _measure_rows(judged, kept, rows).ravel(),
            resamples,
            seed,
        ).reshape(len(kept), len(judged), resamples)
    return tuple(
        _describe_metric(metric, dict(zip(names, exact[i], strict=True)), dict(zip(names, samples[i], strict=True)))
        for i, metric in enumerate(metrics)
    )


def _measure_rows(judged: Sequence[Judgement], metrics: Sequence[Metric], rows: NDArray[np.intp]) -> Vector:
    """Shape (metrics, judgements)."""
    parts = [judgement.take(rows) for judgement in judged]
    return np.array([[metric.compute(part) for part in parts] for metric in metrics])


def _describe_metric(metric: Metric, exact: Mapping[str, float], samples: Mapping[str, Vector]) -> MetricLine:
    intervals = {name: _bound(metric, exact[name], samples[name], metric.bounds) for name in exact}
    difference = None
    if "champion" in exact:
        sign = 1.0 if metric.higher_is_better else -1.0
        difference = _bound(
            metric,
            sign * (exact["candidate"] - exact["champion"]),
            sign * (samples["candidate"] - samples["champion"]),
            (-np.inf, np.inf),
        )
    values = {name: interval for name, interval in intervals.items() if interval is not None}
    return MetricLine(
        name=metric.name,
        label=metric.label,
        higher_is_better=metric.higher_is_better,
        values=values,
        difference=difference,
    )


def _bound(metric: Metric, exact: float, samples: Vector, bounds: tuple[float, float]) -> Interval | None:
    is_known = np.isfinite(exact) and np.isfinite(samples).all()
    return bound_samples(metric, exact, samples, bounds) if is_known else None


def best_constant(judgement: Judgement, metric: Metric) -> float:
    """What the best answer that ignores the row reaches: the mean or the median, with every alarm or none."""
    target = judgement.target
    values = [
        metric.compute(Judgement(target, np.full(len(target), answer), threshold, judgement.costs))
        for answer in (float(target.mean()), float(np.median(target)))
        for threshold in (np.inf, -np.inf)
    ]
    return max(values) if metric.higher_is_better else min(values)


def apply_rules(
    lines: Sequence[MetricLine], rules: Sequence[MetricRule], judgement: Judgement, task: Task
) -> tuple[MetricLine, ...]:
    """The lines with the policy's margins and floors, each in its metric's own unit."""
    metrics = {metric.name: metric for metric in task_metrics(task)}
    bounds = {}
    for rule in rules:
        scale = best_constant(judgement, metrics[rule.name]) if rule.relative else 1.0
        bounds[rule.name] = {"margin": _scale(rule.margin, scale), "floor": _scale(rule.floor, scale)}
    return tuple(msgspec.structs.replace(line, **bounds.get(line.name, {})) for line in lines)


def _scale(bound: float | None, scale: float) -> float | None:
    return None if bound is None else bound * scale


def check_lines(lines: Sequence[MetricLine], has_champion: bool) -> Iterator[Check]:
    """A comparison with the champion for each line with a margin, and a floor for each with a floor."""
    for line in lines:
        if line.margin is not None and has_champion:
            yield check_margin(line, line.margin)
        if line.floor is not None:
            yield check_floor(line, line.floor)


def check_margin(line: MetricLine, margin: float) -> Check:
    """Non-inferiority: pass if the whole interval of the difference is above -margin, fail if all of it is below."""
    name, expected = f"comparison/{line.name}", f"not worse by more than {margin:.4g}"
    if line.difference is None:
        return _missing_metric(name, line, expected)
    verdict = place_interval(line.difference, -margin)
    texts: dict[Verdict, str] = {
        "pass": f"{line.label} is at most {margin:.4g} worse than the champion's, at 95 % confidence.",
        "fail": f"{line.label} is worse than the champion's by more than {margin:.4g}, at 95 % confidence.",
        "not_enough_evidence": f"{line.label} may or may not be worse than the champion's by more than {margin:.4g}: "
        "the interval holds both, and only more labelled rows can tell.",
    }
    found = write_interval(line.difference, signed=True)
    return Check(name=name, verdict=verdict, found=found, expected=expected, reason=texts[verdict])


def check_floor(line: MetricLine, floor: float) -> Check:
    """Pass if the whole interval is on the good side of the floor, fail if none of it is."""
    side = "at least" if line.higher_is_better else "at most"
    name, expected = f"floor/{line.name}", f"{side} {floor:.4g}"
    value = line.values.get("candidate")
    if value is None:
        return _missing_metric(name, line, expected)
    verdict = place_interval(value if line.higher_is_better else _mirror(value), floor * _sign(line))
    texts: dict[Verdict, str] = {
        "pass": f"{line.label} is {side} {floor:.4g}, at 95 % confidence.",
        "fail": f"{line.label} is not {side} {floor:.4g}, at 95 % confidence.",
        "not_enough_evidence": f"{line.label} may lie on either side of {floor:.4g}: the interval holds both, "
        "and only more labelled rows can tell.",
    }
    return Check(name=name, verdict=verdict, found=write_interval(value), expected=expected, reason=texts[verdict])


def place_interval(interval: Interval, bound: float) -> Verdict:
    """Where an interval lies, more being better: all of it at or above the bound, all below, or across."""
    if interval.low >= bound:
        return "pass"
    return "fail" if interval.high < bound else "not_enough_evidence"


def _missing_metric(name: str, line: MetricLine, expected: str) -> Check:
    reason = f"{line.label} could not be computed, and what cannot be measured cannot pass."
    return Check(name=name, verdict="fail", found="no finite value", expected=expected, reason=reason)


def _mirror(interval: Interval) -> Interval:
    return Interval(mean=-interval.mean, low=-interval.high, high=-interval.low)


def _sign(line: MetricLine) -> float:
    return 1.0 if line.higher_is_better else -1.0
