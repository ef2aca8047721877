"""One reader for every report: what the gate writes all take, and what one refuses all refuse in the same words."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.predictor.scoring.gate_report import read_verdict
from cli.errors import CommandError, InputError
from contract.errors import ContractError, ReportError
from contract.report import MAX_ITEMS, MAX_REPORT_BYTES, Report, parse_report
from contract.wording import MARKS, VERDICTS
from release.image.judgement import check_judgement
from review.report import parse_report as parse_for_review
from review.report import read_report as read_for_review
from tests.repo.sources import ROOT
from tests.review.worlds import read_report_json
from training.report.limits import encode_report, fit_report

NAMES = ("good", "bad", "uncertain")
JUNK: st.SearchStrategy[Any] = st.sampled_from(
    [None, -1, 0, 1, 2**60, 1e13, True, "", "a", "x" * 2001, [], {}, [None], {"a": 1}, "pass", "fail"]
)


def list_places(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to each part of a report, the policy's own apart."""
    found = [place] if place else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += list_places(part, (*place, key)) if (*place, key) != ("policy",) else [("policy",)]
    elif isinstance(value, list):
        for index, part in enumerate(value[:2]):
            found += list_places(part, (*place, index))
    return found


PLACES = {name: list_places(read_report_json(name)) for name in NAMES}


def change(report: dict[str, Any], place: tuple[Any, ...], value: Any, drop: bool) -> None:
    *steps, last = place
    part: Any = report
    for step in steps:
        part = part[step]
    if drop and isinstance(part, dict):
        del part[last]
    else:
        part[last] = value


def refusal(read: Any, *given: Any) -> str | None:
    try:
        read(*given)
    except (CommandError, ContractError) as error:
        return str(error)
    return None


def ask_predictor(path: Path, digest: str) -> None:
    """Raises: ReportError if the model card would not show it."""
    if read_verdict(path, digest) is None:
        raise ReportError("ignored")


def read_each(content: bytes, path: Path) -> list[str | None]:
    """What the contract's reader, review's two, the predictor's and release's make of it: None where it is taken."""
    path.write_bytes(content)
    found = [refusal(parse_report, content, str(path)), refusal(parse_for_review, content, str(path))]
    found.append(refusal(read_for_review, path))
    digest = "0" * 64 if found[0] else parse_report(content).candidate.digest
    found.append(refusal(ask_predictor, path, digest))
    staged = refusal(check_judgement, path, None, digest)
    found.append(None if staged and staged.startswith("the gate's verdict on bundle") else staged)
    return found


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_what_one_reader_accepts_all_accept(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(NAMES))
    report = read_report_json(name)
    for _ in range(data.draw(st.integers(0, 2))):
        place = data.draw(st.sampled_from(PLACES[name]))
        try:
            change(report, place, data.draw(JUNK), data.draw(st.booleans()))
        except (KeyError, IndexError, TypeError):  # the first change took the place of the second away
            continue
    content = json.dumps(report).encode()
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content)))]
    found = read_each(content, tmp_path / "report.json")
    assert len({text is None for text in found}) == 1, found
    assert found[0] == found[1] == found[2]


@given(data=st.data())
def test_what_the_gate_writes_is_what_every_reader_takes(data: st.DataObject) -> None:
    report = parse_report(json.dumps(read_report_json("good")).encode())
    texts = st.text(max_size=3000)
    number = st.floats(allow_nan=True, allow_infinity=True)
    check = msgspec.structs.replace(report.checks[0], reason=data.draw(texts), found=data.draw(texts))
    line = msgspec.structs.replace(report.metrics[0], label=data.draw(texts), margin=data.draw(number))
    many = data.draw(st.sampled_from([1, MAX_ITEMS["metrics"], MAX_ITEMS["metrics"] + 1]))
    changed = msgspec.structs.replace(
        report, title=data.draw(texts), checks=(check, *report.checks), metrics=(line,) * many
    )
    try:
        content = encode_report(changed)
    except InputError:
        return
    read = parse_report(content)
    assert encode_report(read) == content
    assert read.title == changed.title or read.title.endswith("…")


def test_each_text_of_the_definition_is_cut_where_its_reader_would_refuse_it() -> None:
    def lengthen(value: Any) -> Any:
        match value:
            case dict():
                return {key: part if key == "policy" else lengthen(part) for key, part in value.items()}
            case list():
                return [lengthen(part) for part in value]
            case str() if (
                value not in VERDICTS and value != "binary" and not all(c in "0123456789abcdef" for c in value)
            ):
                return "x" * 3000
        return value

    long = lengthen(read_report_json("good"))
    with pytest.raises(ReportError, match="length <="):
        parse_report(json.dumps(long).encode())
    assert parse_report(json.dumps(fit_report(long)).encode()).headline == "x" * 1999 + "…"


@pytest.mark.parametrize("field", ["rows", "margin", "candidate_us"])
def test_a_number_beyond_all_use_is_refused_by_writer_and_reader_with_its_place(field: str) -> None:
    report = read_report_json("good")
    place = {"rows": ("slices", 0, "rows"), "margin": ("metrics", 0, "margin"), "candidate_us": ("latency", field)}
    change(report, place[field], 1e13, drop=False)
    with pytest.raises(ReportError, match=field):
        parse_report(json.dumps(report).encode())
    with pytest.raises((InputError, ReportError), match=field):
        encode_report(msgspec.convert(fit_report(report), Report))


def test_a_report_of_more_bytes_than_are_read_is_refused() -> None:
    content = json.dumps(read_report_json("good")).encode()
    assert parse_report(content.ljust(MAX_REPORT_BYTES)).verdict == "pass"
    with pytest.raises(ReportError, match="has 4,194,305 bytes, expected at most 4,194,304"):
        parse_report(content.ljust(MAX_REPORT_BYTES + 1))


def test_the_page_says_a_verdict_in_the_words_of_the_report() -> None:
    script = (ROOT / "app" / "predictor" / "page" / "card.js").read_text(encoding="utf-8")
    for verdict, word in VERDICTS.items():
        assert f'{verdict}: {{ word: "{word}"' in script
    assert MARKS.keys() == VERDICTS.keys()
