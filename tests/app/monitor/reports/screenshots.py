"""Pictures of the reports for the documents: `python -m tests.app.monitor.reports.screenshots --bundle DIR`.

Six days of rows of the generator; from the third on torque rises by a quarter of a standard deviation a day.
"""

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from contract.bundle import Bundle, read_bundle
from contract.errors import BundleError
from tests.app.monitor.reports.logs import (
    NOW,
    ROOT,
    Row,
    list_rows,
    log_outcomes,
    log_rows,
    run_job,
    score_rows,
    write_log,
)
from tests.app.predictor.page.browsing import launch_chromium
from training.data.dataset_file import load_dataset
from training.data.load import load_table

BUNDLE = ROOT / "artifacts" / "bench" / "bundle"
FOLDER = ROOT / "docs" / "images"
DAY_SECONDS = 24 * 3600
DAYS, ROWS = 6, 4000
DRIFTED, STEP = "torque_nm", 2.5
PAGES = {"index": ("index.html", 700), "verdicts": ("RUN/index.html", 1100), "drift": ("RUN/drift.html", 1400)}


def draw_day(day: int, folder: Path) -> list[Row]:
    table = load_table(load_dataset("ai4i"), "generator", folder / "rejected.csv", rows=ROWS, seed=100 + day)
    rows = list_rows(table)
    return [row | {DRIFTED: float(row[DRIFTED]) + STEP * max(0, day - 1)} for row in rows]


def report_days(bundle: Bundle, bundle_folder: Path, folder: Path) -> Path:
    """The folder of the reports of all days.

    Raises: SystemExit if the job fails.
    """
    chance = np.random.default_rng(0)
    for day in range(DAYS):
        rows = draw_day(day, folder)
        scores = score_rows(bundle, rows)
        outcomes = [float(chance.random() < score) for score in scores]
        log = write_log(folder / f"log-{day}", [*log_rows(bundle, rows, scores), *log_outcomes(bundle, outcomes)])
        until = datetime.fromtimestamp(NOW + 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        code, output, errors = run_job(log, bundle_folder, folder / "reports", "--until", until)
        print(output.strip())
        if code:
            sys.exit(errors)
    return folder / "reports"


def take_pictures(browser: Browser, reports: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    last = max(reports.glob("run-*")).name
    for name, (place, height) in PAGES.items():
        page = browser.new_page(viewport={"width": 1120, "height": height})
        page.goto((reports / place.replace("RUN", last)).as_uri(), wait_until="networkidle")
        path = out / f"reports-{name}.png"
        page.screenshot(path=path, animations="disabled")
        page.close()
        print(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    try:
        bundle = read_bundle(given.bundle)
    except BundleError as error:
        sys.exit(f"{error}; `python -m bench bundle` makes one, or say --bundle=folder")
    with tempfile.TemporaryDirectory() as folder, launch_chromium() as chromium:
        take_pictures(chromium, report_days(bundle, given.bundle, Path(folder)), given.out)


if __name__ == "__main__":
    main()
