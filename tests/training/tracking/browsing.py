"""MLflow's page in a real Chromium: the list of runs with those below them, and a run opened.

`python -m tests.training.tracking.browsing http://127.0.0.1:5000` takes the document's pictures of a page that
`make mlflow` shows, of a project that has trained, evaluated and tuned.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page, sync_playwright

from tests.app.predictor.page.browsing import FLAGS, find_chromium
from tests.conftest import ROOT
from tests.patience import LAST_RESORT_SECONDS

EXPERIMENT = "1"
IMAGES = ROOT / "docs" / "images"
NO_USERS = "/ajax-api/2.0/mlflow/users/current"  # 404 where MLflow asks nobody who they are


@dataclass
class Requests:
    """Which left this machine, were not answered, or were refused."""

    url: str
    troubles: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("request", lambda one: self._note(one.url, not one.url.startswith((self.url, "data:", "blob:"))))
        page.on("requestfailed", lambda one: self._note(f"{one.url}: {one.failure}", True))
        page.on("response", lambda one: self._note(one.url, one.status >= 400 and NO_USERS not in one.url))

    def _note(self, text: str, is_trouble: bool) -> None:
        self.troubles += [text] if is_trouble else []


@contextmanager
def open_mlflow(url: str) -> Iterator[tuple[Page, Requests]]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        page = chromium.new_page(viewport={"width": 1400, "height": 760})
        page.set_default_timeout(LAST_RESORT_SECONDS * 1000)
        requests = Requests(url)
        requests.watch(page)
        yield page, requests
        chromium.close()


def show_runs(page: Page, url: str, *names: str) -> list[str]:
    """Opens the list, then what is below each run whose name begins so, in that order; every run's name from above."""
    page.goto(f"{url}/#/experiments/{EXPERIMENT}/runs")
    for name in names:
        link = page.get_by_role("link", name=re.compile(f"^{name} "))
        link.wait_for()
        row = page.get_by_role("row").filter(has=link)
        before = page.get_by_role("row").count()
        row.locator("button[data-component-id*=runnamecell]").first.click()
        page.wait_for_function("before => document.querySelectorAll('[role=row]').length > before", arg=before)
    page.get_by_role("button", name="Close").click()  # of the assistant, which asks a language model that is not there
    return page.get_by_role("row").get_by_role("link").all_inner_texts()


def show_run(page: Page, name: str) -> None:
    """Opens a run of the list, once its metrics are there."""
    page.get_by_role("link", name=re.compile(f"^{name} ")).click()
    page.get_by_role("link", name="pr_auc", exact=True).wait_for()


def main() -> None:
    url = sys.argv[1].rstrip("/")
    with open_mlflow(url) as (page, requests):
        print(*show_runs(page, url, "tune", "train", "evaluate"), sep="\n")
        page.screenshot(path=IMAGES / "mlflow-runs.png")
        show_run(page, "train")
        page.screenshot(path=IMAGES / "mlflow-run.png")
        print(requests.troubles)


if __name__ == "__main__":
    main()
