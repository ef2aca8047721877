"""Series of predictors in promtool's notation."""

from collections.abc import Mapping, Sequence

from contract.quality import LabelSums, ScoreSums

PLACE = 'namespace="lathe-test", environment="test", job="predictor-pods"'
VERSION = 'model_name="ai4i", model_version="v1"'

Sides = tuple[tuple[ScoreSums, LabelSums], tuple[ScoreSums, LabelSums]]


def pod(number: int = 0) -> str:
    return f'{PLACE}, pod="predictor-{number}", instance="10.0.0.{number}:8080"'


def of_pod(metric: str, number: int = 0, **labels: str) -> str:
    own = "".join(f', {label}="{value}"' for label, value in labels.items())
    return f"{metric}{{{pod(number)}, {VERSION}{own}}}"


def process(number: int = 0, *, steps: int, started: float = 0) -> dict[str, str]:
    """A process that is scraped for so many steps."""
    return {
        f"process_start_time_seconds{{{pod(number)}}}": f"{started}x{steps}",
        f"lathe_ready{{{pod(number)}, {VERSION}}}": f"1x{steps}",
    }


def reference(
    ratios: Mapping[str, float], *, steps: int, rows: int = 8137, drift: str = "alert", feature: str = "torque_nm"
) -> dict[str, str]:
    """The reference of one feature by bin."""
    found = {of_pod("lathe_reference_rows"): f"{rows}x{steps}"}
    for bin, ratio in ratios.items():
        found[of_pod("lathe_feature_reference_ratio", feature=feature, bin=bin, drift=drift)] = f"{ratio!r}x{steps}"
    return found


def grow(*parts: tuple[float, int], start: float = 0) -> str:
    """A counter that grows by `each` at each of `steps`, part after part."""
    written, value = [], start
    for each, steps in parts:
        written.append(f"{value!r}+{each!r}x{steps - 1}" if steps > 1 else f"{value!r}")
        value += each * steps
    return " ".join(written)


def rows_of(
    bins: Mapping[str, Sequence[tuple[float, int]]], feature: str = "torque_nm", number: int = 0
) -> dict[str, str]:
    """Counters of one feature by bin."""
    return {
        of_pod("lathe_feature_rows_total", number, feature=feature, bin=bin): grow(*parts)
        for bin, parts in bins.items()
    }


def quality_of(sides: Sides, steps: int) -> dict[str, str]:
    """Counters of what was decided true and false; all of it comes with the first scrape but one of a process."""
    (alarms, of_alarms), (others, of_others) = sides
    metrics: list[tuple[str, Mapping[str, str], float]] = [
        ("lathe_feedback_total", {"outcome": "true_positive"}, of_alarms.events),
        ("lathe_feedback_total", {"outcome": "false_positive"}, of_alarms.rows - of_alarms.events),
        ("lathe_feedback_total", {"outcome": "false_negative"}, of_others.events),
        ("lathe_feedback_total", {"outcome": "true_negative"}, of_others.rows - of_others.events),
        ("lathe_feedback_delay_seconds_sum", {}, 90 * (of_alarms.rows + of_others.rows)),
        ("lathe_feedback_delay_seconds_count", {}, of_alarms.rows + of_others.rows),
    ]
    for decision, scores, labels in (("true", alarms, of_alarms), ("false", others, of_others)):
        metrics += [
            ("lathe_predicted_rows_total", {"decision": decision}, scores.rows),
            ("lathe_score_sum_total", {"decision": decision}, scores.scores),
            ("lathe_score_variance_total", {"decision": decision}, scores.variance),
            ("lathe_feedback_score_total", {"decision": decision}, labels.scores),
            ("lathe_feedback_squared_error_total", {"decision": decision}, labels.squared_error),
        ]
    series = {of_pod(name, 0, **labels): grow((0, 1), (value, 1), (0, steps - 2)) for name, labels, value in metrics}
    return process(steps=steps) | series
