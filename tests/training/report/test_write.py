import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.report import Report, read_report
from contract.schema import Calibration
from tests import planted
from training.gate.judge import GateResult
from training.report.document import build_report
from training.report.write import (
    HTML_NAME,
    JSON_NAME,
    MARKDOWN_NAME,
    escape_markdown,
    quote_code,
    render_html,
    render_markdown,
    write_report,
)

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Reader(HTMLParser):
    """Tags in order, and whether each that opened was closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open += [] if tag in VOID else [tag]
        self.outside += [value for name, value in attrs if name in ("src", "href") and value and value[0] not in "#d"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def result() -> GateResult:
    return planted.judge(planted.candidate(), planted.champion())


@pytest.fixture(scope="module")
def report(result: GateResult) -> Report:
    return build_report(result, "make gate DATA=rows.csv")


def read_html(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    return reader


def table_widths(markdown: str) -> list[set[int]]:
    """The numbers of cells in the rows of each table."""
    tables = re.findall(r"(?:^\|.*\|[ ]*\n)+", markdown, flags=re.MULTILINE)
    return [{len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()} for table in tables]


def test_three_files_are_written_and_replace_the_former_ones(result: GateResult, tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    folder.mkdir()
    (folder / "old.html").write_text("old", encoding="utf-8")
    written = write_report(result, folder, reproduce="make gate")
    assert {path.name for path in folder.iterdir()} == {JSON_NAME, MARKDOWN_NAME, HTML_NAME}
    assert read_report(folder / JSON_NAME)[0] == written


@pytest.mark.slow
def test_page_stands_alone_without_scripts(result: GateResult, tmp_path: Path) -> None:
    write_report(result, tmp_path / "gate", reproduce="make gate")
    text = (tmp_path / "gate" / HTML_NAME).read_text(encoding="utf-8")
    reader = read_html(text)
    assert reader.open == []
    assert reader.outside == []
    assert not {"script", "link", "iframe"} & set(reader.tags)
    assert not re.search(r"https?://|@import|url\((?!#)", text.replace("http-equiv", ""))
    assert reader.tags.count("svg") == 9
    assert len(text) < 1_000_000


def test_verdict_comes_first_and_the_command_last(report: Report) -> None:
    markdown = render_markdown(report)
    assert markdown.startswith("## ✅ Pass: ai4i ")
    assert markdown.splitlines()[2] == f"**{report.headline}**"
    assert markdown.rstrip().endswith("`make gate DATA=rows.csv`")


def test_every_table_of_the_markdown_is_rectangular(report: Report) -> None:
    widths = table_widths(render_markdown(report))
    assert len(widths) >= 4
    assert all(len(width) == 1 for width in widths)


def test_names_from_outside_can_neither_mention_nor_break_a_table_nor_become_a_tag(report: Report) -> None:
    evil = "a|b @everyone <img src=x> [x](y) `c` \n\n# d #12"
    hostile = msgspec.structs.replace(
        report,
        title=evil,
        origin=evil,
        target=evil,
        reproduce=evil,
        slices=tuple(msgspec.structs.replace(line, value=evil) for line in report.slices),
        checks=tuple(
            msgspec.structs.replace(check, verdict="fail", reason=evil, found=evil) for check in report.checks
        ),
    )
    markdown, page = render_markdown(hostile), render_html(hostile, [])
    assert table_widths(markdown) != []
    assert all(len(width) == 1 for width in table_widths(markdown))
    outside_code = re.sub(r"(?<!\\)`[^`\n]*`", "", markdown)
    assert "@everyone" not in outside_code
    assert not re.search(r"(?<!\\)<img", outside_code)
    assert "img" not in read_html(page).tags
    assert read_html(page).open == []


def test_verdict_of_every_kind_is_rendered(report: Report) -> None:
    verdicts = ("pass", "fail", "not_enough_evidence")
    for verdict, word in zip(verdicts, ("Pass", "Fail", "Not enough evidence"), strict=True):
        checks = (msgspec.structs.replace(report.checks[0], verdict=verdict),)
        other = msgspec.structs.replace(report, verdict=verdict, checks=checks)
        assert word in render_markdown(other).splitlines()[0]
        assert f'<header class="verdict {verdict}">' in render_html(other, [])


@pytest.mark.slow
def test_first_run_and_scores_that_are_not_numbers_are_reported_too(tmp_path: Path) -> None:
    broken = planted.forge(planted.candidate(), calibration=Calibration(slope=float("nan"), intercept=0.0))
    for bundle, name in ((planted.candidate(), "first"), (broken, "broken")):
        write_report(planted.judge(bundle, None), tmp_path / name, reproduce="make gate")
        read_html((tmp_path / name / HTML_NAME).read_text(encoding="utf-8"))
        assert read_report(tmp_path / name / JSON_NAME)[0].champion is None


@pytest.mark.slow
def test_regression_gets_pictures_of_its_own(tmp_path: Path) -> None:
    bundle, table = planted.customer_bundle("charges"), planted.customer_table("charges")
    write_report(planted.judge(bundle, bundle, table), tmp_path / "gate", reproduce="make gate")
    text = (tmp_path / "gate" / HTML_NAME).read_text(encoding="utf-8")
    assert "Residuals" in text
    assert "ROC curve" not in text
    assert "is off by" in (tmp_path / "gate" / MARKDOWN_NAME).read_text(encoding="utf-8")


@given(st.text())
def test_escaped_text_stays_in_its_cell_and_mentions_nobody(text: str) -> None:
    escaped = str(escape_markdown(text))
    assert "\n" not in escaped
    assert not re.search(r"(?<!\\)(\\\\)*[|<`]", re.sub(r"\\.", "", escaped))
    assert not re.search(r"[@#]\w", escaped)


@given(st.text())
def test_quoted_code_is_one_line_between_two_back_quotes(text: str) -> None:
    assert re.fullmatch(r"`[^`\n]*`", quote_code(text))


def test_the_page_of_a_first_run_says_not_checked_and_opens_no_group_for_it() -> None:
    page = render_html(build_report(planted.judge(planted.candidate(), None), "make gate"), [])
    assert page.count('<span class="badge">Not checked</span>') == 7
    assert "Found not checked" not in page
    assert "<details open>\n<summary>What the dataset file asks" not in page
