"""Whether the candidate is the model that its rows give, or one that remembers the rows it is judged on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from contract.compute.scoring import PARITY_TOLERANCE
from contract.report import Check, Verdict
from training.gate.evidence import HoldoutEvidence, fill_frame
from training.gate.refit.fit import Refit
from training.model.intervals import CONFIDENCE, outcome_strata, resample_strata
from training.model.metrics import Judgement, Vector, pr_auc, rmse

NAME = "split/refit"
REMEMBERED = 0.5  # of the refit's fall from fitted to held-out rows; less of a fall is memory of the latter


@dataclass(frozen=True)
class RefitComparison:
    """The candidate against the refit. `gain` is the lower end of what it is better by on the holdout."""

    same: bool
    apart: float
    gain: float
    candidate: tuple[float, float]
    refit: tuple[float, float]

    @property
    def remembers(self) -> bool:
        """Better on the holdout than chance explains, and hardly worse there than on what it was fitted on."""
        fall, usual = (pair[0] - pair[1] for pair in (self.candidate, self.refit))
        return self.gain > 0 and fall < REMEMBERED * max(usual, 0.0)


def compare_refit(evidence: HoldoutEvidence, refit: Refit, resamples: int, seed: int) -> RefitComparison:
    """Margins on both sides; metrics are turned so that more is better."""
    holdout, fitted = evidence.holdout, evidence.fitted
    theirs, ours = _compute_candidate(evidence, holdout.frame), refit.compute_margins(holdout.matrix)
    apart = float(np.max(np.abs(theirs - ours)))
    if apart <= PARITY_TOLERANCE * max(1.0, float(np.max(np.abs(ours)))):
        return RefitComparison(same=True, apart=apart, gain=0.0, candidate=(0.0, 0.0), refit=(0.0, 0.0))
    measure = _choose_measure(evidence)
    samples = resample_strata(
        outcome_strata(holdout.target, evidence.dataset.task),
        lambda rows: np.array(
            [measure(holdout.target[rows], theirs[rows]) - measure(holdout.target[rows], ours[rows])]
        ),
        resamples,
        seed,
    )
    known, own = _compute_candidate(evidence, fitted.frame), refit.compute_margins(fitted.matrix)
    return RefitComparison(
        same=False,
        apart=apart,
        gain=float(np.quantile(samples, (1 - CONFIDENCE) / 2)),
        candidate=(measure(fitted.target, known), measure(holdout.target, theirs)),
        refit=(measure(fitted.target, own), measure(holdout.target, ours)),
    )


def _compute_candidate(evidence: HoldoutEvidence, frame: "object") -> Vector:
    model = evidence.candidate.model
    margins = model.booster.inplace_predict(fill_frame(model, frame), predict_type="margin", missing=np.nan)  # type: ignore[arg-type]
    return np.asarray(margins, dtype=np.float64)


def _choose_measure(evidence: HoldoutEvidence) -> Callable[[Vector, Vector], float]:
    if evidence.dataset.task == "binary":
        return lambda target, scores: pr_auc(Judgement(target, scores))
    return lambda target, scores: -rmse(Judgement(target, scores))


def check_memory_of_rows(comparison: RefitComparison, task: str) -> Check:
    """Pass if the trees are the same; fail if they remember the holdout; else somebody has to read the training."""
    label = "PR-AUC" if task == "binary" else "RMSE"
    verdict: Verdict = "pass" if comparison.same else "fail" if comparison.remembers else "not_enough_evidence"
    candidate, refit = ([abs(value) for value in pair] for pair in (comparison.candidate, comparison.refit))
    reasons = {
        "pass": "Trained again by the gate, on the rows that it split off itself, the model is the same.",
        "fail": f"The model knows the holdout: {label} {candidate[1]:.3f} there and {candidate[0]:.3f} on the rows to "
        f"fit, where the same parameters give {refit[1]:.3f} and {refit[0]:.3f} when the gate trains on those alone.",
        "not_enough_evidence": "It is not the model that these rows and parameters give when the gate trains it "
        f"again ({label} on the holdout {candidate[1]:.3f} instead of {refit[1]:.3f}): somebody should "
        "read how it was trained.",
    }
    return Check(
        name=NAME,
        verdict=verdict,
        found="the same margins" if comparison.same else f"margins up to {comparison.apart:.3g} apart",
        expected="the model that these rows and parameters give",
        reason=reasons[verdict],
    )
