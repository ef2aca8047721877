"""One report: read the log, judge it, let Evidently draw its pages, and put all of it below the folder of reports."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.monitor.reports.guards import ColumnVerdict, find_obstacle, judge_columns, judge_labels
from app.monitor.reports.log_files import LogReader
from app.monitor.reports.pages import render_index, render_run
from app.monitor.reports.places import open_reports
from app.monitor.reports.runs import INDEX, RUN_PREFIX, Quality, ReportRun, read_history, write_history
from app.monitor.reports.window import SCORE, LoggedWindow, WindowReader
from app.monitor.rules.objectives import DriftLimits
from cli.files import write_file, write_folder
from contract.bundle import read_manifest
from contract.quality import measure_share


@dataclass(frozen=True)
class ReportRequest:
    """What to report: the bundle that was served, and a window of time, Unix seconds; `log` and `out` may be URLs."""

    log: str
    bundle: Path
    out: str
    begin: float
    end: float
    sample_rows: int
    limits: DriftLimits
    keep: int


def make_report(request: ReportRequest) -> ReportRun:
    """Writes the pages of a run, the index and the history; keeps the pages of the last `keep` runs.

    Raises: BundleError, InputError, OutsideError.
    """
    with open_reports(request.out) as folder:
        return add_report(request, folder)


def add_report(request: ReportRequest, out: Path) -> ReportRun:
    """Adds it to the earlier ones in the folder `out`.

    Raises: BundleError, InputError, OutsideError.
    """
    runs = read_history(out, request.out)  # sooner than a report is made that could not be entered
    manifest = read_manifest(request.bundle)
    files = LogReader(request.log)
    window = WindowReader(manifest, request.begin, request.end, request.sample_rows).read(files)
    columns = judge_columns(window, request.limits)
    drawn = draw_pages(window, columns, request.limits)
    created = datetime.now(UTC)
    run = ReportRun(
        folder=f"{RUN_PREFIX}{created:%Y%m%dT%H%M%S%fZ}",
        created=_show_time(created.timestamp()),
        begin=_show_time(request.begin),
        end=_show_time(request.end),
        model=manifest.name,
        version=manifest.version,
        digest=manifest.digest,
        rows=window.rows,
        sampled=len(window.sample),
        shares=tuple(sorted(window.shares)),
        left_out=window.left_out,
        columns=tuple(columns),
        labels=judge_labels(window),
        quality=tuple(measure_quality(window)),
        pages=drawn.reasons,
        apart=drawn.apart,
    )
    write_run(out, request, run, drawn.pages, [*runs, run])
    return run


@dataclass
class Drawn:
    """Evidently's pages by name, why one is not there, and how far its index is from ours."""

    pages: dict[str, str]
    reasons: dict[str, str | None]
    apart: float | None = None

    def draw(self, name: str, obstacle: str | None, draw: Callable[[], str]) -> None:
        """What goes wrong inside Evidently takes no other page along."""
        self.reasons[name] = obstacle
        if obstacle is None:
            try:
                self.pages[name] = draw()
            except Exception as error:  # a library's, of data that nobody foresaw: the verdicts stand without it
                self.reasons[name] = f"Evidently failed: {' '.join(f'{type(error).__name__}: {error}'.split())[:300]}"


def draw_pages(window: LoggedWindow, columns: list[ColumnVerdict], limits: DriftLimits) -> Drawn:
    """The pages that the rows are enough for."""
    drawn = Drawn({}, {})
    shown = [column.name for column in columns if column.is_comparable]
    judged = [name for name in shown if find_obstacle(window, name) is None]
    none = "no column has rows enough" if window.rows else "no row of this model is in the window"
    guard = judge_labels(window)
    if not shown:
        drawn.reasons |= dict.fromkeys(("drift", "quality", "outcomes"), none)
        return drawn
    # 13 s and 300 MB: only once there is something to draw, and after the log was read
    from app.monitor.reports import evidently_adapter as evidently  # noqa: PLC0415 - as said above

    def draw_drift() -> str:
        page = evidently.show_drift(window.manifest, window.sample.columns, judged, limits.retrain)
        drawn.apart = page.apart
        return page.html

    drawn.draw("drift", None if judged else none, draw_drift)
    drawn.draw("quality", None, lambda: evidently.show_quality(window.manifest, window.sample.columns, shown))
    drawn.draw(
        "outcomes",
        guard.reason if guard.verdict == "unknown" else None,
        lambda: evidently.show_outcomes(window.manifest, window.labelled.columns),
    )
    return drawn


def measure_quality(window: LoggedWindow) -> list[Quality]:
    """Precision and recall of the labelled rows, with their intervals; nothing where the labels do not tell."""
    threshold = window.manifest.threshold
    if judge_labels(window).verdict == "unknown" or threshold is None or window.manifest.schema.task != "binary":
        return []
    decided = window.labelled.columns[SCORE] >= threshold
    events = window.labelled.columns["outcome"] > 0
    hits = int((decided & events).sum())
    found = (("precision", int(decided.sum())), ("recall", int(events.sum())))
    return [Quality(name, *share) for name, rows in found if (share := measure_share(hits, rows)) is not None]


def write_run(out: Path, request: ReportRequest, run: ReportRun, pages: dict[str, str], runs: list[ReportRun]) -> None:
    """Raises: InputError if the disk refuses."""
    for left in out.glob(f".{RUN_PREFIX}*"):  # of a run that was killed
        shutil.rmtree(left, ignore_errors=True)
    documents = {f"{name}.html": page.encode() for name, page in pages.items()}
    write_folder(out / run.folder, documents | {INDEX: render_run(run, request.limits).encode()})
    write_history(out, runs)
    folders = sorted(path for path in out.glob(f"{RUN_PREFIX}*") if path.is_dir())
    for folder in folders[: -request.keep]:
        shutil.rmtree(folder, ignore_errors=True)
    index = render_index(runs, (folder.name for folder in folders[-request.keep :]), request.limits)
    write_file(out / INDEX, index.encode())


def _show_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
