"""Whether the candidate knows what nobody knows beforehand, under its own name or another."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from contract.report import Check
from training.gate.evidence import HoldoutEvidence, fill_frame
from training.gate.policy import LeakageRules
from training.gate.result import choose_verdict

MAX_FLAGS = 20  # text with more distinct values is compared as codes


def check_leakage(evidence: HoldoutEvidence, rules: LeakageRules) -> list[Check]:
    return [_check_names(evidence), *_check_values(evidence, rules)]


def _check_names(evidence: HoldoutEvidence) -> Check:
    forbidden = name_forbidden(evidence)
    columns = evidence.candidate.bundle.manifest.schema.columns
    forbidden_columns = [f"{column.name} from {column.source!r}" for column in columns if column.source in forbidden]
    return Check(
        name="leakage/names",
        verdict=choose_verdict(not forbidden_columns),
        found=", ".join(forbidden_columns) or "none",
        expected=f"none of {len(forbidden)} forbidden raw columns",
        reason=f"The candidate reads {forbidden_columns[0]}, which is known only afterwards or names the row."
        if forbidden_columns
        else "No column of the candidate is the target, an identifier or known only afterwards.",
    )


def name_forbidden(evidence: HoldoutEvidence) -> set[str]:
    """Raw columns no feature may come from: the dataset's, and the champion's, which an edit cannot shorten."""
    dataset = evidence.dataset
    forbidden = {dataset.target.source, *dataset.leakage, *dataset.identifiers}
    if evidence.champion is not None:
        schema = evidence.champion.bundle.manifest.schema
        forbidden |= {schema.target.source, *schema.leakage, *name_identifiers(evidence)}
    return forbidden


def name_identifiers(evidence: HoldoutEvidence) -> set[str]:
    """The dataset's identifiers and those that the champion was made under."""
    requirements = evidence.champion and evidence.champion.bundle.manifest.requirements
    return {*evidence.dataset.identifiers, *(requirements.identifiers if requirements else ())}


def _check_values(evidence: HoldoutEvidence, rules: LeakageRules) -> Iterator[Check]:
    """One check for each pair of a feature and a forbidden column that are nearly copies, or one that there is none."""
    copies = list_copies(evidence)
    expected = f"below {rules.correlation:g}"
    near = [copy for copy in copies if copy[2] >= rules.correlation]
    for feature, column, correlation in near:
        yield Check(
            name="leakage/values",
            verdict="fail",
            found=f"{correlation:.3f} ({feature} and {column})",
            expected=expected,
            reason=f"The feature {feature} is nearly a copy of {column!r}, which is known only afterwards: their "
            f"correlation is {correlation:.3f}. If it is known in time all the same, "
            "somebody can accept it by name in the dataset file.",
            about=tuple(dict.fromkeys((feature, column))),
        )
    if not near:
        feature, column, strongest = max(copies, key=lambda copy: copy[2])
        yield Check(
            name="leakage/values",
            verdict="pass",
            found=f"{strongest:.3f} ({feature} and {column})",
            expected=expected,
            reason=f"The feature {feature} is no copy of {column!r}: their correlation is {strongest:.3f}, the "
            "strongest of all.",
        )


def list_copies(evidence: HoldoutEvidence) -> list[tuple[str, str, float]]:
    """Each feature with each forbidden column and their absolute correlation over all rows of the table.

    Identifiers are left to the check of names: what walks with time correlates with a serial number.
    """
    model = evidence.candidate.model
    features = fill_frame(model, evidence.table.frame, "candidate").astype(np.float64)
    strongest: dict[tuple[str, str], float] = {(model.schema.features[0], evidence.dataset.target.source): 0.0}
    for column, values in _list_answers(evidence):
        for index, feature in enumerate(model.schema.features):
            correlation = abs(correlate(features[:, index], values))
            strongest[feature, column] = max(correlation, strongest.get((feature, column), 0.0))
    return [(feature, column, correlation) for (feature, column), correlation in strongest.items()]


def _list_answers(evidence: HoldoutEvidence) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """The target and each leakage column as numbers, text with few values as one flag each."""
    frame = evidence.table.frame
    yield evidence.dataset.target.source, evidence.table.target
    for name in sorted(name_forbidden(evidence) & set(frame) - {evidence.dataset.target.source}):
        if name not in name_identifiers(evidence):
            yield from ((name, values) for values in _encode_series(frame[name]))


def _encode_series(series: "pd.Series[Any]") -> Iterator[NDArray[np.float64]]:
    if pd.api.types.is_numeric_dtype(series):
        yield series.to_numpy(dtype=np.float64)
    elif series.nunique() <= MAX_FLAGS:
        yield from ((series == value).to_numpy(dtype=np.float64) for value in series.dropna().unique())
    else:
        yield pd.factorize(series, sort=True)[0].astype(np.float64)


def correlate(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Pearson's correlation over rows where both are known; 0 if one is constant or fewer than 3 are."""
    known = np.isfinite(left) & np.isfinite(right)
    if known.sum() < 3 or np.ptp(left[known]) == 0 or np.ptp(right[known]) == 0:
        return 0.0
    return float(np.corrcoef(left[known], right[known])[0, 1])
