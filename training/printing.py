"""What training shows in the terminal: tables, the verdict, the addresses."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.panel import Panel
from rich.table import Table as Grid

from cli import console
from contract.bundle import Bundle
from contract.schema import Interval, Manifest
from contract.wording import VERDICTS
from training.gate.result import NOT_CHECKED

if TYPE_CHECKING:
    import optuna

    from training.artifacts import Artifacts
    from training.data.table import Table
    from training.evaluation.evaluate import Evaluation
    from training.gate.judge import GateResult

LABELS = {
    "pr_auc": "PR-AUC",
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "expected_cost": "Cost per row",
    "roc_auc": "ROC-AUC",
    "brier": "Brier score",
    "calibration_error": "Calibration error",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
}
COLOURS = {"pass": "green", "fail": "red", "not_enough_evidence": "yellow"}
SHOWN_FEATURES = 6
MIN_GROUP_ROWS = 2  # on average; below, a group holds nothing together
NO_BLOCK = " (does not block)"


def describe_target(table: "Table") -> str:
    """How often it happened, or the range of the number to predict."""
    target, dataset = table.target, table.dataset
    if dataset.task == "binary":
        return f"{int(target.sum()):,} with {dataset.target.name} ({target.mean():.2%})"
    return f"{dataset.target.name} from {target.min():g} to {target.max():g}"


def describe_groups(table: "Table") -> str:
    """How many groups the dataset's rule makes, "" without one."""
    group = table.dataset.group
    if group is None:
        return ""
    rule = f"a new one where {group.falls} falls" if group.falls else f"one for each {group.by}"
    return f"{len(set(table.groups.tolist())):,} groups ({rule})"


def doubt_groups(table: "Table") -> Iterator[str]:
    """What makes a group rule implausible: groups of hardly more than one row, or one group alone."""
    if table.dataset.group is None:
        return
    groups = len(set(table.groups.tolist()))
    if len(table) < MIN_GROUP_ROWS * groups or groups == 1:
        yield (
            f"{describe_groups(table)} in {len(table):,} rows: if that is not so in the machine, a holdout by groups "
            "flatters; check `group` and `order` in the dataset file"
        )


def print_table_summary(table: "Table") -> None:
    """Each input with its range, and each category with its share."""
    grid = _grid(table.dataset.title, ("Column", "Unit", "Least", "Median", "Most"))
    for column in table.dataset.columns:
        values = table.frame[column.source]
        if column.type == "category":
            shares = ", ".join(f"{name} {share:.0%}" for name, share in values.value_counts(normalize=True).items())
            grid.add_row(column.name, "", escape(shares), "", "")
        else:
            grid.add_row(column.name, escape(column.unit or ""), *(f"{values.quantile(q):g}" for q in (0, 0.5, 1)))
    console.out.print(grid)


def print_metrics(manifest: Manifest) -> None:
    """The metrics of the bundle with their intervals."""
    grid = _grid("On rows it never saw", ("Metric", "Value", "95 % interval"))
    for name, value in manifest.metrics.items():
        grid.add_row(LABELS.get(name, name), f"{value.mean:.3f}", f"{value.low:.3f} to {value.high:.3f}")
    console.out.print(grid)


def print_bundle(bundle: Bundle, folder: Path) -> None:
    """What `inspect` shows: identity, inputs, metrics, files."""
    manifest = bundle.manifest
    grid = _grid(f"{manifest.name} {manifest.version}, every checksum verified", ("", ""))
    grid.show_header = False
    threshold = "none" if manifest.threshold is None else f"{manifest.threshold:.4f}"
    facts = {
        "folder": str(folder),
        "digest": bundle.digest,
        "predicts": f"{manifest.schema.target.name}: {manifest.schema.target.description}",
        "decides at": threshold,
        "trained on": f"{manifest.data.rows:,} rows of {manifest.data.dataset}, {manifest.data.origin}",
        "data": manifest.data.sha256,
        "columns": ", ".join(column.name for column in manifest.schema.columns),
        "features": ", ".join(manifest.schema.features),
        "golden rows": str(len(manifest.golden)),
        "libraries": ", ".join(f"{name} {version}" for name, version in manifest.libraries.items()),
        **{name: f"{entry.size_bytes:,} bytes, {entry.sha256}" for name, entry in manifest.files.items()},
    }
    for name, value in facts.items():
        grid.add_row(name, escape(value))
    console.out.print(grid)
    print_metrics(manifest)


def print_verdict(result: "GateResult", folder: Path) -> None:
    """The verdict, the checks that stand in its way, and where the report is."""
    title, colour = VERDICTS[result.verdict].upper(), COLOURS[result.verdict]
    unchecked = [check.name for check in result.checks if check.found == NOT_CHECKED]
    made = [check for check in result.checks if check.found != NOT_CHECKED]
    counts = [sum(check.verdict == verdict for check in made) for verdict in VERDICTS]
    lines = [f"{counts[0]} checks passed, {counts[1]} failed, {counts[2]} without enough evidence"]
    lines += [
        f"{VERDICTS[check.verdict].lower()}: {check.name}: {check.reason}{'' if check.blocking else NO_BLOCK}"
        for check in made
        if check.verdict != "pass"
    ]
    if unchecked:
        lines.append(f"not checked, the report says why: {', '.join(unchecked)} (does not block)")
    lines.append(f"report: {folder / 'report.html'}")
    console.out.print(
        Panel(escape("\n".join(lines)), title=f"[bold]Gate: {title}[/]", border_style=colour, expand=False)
    )


def print_evaluation(evaluation: "Evaluation") -> None:
    """One table for cross-validation and one for each holdout, estimators side by side."""
    data = evaluation.data
    print_estimators(f"{evaluation.protocol}, {data.rows:,} rows", evaluation.estimators)
    for kind, estimators in evaluation.holdouts.items():
        print_estimators({"time": "The last rows in time", "group": "Whole groups held out"}[kind], estimators)


def print_estimators(title: str, estimators: Mapping[str, Mapping[str, Interval]]) -> None:
    grid = _grid(title, ("Metric", *(name.replace("_", " ") for name in estimators)))
    for metric in next(iter(estimators.values())):
        values = (estimator[metric] for estimator in estimators.values())
        cells = (f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]" for value in values)
        grid.add_row(LABELS.get(metric, metric), *(escape(cell) for cell in cells))
    console.out.print(grid)


def print_study(study: "optuna.Study", today: "optuna.trial.FrozenTrial | None") -> None:
    """The best trial against the one with today's parameters."""
    pruned = sum(trial.state.name == "PRUNED" for trial in study.trials)
    grid = _grid(f"{len(study.trials)} trials, {pruned} pruned", ("Parameter", "Today", "Best"))
    best = study.best_trial
    grid.add_row("score", f"{today.value:.4f}" if today else "", f"{best.value:.4f}")
    for name in best.params:
        grid.add_row(name, f"{today.params[name]:g}" if today else "", f"{best.params[name]:g}")
    console.out.print(grid)


def print_predictions(
    manifest: Manifest, rows: Sequence[Mapping[str, Any]], answer: Mapping[str, Any], truth: Sequence[float]
) -> None:
    """A few rows with score, decision and what really happened."""
    columns = [column.name for column in manifest.schema.columns][:SHOWN_FEATURES]
    binary = manifest.schema.task == "binary"
    headers = [name.replace("_", " ") for name in columns]
    grid = _grid("Answers of the running predictor", (*headers, "Score", "Decision", "In truth"))
    for row, prediction, actual in zip(rows, answer["predictions"], truth, strict=True):
        decision = {True: "act", False: "go on", None: ""}[prediction["decision"]]
        happened = ("yes" if actual else "no") if binary else f"{actual:g}"
        grid.add_row(*(escape(str(row[name])) for name in columns), f"{prediction['score']:.3f}", decision, happened)
    console.out.print(grid)


def print_urls(url: str, artifacts: "Artifacts", seconds: float) -> None:
    """Where everything is and how to stop it."""
    lines = {
        "page": f"{url}/",
        "predict": f"{url}/v1/predict",
        "model card": f"{url}/v1/model",
        "API": f"{url}/openapi.json",
        "metrics": f"{url}/metrics",
        "report": str(artifacts.gate / "report.html"),
        "bundle": str(artifacts.bundle),
        "stop": "make down",
    }
    text = "\n".join(f"{name:<11}{value}" for name, value in lines.items())
    console.out.print(Panel(escape(text), title=f"Up after {seconds:.0f} s", border_style="green", expand=False))


def _grid(title: str, headers: Sequence[str]) -> Grid:
    grid = Grid(title=escape(title), title_justify="left", title_style="bold")
    for header in headers:
        grid.add_column(header)
    return grid
