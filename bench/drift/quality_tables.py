"""The estimates of planted drifts as Markdown."""

from collections.abc import Callable
from pathlib import Path

from bench.drift.quality import (
    BOTH,
    LABELS,
    PRECISION,
    RECALL,
    TWO_SUMS,
    DriftQuality,
    Estimates,
    QualitySettings,
    measure_drifts,
)
from bench.reporting.tables import NONE, render_table
from cli.errors import CommandError
from contract.bundle import read_bundle
from contract.errors import ContractError
from contract.quality import FEWEST_LABELS
from training.data.dataset_file import load_dataset

DATASET = "ai4i"


def make_quality_report(folder: Path, settings: QualitySettings, say: Callable[[str], None]) -> str:
    """Raises: CommandError if the bundle is not sound, InputError if it is another dataset's."""
    try:
        bundle = read_bundle(folder)
    except ContractError as error:
        raise CommandError(f"{error}; make one with `make train`") from error
    found = measure_drifts(bundle, load_dataset(DATASET), settings, say)
    return render_quality(found, settings, bundle.manifest.data.origin)


def render_quality(found: list[DriftQuality], settings: QualitySettings, origin: str) -> str:
    parts = [
        f"Each drift: {settings.population:,} rows of the published recipe, seed {settings.seed}, which have the "
        f"truth; {settings.draws} draws of {settings.rows:,} of them, {settings.labelled:.0%} labelled at random. "
        f"Scores of a model from {origin}. Means of the estimates and of the ends of their 95 % intervals; error: "
        f"root of the mean squared one; holds: share of the intervals that hold the truth; unknown: share of the "
        f"draws with fewer than {FEWEST_LABELS} labels on a side."
    ]
    for measure in (PRECISION, RECALL):
        parts += [f"### {measure.capitalize()}", _render_measure(found, measure)]
    return "\n\n".join(parts) + "\n"


def _render_measure(found: list[DriftQuality], measure: str) -> str:
    header = [
        "planted",
        "truth",
        "two sums",
        "holds",
        "labels alone, error",
        "scores and labels",
        "interval",
        "error",
        "holds",
        "unknown",
    ]
    return render_table(header, (_render_row(one, measure) for one in found))


def _render_row(one: DriftQuality, measure: str) -> list[str]:
    truth = one.truth[measure]
    sums, labels, both = (one.estimates[measure, way] for way in (TWO_SUMS, LABELS, BOTH))
    return [
        one.title,
        f"{truth:.3f}",
        f"{sums.mean:.3f}",
        f"{sums.measure_coverage(truth):.0%}",
        f"{labels.measure_error(truth):.3f}",
        *_render_both(both, truth),
        f"{1 - both.known:.0%}",
    ]


def _render_both(both: Estimates, truth: float) -> list[str]:
    if not both.found:
        return [NONE] * 4
    low, high = both.ends
    return [
        f"{both.mean:.3f}",
        f"{low:.3f} to {high:.3f}",
        f"{both.measure_error(truth):.3f}",
        f"{both.measure_coverage(truth):.0%}",
    ]
