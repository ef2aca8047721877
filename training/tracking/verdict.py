"""The gate's verdict, as MLflow keeps it: numbers on the run and the model, texts on the version, pictures beside."""

import math
import re
from collections.abc import Iterator, Sequence

from contract.wording import write_interval
from training.gate.judge import GateResult
from training.report.drawing import Picture, export_picture
from training.tracking.tracker import VerdictNote

MAX_NAMED = 20  # checks in a tag


def note_verdict(result: GateResult, pictures: Sequence[Picture]) -> VerdictNote:
    return VerdictNote(
        verdict=result.verdict,
        metrics={name: value for name, value in _list_numbers(result) if math.isfinite(value)},
        tags=dict(_list_texts(result)),
        pictures={f"{slug(picture.title)}.svg": export_picture(picture) for picture in pictures},
    )


def _list_numbers(result: GateResult) -> Iterator[tuple[str, float]]:
    for line in result.metrics:
        for role, interval in line.values.items():
            yield (line.name if role == "candidate" else f"{line.name}_{role}"), interval.mean
        if line.difference is not None:
            yield f"{line.name}_difference", line.difference.mean
    for verdict in ("pass", "fail", "not_enough_evidence"):
        yield f"checks_{verdict}", float(sum(check.verdict == verdict for check in result.checks))
    yield "latency_us", result.latency.candidate_us


def _list_texts(result: GateResult) -> Iterator[tuple[str, str]]:
    """Tags of the version: each metric with its interval, the champion it met, and what it failed."""
    for line in result.metrics:
        if "candidate" in line.values:
            yield f"gate.{line.name}", write_interval(line.values["candidate"])
    champion = result.evidence.champion
    yield "gate.champion", champion.bundle.digest if champion is not None else "none"
    failed = [check.name for check in result.checks if check.verdict == "fail" and check.blocking]
    if failed:
        more = f" and {len(failed) - MAX_NAMED} more" if len(failed) > MAX_NAMED else ""
        yield "gate.failed", ", ".join(failed[:MAX_NAMED]) + more


def slug(title: str) -> str:
    """A title as a file's name: `Scores of cases that happened` becomes `scores-of-cases-that-happened`."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
