"""Pictures of the page's views for the documents: `python -m tests.app.predictor.page.screenshots --bundle DIR`."""

import argparse
import csv
import io
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, sync_playwright

from contract.bundle import read_manifest
from contract.errors import BundleError
from contract.schema import Manifest
from tests.app.predictor.page.browsing import FLAGS, fill_row, find_chromium, open_page, press_predict, write_value
from tests.app.predictor.running import ROOT, RunningServer

BUNDLE = ROOT / "artifacts" / "bundle"
FOLDER = ROOT / "docs" / "images"
DESK: dict[str, Any] = {"viewport": {"width": 1120, "height": 1500}, "color_scheme": "light"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 1500}, "color_scheme": "light", "is_mobile": True}
ROWS = 4000


def write_upload(manifest: Manifest) -> bytes:
    """A CSV of golden rows, their numbers mixed, a few rows with something wrong."""
    chance = random.Random(7)
    golden = [entry.row for entry in manifest.golden]
    numbers = [column.name for column in manifest.schema.columns if column.type != "category"]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(golden[0]))
    writer.writeheader()
    broken = {700: (numbers[0], "much"), 1900: (numbers[-1], "-5"), 3100: (numbers[1], "")}
    for index in range(ROWS):
        row = {name: write_value(chance.choice(golden[:16])[name]) for name in golden[0]}
        row.update([broken[index]] if index in broken else [])
        writer.writerow(row)
    return text.getvalue().encode()


def choose_row(manifest: Manifest) -> dict[str, Any]:
    """The golden row of the highest score."""
    return dict(max(manifest.golden, key=lambda entry: entry.score).row)


def show_prediction(page: Page, manifest: Manifest) -> None:
    fill_row(page, choose_row(manifest))
    press_predict(page)
    page.locator("#what-if svg").wait_for()


def show_feedback(page: Page, manifest: Manifest) -> None:
    show_prediction(page, manifest)
    page.get_by_role("button", name="Yes, it did").click()
    page.locator("#feedback", has_text="the decision was").wait_for()


def show_batch(page: Page, manifest: Manifest) -> None:
    upload = write_upload(manifest)
    page.set_input_files("#file", {"name": "machines.csv", "mimeType": "text/csv", "buffer": upload})
    page.locator("#download").wait_for()


def show_model(page: Page, manifest: Manifest) -> None:
    page.locator("#model-card section").first.wait_for()


def show_traffic(page: Page, manifest: Manifest) -> None:
    page.locator("#traffic-body table").first.wait_for()


VIEWS = {
    "predict": ("predict", show_prediction, DESK),
    "feedback": ("predict", show_feedback, DESK),
    "batch": ("batch", show_batch, DESK),
    "model": ("model", show_model, DESK),
    "traffic": ("traffic", show_traffic, DESK),
    "phone": ("predict", show_prediction, PHONE),
}


def take_pictures(browser: Browser, url: str, manifest: Manifest, folder: Path) -> None:
    """Raises: AssertionError if a view breaks its policy, asks another origin or throws."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (view, show, context) in VIEWS.items():
        page, watch = open_page(browser, url, view, **context)
        show(page, manifest)
        page.evaluate("scrollTo(0, 0)")  # the top bar goes along with the page
        page.screenshot(path=folder / f"page-{name}.png", animations="disabled", caret="hide")
        page.context.close()
        assert not watch.troubles, watch.troubles
        print(folder / f"page-{name}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=BUNDLE)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    try:
        manifest = read_manifest(given.bundle)
    except BundleError as error:
        sys.exit(f"{error}; `make up` makes one, or say BUNDLE=folder")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = RunningServer(given.bundle, Path(folder) / "log")
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        try:
            server.wait_until_ready()
            rows = [entry.row for entry in manifest.golden] * 20
            httpx.post(f"{server.url}/v1/predict", json={"rows": rows}).raise_for_status()
            take_pictures(chromium, server.url, manifest, given.out)
        finally:
            chromium.close()
            server.kill()


if __name__ == "__main__":
    main()
