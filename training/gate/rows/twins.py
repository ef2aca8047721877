"""Rows of the holdout that have a near copy among the fitted, whatever their keys say."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.stats import binomtest

from contract.report import Check
from training.data.table import Table
from training.gate.evidence import HoldoutEvidence
from training.gate.policy import RowRules
from training.gate.result import choose_verdict
from training.model.intervals import CONFIDENCE

MISSING = -1e6  # as far from every value as nothing is
Points = NDArray[np.float64]


def check_twins(evidence: HoldoutEvidence, rules: RowRules, seed: int) -> Check:
    """The share of near copies by outcome, less that of rows whose columns were shuffled apart.

    A copy agrees in the outcome and in every column up to `near` standard deviations or the sensor's step. Columns with
    few values make copies by chance: as many as there still are when each column is shuffled on its own.
    """
    scales = _measure_scales(evidence.table, rules.near)
    fitted, held = _place_rows(evidence.fitted, scales), _place_rows(evidence.holdout, scales)
    random = np.random.default_rng(seed)
    apart = np.column_stack([random.permutation(fitted[:, column]) for column in range(fitted.shape[1])])
    near, chance = _find_near(fitted, held), _find_near(apart, held)
    share, twins = _choose_worst(evidence, near, chance)
    passes = share <= rules.twins
    return Check(
        name="split/twins",
        verdict=choose_verdict(passes),
        found=f"{twins}, {int(near.sum()):,} rows in all; at 95 % confidence at least {share:.1%} beyond chance",
        expected=f"at most {rules.twins:.0%} of an outcome's rows",
        reason="No more rows of the holdout than chance allows have a near copy among those fitted."
        if passes
        else f"{twins} of the holdout have a twin among those fitted, the same up to {rules.near:g} standard "
        "deviations under another key: rows were copied before the split, and what is judged on is known.",
    )


def _measure_scales(table: Table, near: float) -> dict[str, float]:
    """The distance that counts as 1, by column; a category's codes are 1 apart, so only the same is near."""
    scales = {}
    for column in table.dataset.columns:
        values = table.values[column.name]
        spread = float(np.nanstd(values)) if np.isfinite(values).any() else 0.0
        is_category = column.type == "category"
        scales[column.name] = 0.5 if is_category else max(near * spread, 1.01 * (column.step or 0.0), 1e-9)
    return scales


def _place_rows(table: Table, scales: dict[str, float]) -> Points:
    """Shape (rows, columns + 1): each column in units of its scale, the outcome as one more."""
    target = (
        table.target if table.dataset.task == "binary" else table.target / max(float(np.std(table.target)) * 0.02, 1e-9)
    )
    columns = [np.nan_to_num(table.values[name] / scale, nan=MISSING) for name, scale in scales.items()]
    return np.column_stack([*columns, 2 * target])


def _find_near(fitted: Points, held: Points) -> NDArray[np.bool_]:
    distances, _ = cKDTree(fitted).query(held, k=1, p=np.inf, distance_upper_bound=1.0 + 1e-9)
    return np.asarray(np.isfinite(distances), dtype=np.bool_)


def _bound_share(count: int, rows: int) -> float:
    """The lower end of the 95 % interval of a share. Source: E. Wilson (1927)."""
    return float(binomtest(count, rows).proportion_ci(CONFIDENCE, method="wilson").low) if rows else 0.0


def _choose_worst(evidence: HoldoutEvidence, near: NDArray[np.bool_], chance: NDArray[np.bool_]) -> tuple[float, str]:
    target = evidence.holdout.target
    outcomes = (
        [target == outcome for outcome in (0.0, 1.0)]
        if evidence.dataset.task == "binary"
        else [np.ones(len(target), dtype=np.bool_)]
    )
    worst, described = 0.0, "0 rows"
    for rows in outcomes:
        count = int(near[rows].sum())
        beyond = max(count - int(chance[rows].sum()), 0)
        share = _bound_share(beyond, int(rows.sum()))
        if share > worst:
            what = "" if len(outcomes) == 1 else " of one outcome"
            worst, described = share, f"{count:,} of {int(rows.sum()):,} rows{what}"
    return worst, described
