"""What a report may say of each column, judged here before any library is asked: what nobody can tell is `unknown`."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from app.monitor.reports.window import SCORE, LoggedWindow
from app.monitor.rules.objectives import DriftLimits
from contract.psi import FEWEST_ROWS, DriftVerdict, StabilityIndex, measure_psi
from contract.quality import FEWEST_LABELS
from contract.schema import DriftUse, Manifest

QualityVerdict = Literal["measured", "unknown"]


class ColumnVerdict(msgspec.Struct, frozen=True):
    """One column, derived feature or the score; `psi` less what chance adds, with its bounds, None without rows."""

    name: str
    verdict: DriftVerdict
    reason: str
    use: DriftUse
    rows: int
    missing: int
    psi: float | None
    low: float | None
    high: float | None

    @property
    def is_comparable(self) -> bool:
        """Whether the rows can be shown beside the reference at all."""
        return self.psi is not None


class QualityGuard(msgspec.Struct, frozen=True):
    """Whether the labelled rows say something about the model."""

    verdict: QualityVerdict
    reason: str
    rows: int


def count_reference(manifest: Manifest, name: str) -> int:
    """The rows that the reference of a column, derived feature or the score is of."""
    return (manifest.score_rows if name == SCORE else None) or manifest.data.rows


def judge_columns(window: LoggedWindow, limits: DriftLimits) -> list[ColumnVerdict]:
    """One verdict a column, in the bundle's order."""
    return [_judge_column(window, name, limits) for name in window.manifest.reference]


def _judge_column(window: LoggedWindow, name: str, limits: DriftLimits) -> ColumnVerdict:
    counts, bins = window.counts[name], window.manifest.reference[name]
    reason = find_obstacle(window, name)
    if reason is not None and not _can_compare(window, name):
        return ColumnVerdict(name, "unknown", reason, bins.drift, counts.rows, counts.missing, None, None, None)
    found = measure_psi(counts.bins.tolist(), bins.ratios, count_reference(window.manifest, name))
    verdict, why = judge_index(found, limits)
    if reason is not None:
        verdict, why = "unknown", reason
    figures = (found.corrected, found.low, found.high)
    return ColumnVerdict(name, verdict, why, bins.drift, counts.rows, counts.missing, *figures)


def judge_index(found: StabilityIndex, limits: DriftLimits) -> tuple[DriftVerdict, str]:
    """The verdict and what it rests on, of an index of enough rows, by the limits that the alerts have.

    Drift if the lower bound is above `limits.warn`, none if the upper one is below `limits.retrain`.
    """
    between = f"{found.low:.3f} to {found.high:.3f}"
    if found.low > limits.warn:
        return "drift", f"PSI of {between} lies above {limits.warn:g}"
    if found.high < limits.retrain:
        return "none", f"PSI of {between} lies below {limits.retrain:g}"
    return "unknown", f"PSI of {between} reaches over {limits.warn:g} and {limits.retrain:g}: too few rows to tell"


def find_obstacle(window: LoggedWindow, name: str) -> str | None:
    """Why nothing can be said of a column whatever its rows are, None where something can."""
    counts = window.counts[name]
    if not window.rows:
        return "no row of this model is in the window"
    if _is_left_out(window, name):
        return "it is left out of the log"
    if counts.missing == counts.rows:
        return f"it is missing in all of {counts.rows:,} rows"
    if counts.rows < FEWEST_ROWS:
        return f"{counts.rows} rows, expected at least {FEWEST_ROWS}"
    if counts.is_constant:
        return f"it is {_show_value(window.manifest, name, counts.least)} in all of {counts.rows:,} rows"
    return None


def _can_compare(window: LoggedWindow, name: str) -> bool:
    counts = window.counts[name]
    return window.rows > 0 and not _is_left_out(window, name) and counts.missing < counts.rows


def _is_left_out(window: LoggedWindow, name: str) -> bool:
    """Of a derived feature it is not known which columns it needs: it is missing in all rows without them."""
    is_given = name == SCORE or any(column.name == name for column in window.manifest.schema.columns)
    return is_given and name not in (window.logged or ())


def _show_value(manifest: Manifest, name: str, value: float) -> str:
    categories = manifest.reference[name].categories
    return categories[int(value)] if categories else f"{value:g}"


def judge_labels(window: LoggedWindow) -> QualityGuard:
    """Whether the labelled rows can be compared with what was predicted."""
    rows = len(window.labelled)
    for reason in _list_lacks(window, rows):
        return QualityGuard("unknown", reason, rows)
    return QualityGuard("measured", f"{rows:,} rows have an outcome", rows)


def _list_lacks(window: LoggedWindow, rows: int) -> Iterator[str]:
    if rows < FEWEST_LABELS:
        yield f"{rows} rows have an outcome, expected at least {FEWEST_LABELS}"
    elif window.logged is None or SCORE not in window.logged:
        yield "the score is left out of the log"
    elif window.manifest.schema.task == "binary":
        truths = window.labelled.columns["outcome"]
        if len(set(truths.tolist())) < 2:
            yield f"all of {rows:,} outcomes are {'events' if truths[0] else 'none'}, expected some of both"
