"""The second view: a file in, its summary, its refused rows and the scored file out."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from app.contract.bundle import Bundle
from tests.app.predictor.page.browsing import read_cells, write_value
from tests.app.predictor.running import RunningServer

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Page]
LONGEST_TASK_MILLISECONDS = 300  # 66 was the most seen on a busy machine
CSV = {"content-type": "text/csv", "accept": "text/csv"}


def write_rows(bundle: Bundle, size: int, break_row: Callable[[int, dict[str, str]], None] | None = None) -> bytes:
    """A CSV of golden rows over and over, with a note that no model looks at."""
    golden = [entry.row for entry in bundle.manifest.golden]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*golden[0], "note"])
    writer.writeheader()
    for index in range(size):
        row = {name: write_value(value) for name, value in golden[index % len(golden)].items()}
        row["note"] = f'piece {index}, "quoted"'
        if break_row:
            break_row(index, row)
        writer.writerow(row)
    return text.getvalue().encode()


def upload(page: Page, content: bytes, name: str = "pieces.csv") -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": content})


def read_tiles(page: Page) -> dict[str, str]:
    tiles = page.locator("#batch-result .tiles > div")
    return {tile.locator("dt").inner_text(): tile.locator("dd").inner_text().split("\n")[0] for tile in tiles.all()}


def download(page: Page) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the scored file").click()
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


@pytest.fixture
def batch_page(open_view: OpenPage, server: RunningServer) -> Page:
    return open_view(server, "batch")


@pytest.fixture
def bad_rows(bundle: Bundle) -> bytes:
    """200 rows of which 3 are refused: too large, missing, not a number."""
    number = next(column.name for column in bundle.manifest.schema.columns if column.type != "category")
    broken = {20: "999999", 40: "", 60: "much"}
    return write_rows(bundle, 200, lambda index, row: row.update({number: broken.get(index, row[number])}))


def test_the_summary_counts_what_the_server_counted(batch_page: Page, client: httpx.Client, bad_rows: bytes) -> None:
    upload(batch_page, bad_rows)
    batch_page.locator("#download").wait_for()
    answer = client.post("/v1/batch", content=bad_rows, headers={**CSV, "accept": "application/x-ndjson"})
    lines = [httpx.Response(200, content=line).json() for line in answer.text.splitlines()]
    summary = lines[-1]["summary"]
    assert read_tiles(batch_page) == {
        "Rows": str(summary["rows"]),
        "Scored": str(summary["scored"]),
        "At risk": str(summary["at_risk"]),
        "Refused": str(summary["rejected"]),
    }
    batch_page.locator("#batch-result summary").first.click()
    histogram = read_cells(batch_page.locator("#batch-result table").first)
    assert [int(rows) for _, rows in histogram] == summary["histogram"]["counts"]


def test_the_worst_rows_come_first_and_the_refused_with_their_reasons(batch_page: Page, bad_rows: bytes) -> None:
    upload(batch_page, bad_rows)
    worst = batch_page.get_by_role("region", name="The 20 rows with the highest score")
    scores = [float(cells[1].strip("<>% ")) for cells in read_cells(worst.locator("table"))]
    assert scores == sorted(scores, reverse=True)
    batch_page.get_by_role("button", name="Show 100").click()
    assert len(read_cells(batch_page.get_by_role("region", name="The 100 rows").locator("table"))) == 100
    refused = read_cells(batch_page.get_by_role("region", name="The first 3 refused rows").locator("table"))
    assert [cells[0] for cells in refused] == ["21", "41", "61"]
    for cells, reason in zip(refused, ("too large", "null", "a string"), strict=True):
        assert reason in cells[1]
        assert cells[-1].endswith('"quoted"')


def test_the_download_is_what_the_server_answers(batch_page: Page, client: httpx.Client, bad_rows: bytes) -> None:
    upload(batch_page, bad_rows)
    name, content = download(batch_page)
    assert name == "pieces-scored.csv"
    assert content == client.post("/v1/batch", content=bad_rows, headers=CSV).content


def test_a_file_that_cannot_be_scored_is_told_at_the_field(batch_page: Page) -> None:
    upload(batch_page, b"one,two\n1,2\n")
    expect(batch_page.locator("#file-error")).to_contain_text("the header has no")
    expect(batch_page.locator("#file")).to_have_attribute("aria-invalid", "true")
    expect(batch_page.locator("#batch-result")).to_be_empty()
    upload(batch_page, b"")
    expect(batch_page.locator("#file-error")).not_to_contain_text("the header has no")
    expect(batch_page.locator("#file-error")).not_to_be_empty()


def test_a_dropped_file_is_scored(batch_page: Page, bad_rows: bytes) -> None:
    transfer = batch_page.evaluate_handle(
        """text => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([text], "dropped.csv", { type: "text/csv" }));
            return transfer;
        }""",
        bad_rows.decode(),
    )
    batch_page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
    expect(batch_page.locator("#batch-status")).to_contain_text("200 rows done")


def test_a_stopped_file_shows_what_was_scored_until_then(batch_page: Page, bundle: Bundle) -> None:
    asked: list[Any] = []

    def stop_at_the_second(route: Any) -> None:
        asked.append(route)
        if len(asked) == 2:
            batch_page.evaluate("document.getElementById('stop').click()")
            route.abort()
        else:
            route.continue_()

    batch_page.route("**/v1/batch", stop_at_the_second)
    upload(batch_page, write_rows(bundle, 12_000))
    expect(batch_page.locator("#file-error")).to_contain_text("Stopped. The first")
    assert 0 < int(read_tiles(batch_page)["Rows"].replace(",", "")) < 12_000


def test_a_hundred_thousand_rows_stay_smooth(
    batch_page: Page, client: httpx.Client, bundle: Bundle, tmp_path: Path
) -> None:
    content = write_rows(bundle, 100_000)
    (tmp_path / "many.csv").write_bytes(content)
    batch_page.evaluate(
        """() => {
            window.longest = 0;
            new PerformanceObserver((list) => {
                for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
            }).observe({ type: "longtask" });
        }"""
    )
    batch_page.set_input_files("#file", tmp_path / "many.csv")
    expect(batch_page.locator("#batch-status")).to_contain_text("100,000 rows done", timeout=60_000)
    assert read_tiles(batch_page)["Rows"] == "100,000"
    assert batch_page.locator("#batch-result tr").count() < 300
    assert batch_page.evaluate("window.longest") < LONGEST_TASK_MILLISECONDS
    shown = list(csv.DictReader(io.StringIO(download(batch_page)[1].decode())))
    assert [row["note"] for row in shown] == [f'piece {index}, "quoted"' for index in range(100_000)]
    expected = list(csv.DictReader(io.StringIO(client.post("/v1/batch", content=content, headers=CSV).text)))
    assert [row["decision"] for row in shown] == [row["decision"] for row in expected]
    for ours, theirs in zip(shown, expected, strict=True):
        assert float(ours["score"]) == pytest.approx(float(theirs["score"]), abs=1e-6)
