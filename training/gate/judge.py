"""The gate itself: gathers the evidence, asks every question, and gives one verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contract.bundle import Bundle
from contract.report import Check, Latency, MetricLine, SliceLine, Verdict, decide_verdict
from training.data.table import Table
from training.gate.acceptance import apply_acceptances
from training.gate.behaviour import check_behaviour
from training.gate.ceiling import check_ceiling
from training.gate.changes.collapse import check_collapse
from training.gate.changes.columns import check_columns
from training.gate.changes.units import check_units
from training.gate.comparison import apply_rules, check_lines, measure_judgements
from training.gate.evidence import HoldoutEvidence, fill_frame, gather_evidence
from training.gate.footprint import check_memory, check_size
from training.gate.integrity import check_integrity
from training.gate.latency import check_latency
from training.gate.leakage import check_leakage
from training.gate.policy import Policy
from training.gate.refit.decision import check_decision
from training.gate.refit.fit import fit_again
from training.gate.refit.memory import check_memory_of_rows, compare_refit
from training.gate.requirements import check_requirements
from training.gate.result import EXIT_CODES, choose_verdict
from training.gate.rows.fitted import check_fitted
from training.gate.rows.lineage import check_lineage
from training.gate.rows.twins import check_twins
from training.gate.separation import check_separation
from training.gate.slices import judge_slices
from training.model.metrics import task_metrics
from training.params import Params


@dataclass(frozen=True)
class GateResult:
    """Every check and its result, with the evidence for the report."""

    evidence: HoldoutEvidence
    policy: Policy
    checks: tuple[Check, ...]
    metrics: tuple[MetricLine, ...]
    slices: tuple[SliceLine, ...]
    latency: Latency
    memory_bytes: int | None

    @property
    def verdict(self) -> Verdict:
        return decide_verdict(self.checks)

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 not enough evidence."""
        return EXIT_CODES[self.verdict]


@dataclass(frozen=True)
class Performance:
    metrics: tuple[MetricLine, ...] = ()
    slices: tuple[SliceLine, ...] = ()
    checks: tuple[Check, ...] = ()


def judge_candidate(
    candidate: Bundle,
    champion: Bundle | None,
    table: Table,
    policy: Policy,
    params: Params,
    *,
    seed: int,
    first_run: bool = False,
) -> GateResult:
    """Judges a candidate on the group-wise holdout of `table`, against `champion` unless this is the first run.

    Raises: InputError if there is nothing to judge on, or a bundle is damaged or of another dataset.
    """
    evidence = gather_evidence(candidate, champion, table, params)
    rules = policy.choose_rules(table.dataset.task, table.dataset.name)
    performance = _judge_performance(evidence, policy, seed) if evidence.candidate.is_finite else Performance()
    rows = fill_frame(evidence.candidate.model, evidence.holdout.frame)
    latency, latency_check = check_latency(candidate, rows, policy.budgets)
    memory_bytes, memory_check = check_memory(candidate, policy.budgets)
    found = (
        _check_champion(evidence, first_run),
        *performance.checks,
        *check_behaviour(evidence, policy.behaviour, seed),
        *_check_rows(evidence, policy, seed),
        *_check_data(evidence, policy, performance.metrics),
        *_check_knowledge(evidence, policy, performance.metrics, seed),
        *check_integrity(evidence, rules),
        latency_check,
        check_size(candidate, policy.budgets),
        memory_check,
    )
    checks = tuple(apply_acceptances(found, table.dataset.accepted))
    return GateResult(evidence, policy, checks, performance.metrics, performance.slices, latency, memory_bytes)


def _check_rows(evidence: HoldoutEvidence, policy: Policy, seed: int) -> Iterator[Check]:
    """Which rows were fitted, and whether the model, its odds and its threshold are what they give."""
    yield check_fitted(evidence)
    yield check_twins(evidence, policy.rows, seed)
    yield from check_lineage(evidence, policy.rows)
    if not evidence.candidate.is_finite:
        return
    refit = fit_again(evidence.fitted, evidence.params, with_folds=evidence.dataset.task == "binary")
    comparison = compare_refit(evidence, refit, policy.resamples, seed)
    yield check_memory_of_rows(comparison, evidence.dataset.task)
    yield from check_decision(evidence, refit, comparison.same, policy.decision)


def _check_data(evidence: HoldoutEvidence, policy: Policy, lines: Sequence[MetricLine]) -> Iterator[Check]:
    """Whether the data, and the requirements on a model, are still those that the champion had."""
    yield from check_collapse(evidence, lines, policy.changes)
    yield from check_units(evidence, policy.changes)
    yield from check_columns(evidence, policy.changes)
    yield from check_requirements(evidence)


def _check_knowledge(
    evidence: HoldoutEvidence, policy: Policy, lines: Sequence[MetricLine], seed: int
) -> Iterator[Check]:
    """Whether the candidate knows what nobody can."""
    yield from check_leakage(evidence, policy.leakage)
    yield from check_separation(evidence, policy.leakage, seed)
    yield from check_ceiling(evidence, lines, policy.leakage)


def _judge_performance(evidence: HoldoutEvidence, policy: Policy, seed: int) -> Performance:
    """Metrics, comparison, floors and slices, or that there are too few outcomes for any of them."""
    dataset = evidence.dataset
    if lack := _check_evidence(evidence, policy):
        return Performance(checks=(lack,))
    judgements = evidence.judgements
    lines = measure_judgements(judgements, task_metrics(dataset.task), dataset.task, policy.resamples, seed)
    rules = policy.choose_rules(dataset.task, dataset.name).metrics
    lines = apply_rules(lines, rules, judgements["candidate"], dataset.task)
    checks = check_lines(lines, evidence.champion is not None)
    slices, slice_checks = judge_slices(evidence, policy, seed)
    return Performance(lines, tuple(slices), (*checks, *slice_checks))


def _check_evidence(evidence: HoldoutEvidence, policy: Policy) -> Check | None:
    target = evidence.holdout.target
    if evidence.dataset.task == "binary":
        positives = int(target.sum())
        found, needed, what = min(positives, len(target) - positives), policy.min_positives, "rows of the rarer outcome"
    else:
        found, needed, what = len(target), policy.min_rows, "rows"
    if found >= needed:
        return None
    return Check(
        name="evidence/holdout",
        verdict="not_enough_evidence",
        found=f"{found} {what}",
        expected=f"at least {needed}",
        reason=f"The holdout has {found} {what}: no metric on it is more than noise; give more data.",
    )


def _check_champion(evidence: HoldoutEvidence, first_run: bool) -> Check:
    passes = True
    if evidence.champion is not None:
        found = f"champion {evidence.champion.bundle.manifest.version}"
        reason = "Both models are judged on the same rows."
    elif first_run:
        found = "none, declared as the first run"
        reason = "There is no champion yet: the candidate is judged by the floors alone."
    else:
        passes, found = False, "none"
        reason = "There is no champion to compare with; give one, or say explicitly that this is the first run."
    expected = "a champion, or an explicit first run"
    return Check(name="champion/present", verdict=choose_verdict(passes), found=found, expected=expected, reason=reason)
