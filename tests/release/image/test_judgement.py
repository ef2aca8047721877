"""Who lets a bundle through: the gate, or a person by name where evidence is lacking, and nobody else."""

from pathlib import Path
from typing import Any

import pytest

from cli.errors import InputError, RefusedError
from release.image.judgement import check_judgement
from tests.release.reports import read_digest, write_approval, write_report


def judge(folder: Path, bundle: Path, judged: str, **changes: Any) -> str:
    report = write_report(folder / "report.json", bundle, verdict=judged)
    approval = write_approval(folder / "approval.json", report, bundle, **{"verdict": judged, **changes})
    return check_judgement(report, approval, read_digest(bundle)).headline


def test_what_a_person_accepted_by_name_is_let_through_and_the_name_is_said(
    bundle_folder: Path, tmp_path: Path
) -> None:
    assert judge(tmp_path, bundle_folder, "not_enough_evidence").endswith("accepted by reviewer")


def test_a_lack_of_evidence_that_nobody_accepted_is_refused(bundle_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="'not_enough_evidence', expected 'pass'"):
        judge(tmp_path, bundle_folder, "not_enough_evidence", accepted_by=None)
    with pytest.raises(InputError, match="no record of an approval: Expected `str` of length >= 1"):
        judge(tmp_path, bundle_folder, "not_enough_evidence", accepted_by="")


def test_a_bundle_that_failed_is_refused_whoever_accepted_it(bundle_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="'fail', expected 'pass'"):
        judge(tmp_path, bundle_folder, "fail")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("bundle_digest", "0" * 64),
        ("report_sha256", "0" * 64),
        ("verdict", "pass"),
    ],
)
def test_a_record_of_something_else_is_refused_by_the_field(
    bundle_folder: Path, tmp_path: Path, field: str, value: object
) -> None:
    with pytest.raises(InputError, match=rf"approval\.json has {field} .*expected.*make approved"):
        judge(tmp_path, bundle_folder, "not_enough_evidence", **{field: value})


def test_the_record_of_a_passed_bundle_is_checked_as_well(bundle_folder: Path, tmp_path: Path) -> None:
    assert judge(tmp_path, bundle_folder, "pass", accepted_by=None) == "It may be served."
    with pytest.raises(InputError, match="bundle_digest"):
        judge(tmp_path, bundle_folder, "pass", bundle_digest="0" * 64)


def test_without_a_record_the_error_says_what_would_name_the_person(bundle_folder: Path, tmp_path: Path) -> None:
    report = write_report(tmp_path / "report.json", bundle_folder, verdict="not_enough_evidence")
    with pytest.raises(RefusedError, match="--approval names who accepted that"):
        check_judgement(report, None, read_digest(bundle_folder))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "is not a regular file"),
        (b"{", "is no record of an approval: Input data was truncated"),
        (b"[]", "is no record of an approval: Expected `object`, got `array`"),
        (b'{"schema_version": 2}', r"is no record of an approval: Invalid enum value 2 - at `\$\.schema_version`"),
        (b'{"schema_version": 1}', "is no record of an approval: Object missing required field"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused(
    bundle_folder: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    approval = tmp_path / "approval.json"
    if content is not None:
        approval.write_bytes(content)
    with pytest.raises(InputError, match=said):
        check_judgement(write_report(tmp_path / "report.json", bundle_folder), approval, read_digest(bundle_folder))
