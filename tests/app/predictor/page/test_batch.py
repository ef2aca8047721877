"""The second view: a file in, its summary, its refused rows and the scored file out."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from contract.bundle import Bundle
from tests.app.predictor.page.browsing import read_cells, write_value
from tests.app.predictor.running import RunningServer

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Page]
LARGEST_PIECE_BYTES = 2 * 256 * 1024 + 1024  # page/slices.js, with the header: all that the page works on at once
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
    for cells, reason in zip(refused, ("too large", "missing", "a string"), strict=True):
        assert reason in cells[1]
        assert cells[-1].endswith('"quoted"')


def test_the_download_is_what_the_server_answers(batch_page: Page, client: httpx.Client, bad_rows: bytes) -> None:
    upload(batch_page, bad_rows)
    name, content = download(batch_page)
    assert name == "pieces-scored.csv"
    assert content == client.post("/v1/batch", content=bad_rows, headers=CSV).content


def test_a_file_that_cannot_be_scored_is_told_at_the_field(batch_page: Page) -> None:
    upload(batch_page, b"one,two\n1,2\n")
    expect(batch_page.locator("#file-error")).to_contain_text("has none of the columns")
    expect(batch_page.locator("#file")).to_have_attribute("aria-invalid", "true")
    expect(batch_page.locator("#batch-result")).to_be_empty()
    upload(batch_page, b"")
    expect(batch_page.locator("#file-error")).not_to_contain_text("has none of the columns")
    expect(batch_page.locator("#file-error")).not_to_be_empty()


def write_raw(bundle: Bundle, size: int, note: str) -> bytes:
    """A CSV whose last column is `note` as it stands, whatever quotes are in it."""
    lines = write_rows(bundle, 50).decode().splitlines()
    plain = [line[: line.index(',"piece')] for line in lines[1:]]
    return "\n".join([lines[0], *(f"{plain[index % 50]},{note}" for index in range(size))]).encode()


def test_a_large_file_with_inch_marks_is_scored_as_a_small_one_is(
    batch_page: Page, client: httpx.Client, bundle: Bundle, tmp_path: Path
) -> None:
    content = write_raw(bundle, 60_000, '5" bolt of many' + " " * 60)
    assert len(content) > 4 * 1024 * 1024
    (tmp_path / "bolts.csv").write_bytes(content)
    batch_page.set_input_files("#file", tmp_path / "bolts.csv")
    expect(batch_page.locator("#batch-status")).to_contain_text("60,000 rows done", timeout=60_000)
    answer = client.post("/v1/batch", content=content, headers=CSV)
    assert read_tiles(batch_page)["Refused"] == "0"
    shown = list(csv.DictReader(io.StringIO(download(batch_page)[1].decode())))
    expected = list(csv.DictReader(io.StringIO(answer.text)))
    assert (
        [row["note"] for row in shown] == [row["note"] for row in expected] == ['5" bolt of many' + " " * 60] * 60_000
    )
    assert [row["decision"] for row in shown] == [row["decision"] for row in expected]


def test_a_quote_that_is_never_closed_costs_the_rows_that_the_server_refuses(
    batch_page: Page, client: httpx.Client, bundle: Bundle, tmp_path: Path
) -> None:
    lines = write_raw(bundle, 60_000, "plain").splitlines()
    lines[3] = lines[3].replace(b",plain", b',"open')
    (tmp_path / "open.csv").write_bytes(b"\n".join(lines))
    batch_page.set_input_files("#file", tmp_path / "open.csv")
    expect(batch_page.locator("#batch-status")).to_contain_text("60,000 rows done, ", timeout=60_000)
    assert read_tiles(batch_page)["Refused"] == "1"
    assert client.post("/v1/batch", content=b"\n".join(lines), headers=CSV).text.count("malformed_csv") == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04 [Content_Types].xml" + bytes(5_000_000), "is an Excel workbook (.xlsx), expected CSV"),
        ("type,b\n1,2\n".encode("utf-16") * 500_000, "is text in UTF-16, expected CSV"),
        (b"type,b\r1,2\r" * 500_000, "is text whose lines end with CR alone"),
        (b"x" * 5_000_000, "a line of the upload is longer than"),
        (b"type;b\n" + b"L;1,5\n" * 900_000, "has semicolons between its cells, expected commas"),
    ],
    ids=["excel", "utf-16", "old-mac", "one-line", "semicolons"],
)
def test_a_large_file_of_another_kind_is_told_what_the_server_says(
    batch_page: Page, tmp_path: Path, content: bytes, told: str
) -> None:
    (tmp_path / "other.csv").write_bytes(content)
    batch_page.set_input_files("#file", tmp_path / "other.csv")
    expect(batch_page.locator("#file-error")).to_contain_text(told)


def test_formulas_come_back_quoted_and_the_page_says_so(batch_page: Page, bundle: Bundle) -> None:
    upload(batch_page, write_raw(bundle, 100, "=cmd|' /C calc'!A0"))
    expect(batch_page.locator("#quoted-formulas")).to_contain_text("100 cells that a spreadsheet would run")
    notes = [row["note"] for row in csv.DictReader(io.StringIO(download(batch_page)[1].decode()))]
    assert notes == ["'=cmd|' /C calc'!A0"] * 100


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
    pieces: list[int] = []
    batch_page.on("request", lambda request: pieces.append(len(request.post_data_buffer or b"")))
    batch_page.evaluate(
        """() => {
            window.told = 0; // how often the page was free to say how far it is
            const count = () => { window.told += 1; };
            new MutationObserver(count).observe(document.getElementById("progress-text"), { childList: true });
        }"""
    )
    batch_page.set_input_files("#file", tmp_path / "many.csv")
    expect(batch_page.locator("#batch-status")).to_contain_text("100,000 rows done")
    assert read_tiles(batch_page)["Rows"] == "100,000"
    assert batch_page.locator("#batch-result tr").count() < 300
    assert max(pieces) <= LARGEST_PIECE_BYTES
    assert len(pieces) >= len(content) // LARGEST_PIECE_BYTES
    assert batch_page.evaluate("window.told") >= len(pieces)
    shown = list(csv.DictReader(io.StringIO(download(batch_page)[1].decode())))
    assert [row["note"] for row in shown] == [f'piece {index}, "quoted"' for index in range(100_000)]
    expected = list(csv.DictReader(io.StringIO(client.post("/v1/batch", content=content, headers=CSV).text)))
    assert [row["decision"] for row in shown] == [row["decision"] for row in expected]
    for ours, theirs in zip(shown, expected, strict=True):
        assert float(ours["score"]) == pytest.approx(float(theirs["score"]), abs=1e-6)
