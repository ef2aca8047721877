"""The third view against the bundle."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from contract.bundle import Bundle
from contract.wording import VERDICTS
from tests.app.predictor.page.browsing import read_cells
from tests.app.predictor.running import RunningServer, StartServer
from tests.review.worlds import report_of

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Page]


def test_the_card_tells_what_the_bundle_says(open_view: OpenPage, server: RunningServer, bundle: Bundle) -> None:
    manifest = bundle.manifest
    card = open_view(server, "model").locator("#model-card")
    for told in (manifest.version, manifest.digest, manifest.data.origin, manifest.data.sha256):
        expect(card).to_contain_text(told)
    metrics = read_cells(card.locator("table", has_text="95 % interval").first)
    found = manifest.metrics["pr_auc"]
    assert metrics == [["PR-AUC", f"{found.mean:.3f}  ({found.low:.3f} to {found.high:.3f})"]]
    columns = read_cells(card.locator("table", has_text="One row of input"))
    assert [cells[1] for cells in columns] == [column.name for column in manifest.schema.columns]


def test_the_calibration_plot_has_every_point_of_the_bundle(
    open_view: OpenPage, server: RunningServer, bundle: Bundle
) -> None:
    points = bundle.manifest.reliability
    page = open_view(server, "model")
    section = page.locator("section.card", has=page.get_by_role("heading", name="Calibration"))
    expect(section.locator("circle")).to_have_count(len(points))
    section.locator("summary").click()
    assert [int(cells[3].replace(",", "")) for cells in read_cells(section.locator("table"))] == [
        p.rows for p in points
    ]


def test_the_gates_verdict_shows_with_its_checks(
    open_view: OpenPage, start_server: StartServer, bundle: Bundle, bundle_folder: Path, tmp_path: Path
) -> None:
    report = report_of(bundle_folder)
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(report))
    server = start_server(bundle_folder, gate_report=path).wait_until_ready()
    card = open_view(server, "model").locator("#model-card")
    expect(card).to_contain_text(f"{VERDICTS['pass']} {report['headline']}")
    card.get_by_text(f"{len(report['checks'])} checks, judged on {report['created'][:10]}").click()
    cells = read_cells(card.locator("table", has_text="Every check of the gate"))
    assert [row[4] for row in cells] == [check["reason"] for check in report["checks"]]
    assert {row[1] for row in cells} <= set(VERDICTS.values())


def test_without_a_report_the_card_says_so(open_view: OpenPage, server: RunningServer) -> None:
    expect(open_view(server, "model").locator("#model-card")).to_contain_text("No gate report of this bundle is known")
