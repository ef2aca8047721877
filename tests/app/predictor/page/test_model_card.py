"""The third view against the bundle."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from contract.bundle import Bundle
from tests.app.predictor.page.browsing import read_cells
from tests.app.predictor.running import RunningServer, StartServer

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
    check = {"name": "metrics/pr_auc", "verdict": "pass", "found": "0.9", "expected": "0.8", "reason": "It is better."}
    report = {
        "schema_version": 1,
        "created": "2026-11-21T10:00:00+00:00",
        "verdict": "pass",
        "headline": "The candidate may be served.",
        "checks": [check],
        "candidate": {"digest": bundle.digest},
    }
    path = tmp_path / "report.json"
    path.write_bytes(msgspec.json.encode(report))
    server = start_server(bundle_folder, gate_report=path).wait_until_ready()
    card = open_view(server, "model").locator("#model-card")
    expect(card).to_contain_text("passed The candidate may be served.")
    card.get_by_text("1 check, judged on 2026-11-21").click()
    assert read_cells(card.locator("table", has_text="Every question"))[0][4] == "It is better."


def test_without_a_report_the_card_says_so(open_view: OpenPage, server: RunningServer) -> None:
    expect(open_view(server, "model").locator("#model-card")).to_contain_text("No gate report of this bundle is known")
