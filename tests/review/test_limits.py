"""What one part writes the next can read: each limit on both sides, at the limit and one above."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cli.errors import InputError, RefusedError
from cli.errors import InputError as ReviewInputError
from contract import bundle as contract
from contract.report import LARGEST, MAX_ITEMS, MAX_LINE, MAX_NAME, MAX_REPORT_BYTES, Report
from review import champion
from review.approval.record import LIMITS_BYTES
from review.archive import read_zip
from review.comment.publishing import append_report
from review.comment.text import LEFT_OUT, ReportOrigin, render_comment
from review.comment.text import MAX_BYTES as MAX_COMMENT_BYTES
from review.report import parse_report, read_report
from review.report_artifact import LIMITS
from review.retrain import MAX_BODY_BYTES, read_body
from review.retrain_request import MAX_BYTES as MAX_EVENT_BYTES
from review.retrain_request import read_request
from tests.review.worlds import read_report_json
from training.packaging import package
from training.report.limits import check_size, fit_report

TAR_OVERHEAD = 20 * 1024
GITHUB_CHARACTERS = 65_536  # of a comment, and of a pull request's text


def make_report(**changes: Any) -> dict[str, Any]:
    content = json.loads(json.dumps(read_report_json("good")))
    content["drift"] = [{"feature": "torque_nm", "psi": 0.1, "limit": 0.2, "alerts": False}]
    return {**content, **changes}


def read_back(content: dict[str, Any]) -> Report:
    return parse_report(json.dumps(content).encode(), "report.json")


@pytest.mark.parametrize("name", MAX_ITEMS)
def test_as_many_lines_as_the_reader_takes_are_written_and_one_more_by_neither(name: str) -> None:
    items, most = make_report()[name], MAX_ITEMS[name]
    assert items, name
    full = make_report(**{name: (items * most)[:most]})
    assert len(getattr(read_back(fit_report(full)), name)) == most
    over = make_report(**{name: (items * most)[: most + 1] + items[: most + 1 - len(items * most)]})
    assert len(over[name]) == most + 1
    with pytest.raises(InputError, match=rf"would have {most + 1:,} {name}, its readers take {most:,}"):
        fit_report(over)
    with pytest.raises(RefusedError, match=f"length <= {most}"):
        read_back(over)


def test_a_long_text_is_cut_to_what_the_reader_takes() -> None:
    long = "ä" * 3000
    content = make_report(headline=long, reproduce=long, origin=long, title=long, target=long, revision=long)
    content["candidate"]["name"] = content["checks"][0]["name"] = content["slices"][0]["value"] = long
    content["checks"][0].update(found=long, expected=long, reason=long)
    with pytest.raises(RefusedError, match="length <= 200"):
        read_back(content)
    report = read_back(fit_report(content))
    assert len(report.headline) == len(report.checks[0].reason) == MAX_LINE
    assert len(report.title) == len(report.checks[0].name) == len(report.slices[0].value) == MAX_NAME
    assert report.headline.endswith("…")
    exact = make_report(headline="x" * MAX_LINE, title="y" * MAX_NAME)
    assert fit_report(exact)["headline"] == exact["headline"]
    assert read_back(fit_report(exact)).title == exact["title"]


def test_the_largest_number_is_written_and_read_and_a_larger_one_by_neither() -> None:
    content = make_report()
    value = content["metrics"][0]["values"]["candidate"]
    value["high"] = LARGEST
    assert read_back(fit_report(content)).metrics[0].values["candidate"].high == LARGEST
    for number in (LARGEST * 1.001, float("nan"), float("-inf")):
        value["high"] = number
        with pytest.raises(
            InputError, match=r"at metrics\[0\]\.values\.candidate\.high, its readers take numbers up to"
        ):
            fit_report(content)
        with pytest.raises(RefusedError):
            read_back(content)


def test_a_report_of_the_largest_size_is_read_and_one_byte_more_by_neither(tmp_path: Path) -> None:
    text = json.dumps(make_report()).encode()
    full = text + b" " * (MAX_REPORT_BYTES - len(text))
    (tmp_path / "report.json").write_bytes(check_size(full))
    assert read_report(tmp_path / "report.json")[0].verdict == "pass"
    with pytest.raises(InputError, match=r"would have 4,194,305 bytes, its readers take 4,194,304"):
        check_size(full + b" ")
    (tmp_path / "report.json").write_bytes(full + b" ")
    with pytest.raises(ReviewInputError, match="has 4,194,305 bytes, expected at most 4,194,304"):
        read_report(tmp_path / "report.json")


def test_a_report_of_the_most_columns_is_fetched_from_its_archive() -> None:
    drift = [{"feature": f"sensor_{n}", "psi": n / 7919, "limit": 0.2, "alerts": False} for n in range(2000)]
    content = json.dumps(make_report(drift=drift), indent=2).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("report.json", content)
    assert read_zip(packed.getvalue(), "the artifact", LIMITS) == {"report.json": content}


@pytest.mark.slow
def test_the_fullest_report_still_makes_a_comment_that_github_takes() -> None:
    wide = {name: make_report()[name] * most for name, most in MAX_ITEMS.items()}
    content = make_report(**{name: items[: MAX_ITEMS[name]] for name, items in wide.items()})
    content = fit_report({**content, "headline": "<&|" * 1000, "reproduce": "`" * 3000, "title": "*" * 3000})
    text = render_comment(read_back(content), ReportOrigin(run_url="https://github.com/o/r/actions/runs/1", run_id=1))
    assert len(text.encode()) <= MAX_COMMENT_BYTES <= GITHUB_CHARACTERS


@pytest.mark.slow
def test_the_comment_on_the_longest_reasons_still_gives_some_and_the_metrics() -> None:
    checks = [
        {
            **check,
            "blocking": True,
            "verdict": "fail",
            "found": "<&|" * 700,
            "expected": "*_" * 1000,
            "reason": "ä]" * 999,
        }
        for check in (make_report()["checks"] * MAX_ITEMS["checks"])[: MAX_ITEMS["checks"] // 4]
    ]
    report = read_back(fit_report(make_report(checks=checks, verdict="fail")))
    text = render_comment(report, ReportOrigin())
    assert len(text.encode()) <= MAX_COMMENT_BYTES
    assert "### Why" in text
    assert "were held out" in text
    assert " more are in the report." in text
    assert LEFT_OUT in text
    assert all(line.endswith(" |") for line in text.splitlines() if line.startswith("|")), "a row was cut within"


def test_the_longest_text_of_a_retraining_and_the_fullest_report_fit_into_one_pull_request(tmp_path: Path) -> None:
    checks = (make_report()["checks"] * MAX_ITEMS["checks"])[: MAX_ITEMS["checks"]]
    (tmp_path / "report.json").write_text(json.dumps(make_report(checks=checks)))
    (tmp_path / "body.md").write_text("ä" * (MAX_BODY_BYTES // 2))
    body = append_report(read_body(tmp_path / "body.md"), tmp_path / "report.json")
    assert len(body.encode()) <= MAX_COMMENT_BYTES
    assert "were held out" in body
    (tmp_path / "body.md").write_text("ä" * (MAX_BODY_BYTES // 2) + "a")
    with pytest.raises(ReviewInputError, match="has 20,001 bytes, expected at most 20,000"):
        read_body(tmp_path / "body.md")


def test_an_artifact_of_the_most_checks_all_alike_is_unpacked() -> None:
    checks = (make_report()["checks"][:1] * MAX_ITEMS["checks"])[: MAX_ITEMS["checks"]]
    content = json.dumps(make_report(checks=checks), indent=2).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("report.json", content)
    assert read_zip(packed.getvalue(), "the artifact", LIMITS) == {"report.json": content}


def test_an_event_of_the_largest_size_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    event = {"action": "retrain", "client_payload": {"reason": "drift", "fingerprint": "0123456789abcdef"}}
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event).ljust(MAX_EVENT_BYTES))
    assert read_request("repository_dispatch", path).reason == "drift"
    assert MAX_EVENT_BYTES >= GITHUB_CHARACTERS + 64 * 1024, "a payload of GitHub's own limit, and its own part"
    path.write_text(json.dumps(event).ljust(MAX_EVENT_BYTES + 1))
    with pytest.raises(ReviewInputError, match="has 262,145 bytes, expected at most 262,144"):
        read_request("repository_dispatch", path)


def test_a_bundle_is_as_large_as_its_readers_take_and_no_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    assert champion.LIMITS.total_bytes >= contract.MAX_BYTES + TAR_OVERHEAD
    assert champion.MAX_PACKED_BYTES >= contract.MAX_BYTES + TAR_OVERHEAD
    assert LIMITS_BYTES >= contract.MAX_BYTES + MAX_REPORT_BYTES
    monkeypatch.setattr(package, "MAX_BYTES", 10)
    package.check_bundle_size({"a": b"12345", "b": b"12345"})
    with pytest.raises(InputError, match=r"the bundle would have 11 bytes, its readers take 10: train fewer"):
        package.check_bundle_size({"a": b"12345", "b": b"123456"})
