"""A page as a phone shows it: nothing is cut off, and nothing moves sideways but what scrolls by itself."""

from pathlib import Path

from playwright.sync_api import ViewportSize

from tests.app.predictor.page.browsing import start_chromium

PHONE: ViewportSize = {"width": 390, "height": 844}
# elements that reach over the right edge and stand in none that scrolls
FIND_WIDE = """() => {
  const width = document.documentElement.clientWidth;
  const scrolls = (one) =>
    one && (['auto', 'scroll'].includes(getComputedStyle(one).overflowX) || scrolls(one.parentElement));
  return [...document.querySelectorAll('body *')]
    .filter((one) => one.getBoundingClientRect().right > width + 1 && !scrolls(one.parentElement))
    .map((one) => `${one.tagName} to ${Math.round(one.getBoundingClientRect().right)} of ${width}`);
}"""


def find_wide(*paths: Path) -> dict[str, list[str]]:
    """By file, what a phone would cut off; those that have nothing of the kind are left out."""
    found = {}
    with start_chromium() as chromium:
        page = chromium.new_context(viewport=PHONE, is_mobile=True, has_touch=True).new_page()
        for path in paths:
            page.goto(path.as_uri(), wait_until="networkidle")
            found[str(path)] = page.evaluate(FIND_WIDE)
    return {name: wide for name, wide in found.items() if wide}
