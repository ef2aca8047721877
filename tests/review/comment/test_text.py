"""The comment of three real gate runs, and of reports that try to be more than text."""

import dataclasses
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from contract.report import Report
from review.comment.text import FORK_NOTE, LEFT_OUT, MARKER, MAX_BYTES, ReportOrigin, render_comment
from review.report import parse_report, read_report
from tests.review.comment.test_markdown import HOSTILE
from tests.review.worlds import DATA, VERDICTS, read_report_json

ORIGIN = ReportOrigin("https://github.com/lathe-ml/lathe/actions/runs/4711", 4711)
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OWN_HTML = {"<details>", "</details>", "<summary>", "</summary>", "<br>"}


def render(name: str, origin: ReportOrigin = ORIGIN) -> str:
    return render_comment(read_report(DATA / f"report-{name}.json")[0], origin)


def walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from walk(token.children or [])


@pytest.mark.parametrize(
    ("name", "title"), [("good", "✅ Pass"), ("bad", "❌ Fail"), ("uncertain", "❔ Not enough evidence")]
)
def test_the_verdict_comes_first_and_then_the_gates_sentence(name: str, title: str) -> None:
    lines = [line for line in render(name).splitlines() if line]
    assert lines[:2] == [MARKER, "<!-- run 4711 -->"]
    assert lines[2].startswith(f"## {title}: ai4i ")
    assert lines[3].startswith("**")
    assert "Against the champion" in lines[4]


@pytest.mark.parametrize("name", VERDICTS)
def test_every_check_and_every_interval_of_a_real_report_is_in_its_comment(name: str) -> None:
    report, text = read_report(DATA / f"report-{name}.json")[0], render(name)
    shown = [check for check in report.checks if re.sub(r"([\[\]_])", r"\\\1", check.found) in text]
    differences = [line for line in report.metrics if line.difference]
    assert len(shown) == len(report.checks) > 30
    assert len(differences) > 5
    rows = [line for line in text.splitlines() if line.startswith(tuple(f"| {one.label} " for one in differences))]
    assert len(rows) == len(differences)
    assert all(row.count("\\[") == row.count("\\]") == 4 for row in rows)


def test_what_blocks_is_said_before_the_numbers() -> None:
    text = render("bad")
    failing = [check for check in read_report(DATA / "report-bad.json")[0].list_troubles() if check.verdict == "fail"]
    assert len(failing) == 15
    assert text.index("### Why") < text.index("### On 1,863 rows")
    assert text.count("| ❌ |") == 2 * len(failing)  # why, and among all checks


def test_a_passing_report_has_nothing_to_explain() -> None:
    assert "### Why" not in render("good")


def test_slices_budgets_and_provenance_open_on_a_click() -> None:
    titles = [line for line in render("good").splitlines() if line.startswith("<details>")]
    assert titles == [
        f"<details><summary>{title}</summary>"
        for title in (
            "Budgets",
            "Slices",
            "Drift of the training data against the champion's",
            "Data and provenance",
            "All 59 checks",
        )
    ]


def test_drift_is_shown_where_the_report_has_it_the_largest_first() -> None:
    lines = [
        {"feature": "torque_nm", "psi": 0.01, "limit": 0.2, "alerts": True},
        {"feature": "air_temperature_k", "psi": 2.5, "limit": 0.2, "alerts": False},
        {"feature": "wear_min", "psi": 0.31, "limit": 0.2, "alerts": True},
    ]
    text = render_comment(parse({**read_report_json("good"), "drift": lines}), ORIGIN)
    part = text[text.index("Drift of the training data") :]
    assert "| air\\_temperature\\_k | 2.500 | 0.2 | shown only |" in part
    assert "| wear\\_min | 0.310 | 0.2 | ⚠️ |" in part
    assert part.index("air\\_") < part.index("wear\\_") < part.index("torque\\_")
    assert "Drift" not in render_comment(parse({**read_report_json("good"), "drift": []}), ORIGIN)


def parse(report: dict[str, Any]) -> Report:
    return parse_report(json.dumps(report).encode(), "the report")


def test_the_comment_links_the_artifacts_and_says_how_to_do_it_again() -> None:
    text = render("good")
    assert "(https://github.com/lathe-ml/lathe/actions/runs/4711#artifacts)" in text
    assert text.rstrip().endswith("Again, in one command: `make train gate DATA=ai4i2020.csv`")


def test_a_forks_comment_says_that_its_own_code_measured() -> None:
    assert FORK_NOTE in render("good", dataclasses.replace(ORIGIN, is_fork=True))
    assert FORK_NOTE not in render("good")


@pytest.mark.parametrize("value", HOSTILE)
def test_no_field_of_a_report_is_more_than_text(value: str) -> None:
    report = poison(read_report_json("bad"), value)
    tokens = list(walk(PARSER.parse(render_comment(report, ORIGIN))))
    links = [token for token in tokens if token.type == "link_open"]
    assert [link.attrs["href"] for link in links] == [f"{ORIGIN.run_url}#artifacts"]
    assert not [token for token in tokens if token.type in {"image", "fence", "code_block", "blockquote_open", "hr"}]
    html = [token.content for token in tokens if token.type in {"html_block", "html_inline"}]
    assert len(html) > 5
    assert not [one for one in html if "script" in one or "img" in one or "lathe-gate" in one.removeprefix(MARKER)]
    assert sum(token.type == "heading_open" for token in tokens) == 3


def poison(report: dict[str, Any], value: str) -> Report:
    """Every text that the schema leaves free becomes the hostile one."""
    short = value[:150]
    for name in ("created", "headline", "reproduce", "revision", "title", "target", "origin"):
        report[name] = short
    for model in (report["candidate"], report["champion"]):
        model.update(name=short, version=short)
    for check in report["checks"]:
        check.update(name=f"budget/{short}", found=short, expected=short, reason=short)
    for line in report["metrics"]:
        line.update(label=short)
    for piece in report["slices"]:
        piece.update(column=short, value=short)
        for line in piece["metrics"]:
            line.update(label=short)
    report["drift"] = [{"feature": short, "psi": 1, "limit": 0.2, "alerts": True}]
    return parse(report)


@pytest.mark.slow
def test_the_longest_report_still_fits_and_says_what_is_missing() -> None:
    report = read_report_json("bad")
    report["checks"] = [
        {**report["checks"][index % len(report["checks"])], "reason": "<" * 2000, "found": "&" * 2000}
        for index in range(1000)
    ]
    report["verdict"] = "fail"
    text = render_comment(parse(report), ORIGIN)
    assert len(text.encode()) <= MAX_BYTES
    assert LEFT_OUT in text
    assert text.index("## ❌ Fail") < 100
    assert "Again, in one command" in text


def test_a_long_table_says_how_much_is_missing() -> None:
    report = read_report_json("good")
    report["checks"] = report["checks"] * 4
    assert "176 more are in the report." in render_comment(parse(report), ORIGIN)


def test_rendering_is_the_same_each_time(tmp_path: Path) -> None:
    assert render("good") == render("good")


@pytest.mark.parametrize("name", VERDICTS)
def test_the_docs_show_these_comments_as_they_are_rendered(name: str) -> None:
    report = read_report(DATA / f"report-{name}.json")[0]
    shown = (DATA.parents[2] / "docs" / "comments" / f"{name}.md").read_text(encoding="utf-8")
    assert shown == render_comment(report, ReportOrigin())
