"""Whether the candidate is what it says: made from these inputs, whole, finite, and the same on every path."""

import math
from collections.abc import Iterator

import msgspec
import numpy as np

from contract.bundle import INFERENCE_NAME
from contract.compute.engine import Engine
from contract.compute.parity import compare_engines
from contract.compute.scoring import PARITY_TOLERANCE, check_golden_rows
from contract.errors import ContractError
from contract.report import Check
from contract.soundness import check_manifest
from training.gate.evidence import HoldoutEvidence, fill_frame
from training.gate.policy import TaskRules
from training.gate.result import choose_verdict
from training.lineage.provenance import describe_inputs
from training.model.metrics import task_metrics
from training.packaging.package import PARITY_THREADS, draw_parity_rows

STATED_TOLERANCE = 1e-4  # a score's last bit may move one row across another


def check_integrity(evidence: HoldoutEvidence, rules: TaskRules) -> list[Check]:
    checks = [
        _check_inputs(evidence),
        _check_stated(evidence, rules),
        _check_golden(evidence),
        _check_parity(evidence),
        _check_finite(evidence),
    ]
    return [*checks, _check_constant(evidence)] if evidence.candidate.is_finite else checks


def _check_inputs(evidence: HoldoutEvidence) -> Check:
    """Stale if the data, dataset file, parameters, code or libraries are not those of today."""
    manifest = evidence.candidate.bundle.manifest
    today = describe_inputs(evidence.table, evidence.params)
    stated = {**manifest.inputs, "data": manifest.data.sha256}
    stale = sorted(name for name in today.keys() | stated.keys() if today.get(name) != stated.get(name))
    return Check(
        name="integrity/fresh",
        verdict=choose_verdict(not stale),
        found=f"{', '.join(stale)} changed" if stale else "all inputs as of today",
        expected=f"the same {', '.join(sorted(today))}",
        reason=f"The candidate is stale: its {', '.join(stale)} {'is' if len(stale) == 1 else 'are'} not today's; "
        "train it again."
        if stale
        else "The candidate was made from exactly this data, dataset file, code, parameters and libraries.",
    )


def _check_stated(evidence: HoldoutEvidence, rules: TaskRules) -> Check:
    """What the policy asks for is stated, and what is stated is what the gate finds on the same rows."""
    stated = evidence.candidate.bundle.manifest.metrics
    missing = [
        rule.name
        for rule in rules.metrics
        if rule.name not in stated or not all(map(math.isfinite, msgspec.structs.astuple(stated[rule.name])))
    ]
    false = [] if missing or not evidence.candidate.is_finite else list(_find_false(evidence))
    reason = "The bundle states every metric that the policy asks for, as the gate finds it."
    if missing:
        reason = f"The bundle states no finite value of {', '.join(missing)}, which the policy asks for."
    elif false:
        reason = f"The bundle states what the gate does not find on the same rows: {'; '.join(false)}."
    return Check(
        name="integrity/metrics",
        verdict=choose_verdict(not missing and not false),
        found=f"without {', '.join(missing)}" if missing else "; ".join(false) or f"{len(stated)} metrics",
        expected=", ".join(rule.name for rule in rules.metrics),
        reason=reason,
    )


def _find_false(evidence: HoldoutEvidence) -> Iterator[str]:
    manifest, metrics = evidence.candidate.bundle.manifest, task_metrics(evidence.dataset.task)
    for metric in metrics:
        if metric.name in manifest.metrics:
            found, stated = metric.compute(evidence.candidate.judgement), manifest.metrics[metric.name].mean
            if math.isfinite(found) and not math.isclose(
                found, stated, rel_tol=STATED_TOLERANCE, abs_tol=STATED_TOLERANCE
            ):
                yield f"{metric.label} {stated:.4g} instead of {found:.4g}"


def _check_golden(evidence: HoldoutEvidence) -> Check:
    bundle, model = evidence.candidate.bundle, evidence.candidate.model
    expected = f"within {PARITY_TOLERANCE:g}"
    try:
        check_manifest(bundle.manifest)
        check_golden_rows(bundle, model.score_table)
    except ContractError as error:
        return Check(name="integrity/golden", verdict="fail", found=str(error), expected=expected, reason=f"{error}.")
    count = len(bundle.manifest.golden)
    reason = f"All {count} golden rows score what training noted."
    return Check(name="integrity/golden", verdict="pass", found=f"{count} rows", expected=expected, reason=reason)


def _check_parity(evidence: HoldoutEvidence) -> Check:
    """What would serve against XGBoost, on every row of the table and on many more like them."""
    bundle, name, expected = evidence.candidate.bundle, "integrity/parity", "every bit the same"
    if INFERENCE_NAME not in bundle.files:
        reason = "The bundle has no inference artifact, so XGBoost itself serves."
        return Check(name=name, verdict="pass", found="no artifact", expected=expected, reason=reason)
    real = fill_frame(evidence.candidate.model, evidence.table.frame)
    rows = np.concatenate([real, draw_parity_rows(real, evidence.params.seed)])
    try:
        found = compare_engines(Engine(bundle, PARITY_THREADS), rows)
    except ContractError as error:
        return Check(name=name, verdict="fail", found=str(error), expected=expected, reason=f"{error}.")
    return Check(
        name=name,
        verdict=choose_verdict(found.is_exact),
        found=str(found),
        expected=expected,
        reason="ONNX Runtime, as it serves, and XGBoost give the same margins, alone and in company."
        if found.is_exact
        else "ONNX Runtime, as it would serve, gives other margins than XGBoost, which was judged.",
    )


def _check_finite(evidence: HoldoutEvidence) -> Check:
    scores = evidence.candidate.judgement.scores
    broken = int((~np.isfinite(scores)).sum())
    return Check(
        name="integrity/finite",
        verdict=choose_verdict(not broken),
        found=f"{broken} of {len(scores):,} scores not finite",
        expected="0",
        reason=f"{broken} of {len(scores):,} scores are not numbers, so no metric can be computed."
        if broken
        else "Every score on the holdout is a number.",
    )


def _check_constant(evidence: HoldoutEvidence) -> Check:
    reach = float(np.ptp(evidence.candidate.judgement.scores))
    passes = reach > PARITY_TOLERANCE
    return Check(
        name="integrity/varied",
        verdict=choose_verdict(passes),
        found=f"scores differ by {reach:.3g}",
        expected=f"more than {PARITY_TOLERANCE:g}",
        reason="The scores tell rows apart."
        if passes
        else "The candidate gives every row the same score, whatever the row holds.",
    )
