"""Where a dataset file says `unknown: missing`, the page says what was taken as missing, for one row and for a file."""

import csv
import io
from collections.abc import Callable

import httpx
import pytest
from playwright.sync_api import Page, expect

from contract.bundle import Bundle
from tests.app.predictor.page.browsing import fill_row, press_predict
from tests.app.predictor.page.test_batch import download, read_tiles, upload, write_rows
from tests.app.predictor.running import RunningServer

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Page]
SAID = "Type: training did not know “X”, so it is taken as missing."


def test_a_row_with_an_unknown_category_is_answered_with_a_warning(
    open_view: OpenPage, lenient_server: RunningServer, lenient: httpx.Client, lenient_bundle: Bundle
) -> None:
    row = {**lenient_bundle.manifest.golden[0].row, "type": "X"}
    page = open_view(lenient_server)
    fill_row(page, row)
    press_predict(page)
    expect(page.locator("#answer .warning")).to_have_text([SAID])
    answer = lenient.post("/v1/predict", json=row).json()
    assert [one["field"] for one in answer["warnings"]] == ["type"]
    fill_row(page, {"type": "L"})
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator("#answer .warning")).to_have_count(0)


def test_the_known_categories_are_proposed_where_any_may_be_written(
    open_view: OpenPage, lenient_server: RunningServer, lenient_bundle: Bundle
) -> None:
    page = open_view(lenient_server)
    column = lenient_bundle.manifest.schema.columns[0]
    proposed = page.locator("#known-type option").evaluate_all("options => options.map(one => one.value)")
    assert proposed == list(column.categories)
    page.get_by_label("Type").fill("")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator("#error-type")).to_have_text("Please give a value.")


def test_the_rows_of_a_file_that_were_warned_of_are_counted(
    open_view: OpenPage, lenient_server: RunningServer, lenient_bundle: Bundle
) -> None:
    page = open_view(lenient_server, "batch")
    content = write_rows(lenient_bundle, 50, lambda index, row: row.update({"type": "X" if index < 7 else row["type"]}))
    upload(page, content)
    page.locator("#download").wait_for()
    assert read_tiles(page)["With a warning"] == "7"
    expect(page.locator("#warned")).to_contain_text("In 7 rows a category that training did not know")
    _, scored = download(page)
    warned = [row["warning"] for row in csv.DictReader(io.StringIO(scored.decode()))]
    assert warned[:7] == ["unknown_category: type"] * 7
    assert set(warned[7:]) == {""}


def test_a_file_without_warnings_does_not_speak_of_them(
    open_view: OpenPage, lenient_server: RunningServer, lenient_bundle: Bundle
) -> None:
    page = open_view(lenient_server, "batch")
    upload(page, write_rows(lenient_bundle, 50))
    page.locator("#download").wait_for()
    assert "With a warning" not in read_tiles(page)
    expect(page.locator("#warned")).to_have_count(0)
