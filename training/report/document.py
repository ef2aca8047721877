"""The gate's report as data: `report.json`, from which Markdown, HTML and the terminal draw."""

from datetime import UTC, datetime

import msgspec
import numpy as np

from contract.bundle import Bundle
from contract.report import REPORT_VERSION, JudgedData, JudgedModel, Outcome, Report
from training.gate.drift import describe_drift
from training.gate.footprint import bundle_size
from training.gate.judge import GateResult
from training.lineage.provenance import describe_revision
from training.model.metrics import Judgement


def build_report(result: GateResult, reproduce: str) -> Report:
    """The result with its provenance; `reproduce` is the command that gives it again."""
    evidence = result.evidence
    champion = evidence.champion
    return Report(
        schema_version=REPORT_VERSION,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        verdict=result.verdict,
        headline=_write_headline(result),
        reproduce=reproduce,
        revision=describe_revision(),
        dataset=evidence.dataset.name,
        title=evidence.dataset.title,
        task=evidence.dataset.task,
        target=evidence.dataset.target.name,
        origin=evidence.table.origin,
        data_sha256=evidence.table.sha256,
        rows=len(evidence.table),
        holdout_rows=len(evidence.holdout),
        candidate=_describe_model(evidence.candidate.bundle),
        champion=None if champion is None else _describe_model(champion.bundle),
        outcomes=describe_outcomes(result),
        checks=result.checks,
        metrics=result.metrics,
        slices=result.slices,
        latency=result.latency,
        memory_bytes=result.memory_bytes,
        policy=msgspec.json.decode(msgspec.json.encode(result.policy)),
        drift=tuple(describe_drift(evidence)),
    )


def _write_headline(result: GateResult) -> str:
    blocking = [check for check in result.checks if check.blocking]
    failed = sum(check.verdict == "fail" for check in blocking)
    unsure = sum(check.verdict == "not_enough_evidence" for check in blocking)
    if result.verdict == "fail":
        return f"The candidate must not be served: {failed} of {len(blocking)} checks {_agree(failed, 'fail')}."
    if result.verdict == "not_enough_evidence":
        return (
            f"Nobody can say yet whether the candidate is good enough: {unsure} of {len(blocking)} checks "
            f"{_agree(unsure, 'lack')} evidence, and none fails."
        )
    accepted = sum(bool(check.accepted) for check in result.checks)
    by_name = f"; {accepted} more {_agree(accepted, 'find')} something that is accepted by name" if accepted else ""
    if result.evidence.champion is None:
        return f"The candidate may be served as the first champion: it passes all {len(blocking)} checks{by_name}."
    return f"The candidate may take the champion's place: it passes all {len(blocking)} checks{by_name}."


def _agree(count: int, verb: str) -> str:
    return f"{verb}s" if count == 1 else verb


def _describe_model(bundle: Bundle) -> JudgedModel:
    manifest = bundle.manifest
    return JudgedModel(
        name=manifest.name,
        version=manifest.version,
        digest=bundle.digest,
        threshold=manifest.threshold,
        size_bytes=bundle_size(bundle),
        data=msgspec.convert(msgspec.to_builtins(manifest.data), JudgedData),
        inputs=manifest.inputs,
        libraries=manifest.libraries,
    )


def describe_outcomes(result: GateResult) -> dict[str, Outcome]:
    """Counts of decisions or mean errors by role, without those whose scores are not finite."""
    is_binary = result.evidence.dataset.task == "binary"
    describe = _count_decisions if is_binary else _measure_errors
    return {
        name: describe(judgement)
        for name, judgement in result.evidence.judgements.items()
        if np.isfinite(judgement.scores).all()
    }


def _count_decisions(judgement: Judgement) -> Outcome:
    positives, hits = int(judgement.target.sum()), int(judgement.hits)
    false_alarms = int(judgement.decisions.sum()) - hits
    rows, costs, cost = len(judgement.target), judgement.costs, None
    if costs is not None:
        cost = ((positives - hits) * costs.missed + false_alarms * costs.false_alarm) / rows * 1000
    return Outcome(rows=rows, positives=positives, found=hits, false_alarms=false_alarms, cost_per_1000=cost)


def _measure_errors(judgement: Judgement) -> Outcome:
    error = float(np.mean(np.abs(judgement.scores - judgement.target)))
    return Outcome(rows=len(judgement.target), mean_error=error)
