"""Alerts of what comes in: it has drifted, or its values are not what they should be."""

from app.monitor.rules.alerts.writer import PERCENT, VALUE, WHERE, AlertWriter
from app.monitor.rules.drift import VALUES
from app.monitor.rules.objectives import DAY, HOUR, DriftLimits, Objectives
from app.monitor.rules.promql import MODEL, Alert, by, number, on

VALUE_WORDS = {
    "missing": ("LatheMissingValues", "are missing"),
    "unknown": ("LatheUnknownCategories", "are categories that the dataset file does not declare"),
    "out_of_range": ("LatheOutOfRange", "lie outside the range of the training rows"),
}


def list_drift(make: AlertWriter, objectives: Objectives, *, has_slices: bool) -> list[Alert]:
    drift, alerting = objectives.drift, '{drift="alert"}'

    def above(name: str, limit: float) -> str:
        return "\nor ".join(f"lathe:{name}_psi_low:{window}{alerting} > {number(limit)}" for window in drift.windows)

    feature = "{{ $labels.feature }}"
    slice_alert = make(
        "LatheSliceDrift", above("slice_feature", drift.warn), "2m", "warning", "slice_drift",
        (
            f"{feature} of {WHERE} is not what it was where {{{{ $labels.slice }}}}",
            f"Index at least {VALUE} in this slice, above {drift.warn:g}; the whole fleet's may hide it.",
        ),
    )  # fmt: skip # a table
    return [
        make(
            "LatheDriftStrong", above("feature", drift.retrain), "2m", "critical", "drift",
            (
                f"{feature} of {WHERE} is far from what the model was fitted on",
                f"Population stability index at least {VALUE}, above {drift.retrain:g}, beyond three standard errors.",
            ),
            keep="24h", reason="drift",
        ),
        make(
            "LatheDrift", above("feature", drift.warn), "2m", "warning", "drift",
            (
                f"{feature} of {WHERE} is not what the model was fitted on",
                f"Population stability index at least {VALUE}, above {drift.warn:g}, beyond three standard errors.",
            ),
        ),
        make(
            "LatheDriftUnknown", _find_undecided(drift), "24h", "info", "drift",
            (
                f"Whether {feature} of {WHERE} has drifted is unknown",
                "A day's rows are too few to tell; this is no all-clear.",
            ),
        ),
        *([slice_alert] if has_slices else []),
    ]  # fmt: skip # a table


def _find_undecided(drift: DriftLimits) -> str:
    """An interval between both limits, or too few rows of a day for one."""
    alerting = '{drift="alert"}'
    high, low = (f"lathe:feature_psi_{end}:{DAY}{alerting}" for end in ("high", "low"))
    rows, key = f"lathe:feature_total_rows:{DAY}", (*MODEL, "feature")
    unknown = f"{high} > {number(drift.retrain)} and {low} <= {number(drift.warn)}"
    few = f"({rows} > 0 unless {on(key)} lathe:feature_psi_low:{DAY})"
    few += f" and {on(key)} {by(key, 'group')} (lathe:feature_reference_share:last{alerting})"
    return f"{unknown}\nor {few}"


def list_values(make: AlertWriter, objectives: Objectives) -> list[Alert]:
    key = (*MODEL, "feature")
    known = f'{by(key, "max")} (lathe_feature_reference_ratio{{bin="missing"}})'
    watched = f'{by(key, "group")} (lathe:feature_reference_share:last{{drift="alert"}})'
    found = []
    for name in VALUES:
        title, words = VALUE_WORDS[name]
        limit = getattr(objectives.values, name)
        low = f"lathe:{name}_ratio_low:{HOUR}"
        expr = f"{low} > {number(limit)}"
        if name == "missing":
            expr = f"{low} - {on(key)} {known} > {number(limit)}"
        elif name == "out_of_range":  # a value that walks at random leaves any range, and `drift: show` says so
            expr += f"\nand {on(key)} {watched}"
        texts = (
            f"Values of {{{{ $labels.feature }}}} for {WHERE} {words}",
            f"At least {PERCENT} of the last hour's values {words}, beyond chance and more than in training.",
        )
        found.append(make(title, expr, "5m", "warning", "values", texts))
    return found
