"""The built page of the dashboards, and everything that watches a model, running on this machine."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.monitor.annotations.marks import RELEASE_TAG, RETRAINING_TAG, EventMark
from app.monitor.watch.laptop import Laptop, LaptopPlan, run_laptop
from app.monitor.watch.rows import read_rows
from app.monitor.watch.traffic import Plan, Traffic
from contract.bundle import Bundle
from tests.app.predictor.running import ROOT
from tests.app.predictor.scoring.test_gate_report import as_report_of
from tests.conftest import make_bundle
from tests.needs import leave_out, need_program
from tests.patience import LAST_RESORT_SECONDS
from training.data.table import Table, write_rows
from training.params import Params

VIEWER = ROOT / "app" / "monitor" / "viewer"
MODULES = ROOT / ".tools" / "viewer" / "node_modules"
FOLDER = Path(__file__).parent
LAPTOPS: list[contextlib.ExitStack] = []  # those that run


def pytest_runtest_teardown(nextitem: pytest.Item | None) -> None:
    """Ends the laptop with the folder's last test: its traffic takes a quarter of the machine from the others."""
    if nextitem is None or FOLDER not in nextitem.path.parents:
        while LAPTOPS:
            LAPTOPS.pop().close()


@pytest.fixture(scope="session")
def built_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page, built from the sources as they are."""
    if not MODULES.is_dir():
        leave_out("needs Grafana's components: make .tools/viewer/.installed (`make test` installs all that it needs)")
    folder = tmp_path_factory.mktemp("viewer") / "page"
    command = [need_program("node"), str(VIEWER / "build.mjs"), str(MODULES), str(folder)]
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS)
    return folder


def make_marks() -> tuple[EventMark, ...]:
    """A release and a retraining of a minute ago."""
    now = int(time.time() * 1000) - 60_000
    return (
        EventMark(now, now, "v1.2.0: bump, by Ada", [RELEASE_TAG, "lathe-laptop", "v1.2.0", "0123456789"]),
        EventMark(now, now, "#12 open: Train ai4i anew", [RETRAINING_TAG, "open", "#12"]),
    )


@pytest.fixture(scope="session")
def laptop(
    bundle: Bundle,
    bundle_folder: Path,
    table: Table,
    small_params: Params,
    built_page: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Laptop]:
    """Two predictors and a canary of another version, with traffic and labels, watched as `make watch` does."""
    for program in ("prometheus", "prometheus-alertmanager"):
        need_program(program)
    folder = tmp_path_factory.mktemp("laptop")
    canary = make_bundle(folder / "canary", table, msgspec.structs.replace(small_params, rounds=20))
    assert canary.manifest.version != bundle.manifest.version
    write_rows(table, folder / "rows.csv")
    (folder / "report.json").write_bytes(as_report_of(bundle.digest))
    plan = LaptopPlan(
        bundle_folder,
        folder / "watch",
        built_page,
        gate_report=folder / "report.json",
        canary=folder / "canary",
        marks=make_marks(),
    )
    lines: list[str] = []
    with contextlib.ExitStack() as stack:
        running = stack.enter_context(run_laptop(plan, lines.append))
        rows = read_rows(folder / "rows.csv", bundle.manifest.schema)
        traffic = Traffic(running.predictors, rows, Plan(rows_per_second=60, label_share=1, label_delay_seconds=0))
        traffic.start()
        stack.callback(traffic.stop)
        LAPTOPS.append(stack)
        yield running
    assert traffic.sent.failures == 0, traffic.sent.last_failure
