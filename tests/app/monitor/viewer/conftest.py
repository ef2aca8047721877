"""The built page, and Chromium to look at it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.app.predictor.page.browsing import start_chromium
from tests.app.predictor.running import ROOT
from tests.needs import leave_out, need_program
from tests.patience import LAST_RESORT_SECONDS

VIEWER = ROOT / "app" / "monitor" / "viewer"
MODULES = ROOT / ".tools" / "viewer" / "node_modules"


@pytest.fixture(scope="session")
def built_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built from the sources as they are."""
    if not MODULES.is_dir():
        leave_out("needs Grafana's components: make .tools/viewer/.installed (`make test` installs all that it needs)")
    folder = tmp_path_factory.mktemp("viewer") / "page"
    command = [need_program("node"), str(VIEWER / "build.mjs"), str(MODULES), str(folder)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS)
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start_chromium() as chromium:
        yield chromium
