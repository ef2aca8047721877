"""The gate's report as data: `report.json`, from which Markdown, HTML and the terminal draw."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numpy as np

from cli.errors import InputError
from contract.bundle import Bundle
from contract.schema import Struct, Task, TrainingData
from training.gate.drift import DriftLine, describe_drift
from training.gate.footprint import bundle_size
from training.gate.judge import GateResult
from training.gate.policy import Policy
from training.gate.result import Check, Latency, MetricLine, SliceLine, Verdict
from training.lineage.provenance import describe_revision
from training.model.metrics import Judgement
from training.report.limits import check_size, fit_report

REPORT_VERSION = 1


class Model(Struct, frozen=True):
    """Which bundle, made from what."""

    name: str
    version: str
    digest: str
    threshold: float | None
    size_bytes: int
    data: TrainingData
    inputs: dict[str, str]
    libraries: dict[str, str]


class Outcome(Struct, frozen=True):
    """What a contestant's decisions come to on the holdout; without decisions, how far it is off."""

    rows: int
    positives: int | None = None
    found: int | None = None
    false_alarms: int | None = None
    cost_per_1000: float | None = None
    mean_error: float | None = None


class Report(Struct, frozen=True):
    """One judgement. `created` is UTC, ISO 8601; `outcomes` is by contestant."""

    schema_version: int
    created: str
    verdict: Verdict
    headline: str
    reproduce: str
    revision: str
    dataset: str
    title: str
    task: Task
    target: str
    origin: str
    data_sha256: str
    rows: int
    holdout_rows: int
    candidate: Model
    champion: Model | None
    outcomes: dict[str, Outcome]
    checks: tuple[Check, ...]
    metrics: tuple[MetricLine, ...]
    slices: tuple[SliceLine, ...]
    latency: Latency
    memory_bytes: int | None
    policy: Policy
    drift: tuple[DriftLine, ...] = ()

    def list_checks(self, verdict: Verdict) -> list[Check]:
        """The blocking checks with this verdict."""
        return [check for check in self.checks if check.blocking and check.verdict == verdict]

    def list_accepted(self) -> list[Check]:
        """What somebody accepts by name in the dataset file."""
        return [check for check in self.checks if check.accepted]


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
        policy=result.policy,
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


def _describe_model(bundle: Bundle) -> Model:
    manifest = bundle.manifest
    return Model(
        name=manifest.name,
        version=manifest.version,
        digest=bundle.digest,
        threshold=manifest.threshold,
        size_bytes=bundle_size(bundle),
        data=manifest.data,
        inputs=manifest.inputs,
        libraries=manifest.libraries,
    )


def describe_outcomes(result: GateResult) -> dict[str, Outcome]:
    """Counts of decisions or mean errors by contestant, without those whose scores are not finite."""
    is_binary = result.evidence.dataset.task == "binary"
    describe = _count_decisions if is_binary else _measure_errors
    return {
        name: describe(judgement)
        for name, judgement in result.evidence.judgements.items()
        if np.isfinite(judgement.scores).all()
    }


def _count_decisions(judgement: Judgement) -> Outcome:
    positives, found = int(judgement.target.sum()), int(judgement.hits)
    false_alarms = int(judgement.decisions.sum()) - found
    rows, costs, cost = len(judgement.target), judgement.costs, None
    if costs is not None:
        cost = ((positives - found) * costs.missed + false_alarms * costs.false_alarm) / rows * 1000
    return Outcome(rows=rows, positives=positives, found=found, false_alarms=false_alarms, cost_per_1000=cost)


def _measure_errors(judgement: Judgement) -> Outcome:
    error = float(np.mean(np.abs(judgement.scores - judgement.target)))
    return Outcome(rows=len(judgement.target), mean_error=error)


def encode_report(report: Report) -> bytes:
    """The bytes of report.json, which the reader on the other side takes.

    Raises: InputError.
    """
    content = fit_report(msgspec.to_builtins(report))
    return check_size(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def read_report(path: Path) -> Report:
    """Raises: InputError if there is none, or it is of another version or damaged."""
    try:
        content = path.read_bytes()
        version = msgspec.json.decode(content, type=dict[str, msgspec.Raw]).get("schema_version")
        if version is None or bytes(version) != str(REPORT_VERSION).encode():
            found = "none" if version is None else bytes(version).decode()
            raise InputError(f"{path} has schema version {found}, expected {REPORT_VERSION}: run `make gate` again")
        return msgspec.json.decode(content, type=Report)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}; run `make gate` first") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a gate report: {error}") from error
