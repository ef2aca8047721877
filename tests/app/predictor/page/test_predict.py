"""The first view as a person uses it: fill, predict, reasons, what-if, errors."""

import math
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from contract.bundle import Bundle
from tests.app.predictor.page.browsing import fill_row, press_predict, read_cells, write_value
from tests.app.predictor.running import RunningServer

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Page]


def golden_rows(bundle: Bundle) -> list[dict[str, Any]]:
    """By rising score."""
    return [dict(entry.row) for entry in sorted(bundle.manifest.golden, key=lambda entry: entry.score)]


def test_the_form_is_made_from_the_schema(page: Page, bundle: Bundle) -> None:
    for column in bundle.manifest.schema.columns:
        shown = page.locator(f"#field-{column.name}")
        expect(shown).to_have_value(write_value(column.example))
        if column.type == "category":
            assert shown.locator("option").all_inner_texts() == list(column.categories)
        else:
            assert float(shown.get_attribute("min") or "nan") == column.minimum
            assert float(shown.get_attribute("step") or "nan") == column.step
            assert (column.unit or "") in page.locator(".field", has=shown).inner_text()


def test_a_filled_row_gets_the_servers_answer(page: Page, client: httpx.Client, bundle: Bundle) -> None:
    row = golden_rows(bundle)[-1]
    fill_row(page, row)
    press_predict(page)
    answer = client.post("/v1/predict", json=row).json()["predictions"][0]
    assert answer["decision"] is True
    shown = float(page.locator("#score").inner_text().strip("<>% "))
    assert shown == pytest.approx(answer["score"] * 100, abs=0.1)
    expect(page.locator("#decision")).to_have_text("At risk")
    expect(page.locator("#answer [role=img]")).to_have_attribute("aria-label", re.compile("threshold at"))


def test_the_example_buttons_fill_the_form_with_the_lowest_and_the_highest(page: Page, bundle: Bundle) -> None:
    rows = golden_rows(bundle)
    for name, row in (("Lowest risk", rows[0]), ("Highest risk", rows[-1])):
        page.get_by_role("button", name=name).click()
        for column, value in row.items():
            expect(page.locator(f"#field-{column}")).to_have_value(write_value(value))


def test_the_reasons_are_the_servers_contributions(page: Page, client: httpx.Client, bundle: Bundle) -> None:
    row = golden_rows(bundle)[-1]
    fill_row(page, row)
    press_predict(page)
    page.locator("#why summary").click()
    shown = read_cells(page.locator("#why table"))
    contributions = client.post("/v1/explain", json=row).json()["contributions"]
    assert len(shown) == len(contributions)
    strongest = max(contributions, key=lambda one: abs(one["contribution"]))["contribution"]
    factor = math.exp(abs(strongest))
    written = "> 999" if factor >= 1000 else f"{factor:.1f}" if factor < 10 else f"{factor:.0f}"
    assert shown[0][2] == f"{'×' if strongest > 0 else '÷'} {written}"
    bars = page.locator("#why svg rect")
    assert bars.count() == min(len(contributions), 9)
    widths = [bars.nth(index).bounding_box() for index in range(bars.count())]
    assert widths[0] is not None
    assert widths[0]["width"] == max(width["width"] for width in widths if width)


def test_the_slider_walks_along_the_servers_sweep(page: Page, client: httpx.Client, bundle: Bundle) -> None:
    row = golden_rows(bundle)[-1]
    column = next(column for column in bundle.manifest.schema.columns if column.type != "category")
    fill_row(page, row)
    press_predict(page)
    page.get_by_label("Move the value of").select_option(column.name)
    slider = page.locator("#what-if-slider")
    expect(slider).to_have_attribute("aria-label", re.compile(f"in {column.unit}$"))
    slider.focus()
    page.keyboard.press("Home")
    sweep = client.post("/v1/sweep", json={"row": row, "column": column.name, "points": 121}).json()
    first = page.locator("#what-now").inner_text()
    assert first.startswith(f"At {sweep['values'][0]:g} {column.unit}")
    page.keyboard.press("End")
    assert page.locator("#what-now").inner_text().startswith(f"At {sweep['values'][-1]:g} {column.unit}")
    assert slider.get_attribute("aria-valuetext") == page.locator("#what-now").inner_text()
    page.get_by_role("button", name="Predict with this value").click()
    expect(page.locator(f"#field-{column.name}")).to_have_value(f"{sweep['values'][-1]:g}")


def test_errors_stand_at_their_fields_all_at_once(page: Page, bundle: Bundle) -> None:
    numbers = [column for column in bundle.manifest.schema.columns if column.type != "category"]
    too_large, empty = numbers[0], numbers[1]
    page.locator(f"#field-{too_large.name}").fill("100000")
    page.locator(f"#field-{empty.name}").fill("")
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator(f"#error-{too_large.name}")).to_contain_text(f"At most {too_large.maximum:g}")
    expect(page.locator(f"#error-{empty.name}")).to_have_text("Please give a value.")
    for column in (too_large, empty):
        field = page.locator(f"#field-{column.name}")
        expect(field).to_have_attribute("aria-invalid", "true")
        assert f"error-{column.name}" in (field.get_attribute("aria-describedby") or "")
    expect(page.locator(f"#field-{too_large.name}")).to_be_focused()
    page.locator(f"#field-{too_large.name}").fill(str(too_large.example))
    expect(page.locator(f"#error-{too_large.name}")).to_have_text("")


def test_what_only_the_server_refuses_stands_at_its_field_too(page: Page, bundle: Bundle) -> None:
    column = next(column for column in bundle.manifest.schema.columns if column.type != "category")
    # the page lets it pass as if its own schema were older than the server's
    page.route(
        "**/v1/predict", lambda route: route.continue_(post_data={**route.request.post_data_json, column.name: -1})
    )
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator(f"#error-{column.name}")).to_contain_text("too small")
    expect(page.locator(f"#field-{column.name}")).to_be_focused()


def test_a_server_that_is_gone_is_said_so(page: Page) -> None:
    page.route("**/v1/predict", lambda route: route.abort())
    page.get_by_role("button", name="Predict", exact=True).click()
    expect(page.locator("#form-error")).to_contain_text("cannot be reached")


def test_another_dataset_needs_no_other_page(open_view: OpenPage, other_server: tuple[RunningServer, Bundle]) -> None:
    server, bundle = other_server
    page = open_view(server)
    row = golden_rows(bundle)[-1]
    fill_row(page, row)
    press_predict(page)
    answer = httpx.post(f"{server.url}/v1/predict", json=row).json()["predictions"][0]
    number = float(re.findall(r"[\d.]+", page.locator("#score").inner_text().replace(",", ""))[0])
    scale = 100 if bundle.manifest.schema.task == "binary" else 1
    assert number == pytest.approx(answer["score"] * scale, rel=0.01)
    for column in bundle.manifest.schema.columns:
        page.get_by_label("Move the value of").select_option(column.name)
        expect(page.locator("#what-if-slider")).to_have_attribute("aria-valuetext", re.compile("would be"))


def test_a_value_that_may_be_missing_may_be_left_empty(
    open_view: OpenPage, other_server: tuple[RunningServer, Bundle]
) -> None:
    server, bundle = other_server
    nullable = [column.name for column in bundle.manifest.schema.columns if column.nullable]
    row = {column.name: column.example for column in bundle.manifest.schema.columns} | dict.fromkeys(nullable)
    page = open_view(server)
    fill_row(page, row)
    press_predict(page)
    page.locator("#why summary").click()
    unknown = [cells[0] for cells in read_cells(page.locator("#why table")) if cells[1] == "not known"]
    assert len(unknown) == len(nullable)
