"""The rule groups in the order in which they need each other, and the list of what they record."""

from pathlib import Path

from app.monitor.rules.alerts.every import list_alerts
from app.monitor.rules.burn import list_ratios
from app.monitor.rules.counts import list_steps
from app.monitor.rules.drift import list_compared, list_indexes, list_references, list_value_shares
from app.monitor.rules.objectives import ROOT, Objectives, check_models
from app.monitor.rules.promql import Alert, Record, RuleGroup
from app.monitor.rules.quality import list_expected, list_labelled
from cli.errors import InputError
from cli.yaml_file import read_struct
from contract.dataset import Dataset

DATASETS = ROOT / "training" / "datasets"


def load_datasets(folder: Path = DATASETS) -> tuple[Dataset, ...]:
    """What each dataset file declares, by name; training checks that its parts fit together.

    Raises: InputError if there is none, or two of one name.
    """
    found = [read_struct(path, Dataset) for path in sorted(folder.glob("*.yaml"))]
    if not found:
        raise InputError(f"{folder} has no dataset file, expected at least one NAME.yaml")
    names = [dataset.name for dataset in found]
    if len(set(names)) < len(names):
        raise InputError(f"{folder} has two dataset files of one name: {', '.join(names)}")
    return tuple(found)


def make_groups(objectives: Objectives, datasets: tuple[Dataset, ...], interval: str = "1m") -> tuple[RuleGroup, ...]:
    """Every group; all but the counts are evaluated each `interval`.

    Raises: InputError if the objectives do not fit the datasets.
    """
    check_models(objectives, datasets)
    has_slices = any(dataset.slices for dataset in datasets)
    scraped = f"{objectives.scraping.interval_seconds}s"
    steps = list_steps(objectives, has_slices=has_slices)
    drift = [
        RuleGroup(name=f"lathe-drift-{window}", interval=interval, rules=tuple(
            record for one in list_compared(has_slices=has_slices) for record in list_indexes(one, window)
        ))
        for window in objectives.drift.windows
    ]  # fmt: skip # a table
    quality = [
        record
        for window in objectives.drift.windows
        for record in list_expected(window, datasets, has_slices=has_slices)
    ]
    return (
        RuleGroup(name="lathe-counts", interval=scraped, rules=tuple(steps)),
        RuleGroup(name="lathe-references", interval=interval, rules=tuple(list_references(has_slices=has_slices))),
        *drift,
        RuleGroup(name="lathe-values", interval=interval, rules=tuple(list_value_shares())),
        RuleGroup(name="lathe-quality", interval=interval, rules=(*quality, *list_labelled(datasets))),
        RuleGroup(name="lathe-objectives", interval=interval, rules=tuple(list_ratios(objectives))),
        RuleGroup(
            name="lathe-alerts",
            interval=interval,
            rules=tuple(list_alerts(objectives, datasets, has_slices=has_slices)),
        ),
    )


def list_records(groups: tuple[RuleGroup, ...]) -> list[str]:
    """The names of all series that the rules record: what a dashboard may ask for."""
    return [rule.record for group in groups for rule in group.rules if isinstance(rule, Record)]


def list_alert_names(groups: tuple[RuleGroup, ...]) -> list[str]:
    """The names of all alerts, each once."""
    names = [rule.alert for group in groups for rule in group.rules if isinstance(rule, Alert)]
    return list(dict.fromkeys(names))
