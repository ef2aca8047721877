"""What the gate judges by: the scores of candidate, champion and rule on the holdout's rows."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cli.errors import InputError
from contract.bundle import Bundle
from contract.compute.plan import Matrix
from contract.compute.scoring import ReferenceModel, Scores
from contract.dataset import Dataset
from contract.errors import ContractError
from contract.schema import ModelSchema
from training.data.splits import group_holdout
from training.data.table import Table
from training.evaluation.baselines import rank_by_rule
from training.model.metrics import Judgement
from training.params import Params

RULE_THRESHOLD = 0.5  # where a rule holds it scores at least this


@dataclass(frozen=True)
class ScoredBundle:
    """A verified bundle with its scores on the holdout."""

    bundle: Bundle
    model: ReferenceModel
    judgement: Judgement

    @property
    def is_finite(self) -> bool:
        return bool(np.isfinite(self.judgement.scores).all())


@dataclass(frozen=True)
class HoldoutEvidence:
    """Who is judged, on which rows. `fitted` is the other side of the holdout, as the gate itself splits it."""

    table: Table
    holdout: Table
    fitted: Table
    params: Params
    candidate: ScoredBundle
    champion: ScoredBundle | None

    @property
    def dataset(self) -> Dataset:
        return self.table.dataset

    @cached_property
    def judgements(self) -> dict[str, Judgement]:
        """Candidate, champion if there is one, and the dataset's rule if it has one."""
        judgements = {"candidate": self.candidate.judgement}
        if self.champion is not None:
            judgements["champion"] = self.champion.judgement
        if self.dataset.task == "binary" and self.dataset.rule is not None:
            scores = rank_by_rule(self.dataset.rule, self.holdout)
            judgements["rule"] = Judgement(self.holdout.target, scores, RULE_THRESHOLD, self.dataset.costs)
        return judgements


def gather_evidence(candidate: Bundle, champion: Bundle | None, table: Table, params: Params) -> HoldoutEvidence:
    """Scores both bundles on the holdout of `table`, each through its own schema.

    Raises: InputError if the holdout cannot be judged on, or a bundle is of another dataset.
    """
    if not len(table):
        raise InputError("the table is empty, so there is nothing to judge on")
    split = group_holdout(table, params.evaluation.holdout_share)
    holdout = table.take(split.test)
    if table.dataset.task == "binary" and holdout.target.all():
        raise InputError(f"the holdout of {len(holdout):,} rows has no negatives, so nothing can be told apart on it")
    return HoldoutEvidence(
        table=table,
        holdout=holdout,
        fitted=table.take(split.train),
        params=params,
        candidate=_score_bundle("candidate", candidate, holdout),
        champion=None if champion is None else _enter_champion(champion, holdout),
    )


def _enter_champion(bundle: Bundle, holdout: Table) -> ScoredBundle:
    champion = _score_bundle("champion", bundle, holdout)
    if not champion.is_finite:
        raise InputError(f"the champion {bundle.manifest.version} gives scores that are not numbers; give another one")
    return champion


def _score_bundle(role: str, bundle: Bundle, holdout: Table) -> ScoredBundle:
    dataset, manifest = holdout.dataset, bundle.manifest
    described = (manifest.name, manifest.data.dataset, manifest.schema.task, *_identify_target(manifest.schema))
    expected = (dataset.name, dataset.name, dataset.task, *_identify_target(dataset.schema))
    for what, a, b in zip(
        ("model name", "dataset", "task", "target", "positive value"), described, expected, strict=True
    ):
        if a != b:
            raise InputError(
                f"the {role} {manifest.name} {manifest.version} has the {what} {a!r}, expected {b!r}: "
                f"give a bundle that was trained on dataset {dataset.name!r}"
            )
    try:
        model = ReferenceModel.from_bundle(bundle)
    except ContractError as error:
        raise InputError(f"the {role} cannot be used: {error}") from error
    scores = model.score_matrix(fill_frame(model, holdout.frame, role))
    return ScoredBundle(bundle, model, Judgement(holdout.target, scores, manifest.threshold, dataset.costs))


def _identify_target(schema: ModelSchema) -> tuple[str, int | str | None]:
    return schema.target.source, schema.target.positive


def fill_frame(model: ReferenceModel, frame: pd.DataFrame, role: str = "bundle") -> Matrix:
    """The model's own matrix of shape (rows, features) from raw columns.

    Raises: InputError if the model reads a raw column that the data lacks.
    """
    if missing := [column.source for column in model.schema.columns if column.source not in frame]:
        raise InputError(f"the {role} reads the raw column {missing[0]!r}, which the data does not have")
    return model.plan.table_to_matrix({column.name: frame[column.source].to_numpy() for column in model.schema.columns})


def score_frame(model: ReferenceModel, frame: pd.DataFrame) -> Scores:
    """Scores of shape (rows,) from raw columns, through the model's own schema."""
    return model.score_matrix(fill_frame(model, frame))
