"""Pictures of the dashboards for the documents: `python -m tests.app.monitor.screenshots`, which takes ten minutes.

A stable version and a canary get traffic with labels; after a while a sensor of both reads too much.
"""

import argparse
import tempfile
import time
from pathlib import Path

import msgspec
from playwright.sync_api import Browser

from app.monitor.annotations.marks import RELEASE_TAG, RETRAINING_TAG, EventMark
from app.monitor.dashboards.place import ORDER
from app.monitor.watch.laptop import Laptop, LaptopPlan, run_laptop
from app.monitor.watch.rows import LabelledRow, read_rows, shift_row
from app.monitor.watch.traffic import Plan, Traffic
from tests.app.monitor.viewer.looking import look_at, open_dashboard
from tests.app.predictor.page.browsing import launch_chromium
from tests.app.predictor.running import ROOT
from tests.app.predictor.scoring.test_gate_report import as_report_of
from tests.conftest import make_bundle
from tests.params import PARAMS
from training.data.dataset_file import load_dataset
from training.data.load import load_table
from training.data.table import write_rows

FOLDER = ROOT / "docs" / "images"
ROWS = 6000
PLAN = Plan(rows_per_second=20, label_share=0.5, label_delay_seconds=20)
SHIFT = {"torque_nm": 8.0}
MINUTE = 60.0


def make_plan(folder: Path, page: Path) -> tuple[LaptopPlan, list[LabelledRow], list[LabelledRow]]:
    """What is run, the usual rows, and those of a sensor that reads too much."""
    table = load_table(load_dataset("ai4i"), "generator", folder / "rejected.csv", rows=ROWS, seed=3)
    stable = make_bundle(folder / "stable", table, msgspec.structs.replace(PARAMS, rounds=120))
    make_bundle(folder / "canary", table, msgspec.structs.replace(PARAMS, rounds=80))
    # rows that no version was fitted on: on its own rows a model is surer than it should be
    fresh = load_table(load_dataset("ai4i"), "generator", folder / "rejected.csv", rows=ROWS, seed=11)
    write_rows(fresh, folder / "rows.csv")
    (folder / "report.json").write_bytes(as_report_of(stable.digest))
    rows = read_rows(folder / "rows.csv", stable.manifest.schema)
    shifted = [shift_row(row, SHIFT, stable.manifest.schema) for row in rows]
    plan = LaptopPlan(
        folder / "stable",
        folder / "watch",
        page,
        gate_report=folder / "report.json",
        canary=folder / "canary",
        marks=make_marks(),
    )
    return plan, rows, shifted


def make_marks() -> tuple[EventMark, ...]:
    """A retraining that was merged, and the releases that came of it."""
    now = int(time.time() * 1000)

    def mark(seconds: int, text: str, *tags: str) -> EventMark:
        return EventMark(now + 1000 * seconds, now + 1000 * seconds, text, list(tags))

    return (
        mark(-7200, "v1.2.0: bump from v1.1.0, by Ada", RELEASE_TAG, "lathe-laptop", "v1.2.0", "5b1d0c2f7a"),
        mark(-1800, "#41 merged: Train ai4i anew: drift of torque_nm", RETRAINING_TAG, "merged", "#41"),
        mark(60, "v1.3.0: bump from v1.2.0, by Ada. Trained anew", RELEASE_TAG, "lathe-laptop", "v1.3.0", "c09e3a1d42"),
    )


def send_rows(laptop: Laptop, rows: list[LabelledRow], minutes: float) -> None:
    traffic = Traffic(laptop.predictors, rows, PLAN)
    traffic.start()
    traffic.stopping.wait(minutes * MINUTE)
    traffic.stop()


def take_pictures(browser: Browser, url: str, folder: Path) -> None:
    """Raises: AssertionError if a panel shows an error."""
    for name in ORDER:
        page, watch = open_dashboard(browser, url, name, theme="light", **{"from": "now-9m"})
        found = look_at(page)
        assert not found.errors + watch.troubles, (name, found.errors, watch.troubles)
        page.screenshot(path=folder / f"dashboard-{name.removeprefix('lathe-')}.png", animations="disabled")
        page.context.close()
        print(folder / f"dashboard-{name.removeprefix('lathe-')}.png", "empty:", ", ".join(found.empty) or "none")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, default=ROOT / ".tools" / "viewer" / "page")
    parser.add_argument("--out", type=Path, default=FOLDER)
    parser.add_argument("--minutes", type=float, default=5, help="of each kind of traffic")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, launch_chromium() as chromium:
        plan, rows, shifted = make_plan(Path(folder), given.page)
        with run_laptop(plan, print) as laptop:
            send_rows(laptop, rows, given.minutes)
            traffic = Traffic(laptop.predictors, shifted, PLAN)
            traffic.start()
            traffic.stopping.wait(given.minutes * MINUTE)
            try:
                take_pictures(chromium, laptop.viewer, given.out)
            finally:
                traffic.stop()


if __name__ == "__main__":
    main()
