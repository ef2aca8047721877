"""The page for people without a mouse, without sight, on a phone, in the dark."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from contract.bundle import Bundle
from tests.app.predictor.page.browsing import press_predict
from tests.app.predictor.page.test_batch import upload, write_rows
from tests.app.predictor.running import RunningServer

pytestmark = pytest.mark.slow

OpenPage = Callable[..., Page]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
GRAVE = ("serious", "critical")


def show_everything(page: Page, view: str, bundle: Bundle) -> None:
    """Brings a view into the state in which it shows most."""
    if view == "predict":
        press_predict(page)
    if view == "batch":
        number = next(column.name for column in bundle.manifest.schema.columns if column.type != "category")
        upload(page, write_rows(bundle, 60, lambda index, row: row.update({number: ""} if index == 3 else {})))
        page.locator("#download").wait_for()
    if view == "traffic":
        page.locator("#traffic-body .tiles").wait_for()
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    # wait_for_function polls by a string that the page's content security policy refuses to evaluate
    page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", ["predict", "batch", "model", "traffic"])
def test_axe_finds_nothing_serious(
    open_view: OpenPage, server: RunningServer, bundle: Bundle, view: str, scheme: str
) -> None:
    page = open_view(server, view, color_scheme=scheme)
    show_everything(page, view, bundle)
    assert find_grave(page) == []


def find_grave(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds that keeps people out, with the elements it stands on."""
    found = Axe().run(page).response
    assert found["passes"], "axe checked nothing"
    grave = [one for one in found["violations"] if one["impact"] in GRAVE]
    return [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in grave]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_dialog_and_in_errors(
    open_view: OpenPage, server: RunningServer, bundle: Bundle, scheme: str
) -> None:
    page = open_view(server, color_scheme=scheme)
    number = next(column.name for column in bundle.manifest.schema.columns if column.type != "category")
    page.locator(f"#field-{number}").fill("99999999")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.locator(".error:not(:empty)").first.wait_for()
    assert find_grave(page) == []
    page.get_by_role("button", name="API key").click()
    page.get_by_role("dialog").wait_for()
    assert find_grave(page) == []
    batch = open_view(server, "batch", color_scheme=scheme)
    upload(batch, b"nothing,of,use\n1,2,3\n")
    batch.locator("#file-error:not(:empty)").wait_for()
    assert find_grave(batch) == []


@pytest.mark.parametrize("view", ["predict", "batch", "model", "traffic"])
def test_nothing_is_wider_than_a_phone(open_view: OpenPage, server: RunningServer, bundle: Bundle, view: str) -> None:
    page = open_view(server, view, **PHONE)
    show_everything(page, view, bundle)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_keyboard_alone_gets_from_the_address_to_a_what_if(page: Page, bundle: Bundle) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    first = bundle.manifest.schema.columns[0]
    press_tab_until(page, f"field-{first.name}")
    page.keyboard.press("End")
    if first.categories:
        expect(page.locator(f"#field-{first.name}")).to_have_value(first.categories[-1])
    number = next(column for column in bundle.manifest.schema.columns if column.type != "category")
    press_tab_until(page, f"field-{number.name}")
    page.keyboard.press("ArrowUp")
    assert float(page.locator(f"#field-{number.name}").input_value()) == pytest.approx(
        float(number.example or 0) + float(number.step or 1)
    )
    page.keyboard.press("Enter")
    page.locator("#what-if-slider").wait_for()
    press_tab_until(page, "what-if-slider")
    before = page.locator("#what-now").inner_text()
    page.keyboard.press("PageUp")
    assert page.locator("#what-now").inner_text() != before


def test_the_keyboard_alone_tells_an_outcome_and_keeps_its_place(page: Page) -> None:
    press_predict(page)
    page.get_by_role("button", name="Yes, it did").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#feedback p")).to_be_focused()
    expect(page.locator("#feedback p")).to_contain_text("noted")


def test_the_keyboard_alone_chooses_a_file_and_reaches_the_scored_one(
    open_view: OpenPage, server: RunningServer, bundle: Bundle
) -> None:
    page = open_view(server, "batch")
    # Playwright asks for choosers without waiting for Chromium's yes, so a key pressed at once may open one that
    # nobody hears of; the yes comes before the answers that finding the field takes
    with page.expect_file_chooser() as choosing:
        press_tab_until(page, "file")
        page.keyboard.press("Space")
    content = write_rows(bundle, 30)
    choosing.value.set_files({"name": "a.csv", "mimeType": "text/csv", "buffer": content})
    page.locator("#download").wait_for()
    press_tab_until(page, "download")


def press_tab_until(page: Page, element_id: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == element_id:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", f"the focus on {element_id} cannot be seen"
            return
    raise AssertionError(f"Tab does not reach {element_id}")


def test_views_change_by_keyboard_and_take_the_focus_along(page: Page) -> None:
    page.get_by_role("link", name="Model").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#model-title")).to_be_focused()
    expect(page.get_by_role("link", name="Model")).to_have_attribute("aria-current", "page")
    expect(page).to_have_title("Model · Lathe")
    page.go_back()
    expect(page.locator("#view-predict")).to_be_visible()


def test_every_answer_is_announced(page: Page) -> None:
    expect(page.locator("#answer")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#form-error")).to_have_attribute("role", "alert")
    expect(page.locator("#batch-status")).to_have_attribute("aria-live", "polite")


def test_on_a_phone_the_answer_comes_into_sight(open_view: OpenPage, server: RunningServer) -> None:
    page = open_view(server, **PHONE)
    press_predict(page)
    expect(page.locator("#score")).to_be_in_viewport()


def test_no_file_of_the_page_names_a_column(bundle: Bundle) -> None:
    folder = Path(__file__).parents[4] / "app/predictor/page"
    names = {
        name for column in bundle.manifest.schema.columns for name in (column.name, column.source) if len(name) > 4
    }
    names |= {feature.name for feature in bundle.manifest.schema.derived}
    for path in folder.iterdir():
        text = path.read_text()
        assert [name for name in names if name in text] == []
        assert len(text.splitlines()) < 250
