"""What an engineer knows must hold: directions, rows beyond dispute, and columns that must change nothing."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from contract.compute.scoring import PARITY_TOLERANCE, ReferenceModel, Scores
from contract.dataset import Direction, MinimumFunction
from contract.report import Check
from contract.schema import Value
from training.data.table import Table
from training.gate.evidence import HoldoutEvidence, score_frame
from training.gate.policy import BehaviourRules
from training.gate.result import choose_verdict


def check_behaviour(evidence: HoldoutEvidence, rules: BehaviourRules, seed: int) -> Iterator[Check]:
    """One check for each sentence of the dataset's behaviour, and one for what must not matter."""
    random = np.random.default_rng(seed)
    count = min(rules.rows, len(evidence.holdout))
    sample = evidence.holdout.take(np.sort(random.choice(len(evidence.holdout), count, replace=False)))
    model = evidence.candidate.model
    behaviour = evidence.dataset.behaviour
    for direction in behaviour.directions:
        yield _check_direction(model, sample, direction, rules.share)
    for case in behaviour.minimum_function:
        yield _check_minimum(model, evidence.candidate.judgement.threshold, case)
    yield _check_invariance(evidence, random)


def _check_direction(model: ReferenceModel, sample: Table, direction: Direction, share: float) -> Check:
    before = score_moved(model, sample, {**direction.given, **direction.start})
    after = score_moved(model, sample, {**direction.given, **direction.end})
    rising = float(np.mean(after > before))
    passes = rising >= share
    return Check(
        name=f"behaviour/{direction.name}",
        verdict=choose_verdict(passes),
        found=f"{rising:.0%} of {len(sample)} rows",
        expected=f"at least {share:.0%}",
        reason=f"The score rises in {rising:.0%} of the rows moved so, {'and' if passes else 'but'} "
        f"must in at least {share:.0%}.",
    )


def score_moved(model: ReferenceModel, table: Table, values: Mapping[str, Value]) -> Scores:
    """Scores of shape (rows,) with some columns or derived features set to one value in every row."""
    raw = {column.name: table.frame[column.source].to_numpy() for column in model.schema.columns}
    raw |= {name: np.full(len(table), value, dtype=object) for name, value in values.items() if name in raw}
    numbers = model.plan.derive_table(model.plan.encode_table(raw))
    fixed = {name: np.full(len(table), value, dtype=np.float64) for name, value in values.items() if name not in raw}
    return model.score_matrix(model.plan.fill_matrix({**numbers, **fixed}))


def _check_minimum(model: ReferenceModel, threshold: float | None, case: MinimumFunction) -> Check:
    row = {column.name: [case.row.get(column.name)] for column in model.schema.columns}
    score = float(model.score_table(row)[0])
    decided = threshold is not None and score >= threshold
    passes = threshold is not None and decided == case.decision
    bound = "no threshold" if threshold is None else f"threshold {threshold:.3g}"
    wish = "an alarm" if case.decision else "no alarm"
    return Check(
        name=f"behaviour/{case.name}",
        verdict=choose_verdict(passes),
        found=f"score {score:.3g}, {bound}",
        expected=wish,
        reason=f"This row is beyond dispute {wish}, and the candidate "
        f"{'says so' if passes else 'decides otherwise' if threshold is not None else 'cannot decide'}.",
    )


def _check_invariance(evidence: HoldoutEvidence, random: np.random.Generator) -> Check:
    dataset = evidence.dataset
    frame = evidence.holdout.frame
    names = [name for name in (*dataset.identifiers, *dataset.leakage, dataset.target.source) if name in frame]
    moved = float(np.max(np.abs(shuffle_scores(evidence.candidate.model, frame, names, random))))
    passes = moved <= PARITY_TOLERANCE  # NaN is not
    return Check(
        name="behaviour/identifiers change nothing",
        verdict=choose_verdict(passes),
        found=f"scores move by {moved:.2g}",
        expected="0",
        reason=f"With {', '.join(names)} shuffled among the rows, the scores "
        f"{'stay what they were' if passes else 'change: the model reads what it must not'}.",
    )


def shuffle_scores(model: ReferenceModel, frame: pd.DataFrame, names: list[str], random: np.random.Generator) -> Scores:
    """How much each row's score changes when the columns `names` are shuffled, of shape (rows,)."""
    shuffled = frame.assign(**{name: random.permutation(frame[name].to_numpy()) for name in names})
    return score_frame(model, shuffled) - score_frame(model, frame)
