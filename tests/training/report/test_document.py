import json
from pathlib import Path

import pytest

from contract.errors import ReportError
from contract.report import REPORT_VERSION, read_report
from tests import planted
from training.gate.judge import GateResult
from training.report.document import build_report
from training.report.limits import encode_report

PLANTED = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def result() -> GateResult:
    return planted.judge(planted.candidate(), planted.champion())


def test_report_survives_being_written_and_read(result: GateResult, tmp_path: Path) -> None:
    report = build_report(result, "make gate")
    path = tmp_path / "report.json"
    path.write_bytes(encode_report(report))
    assert read_report(path)[0] == report


def test_report_carries_what_was_judged_and_how(result: GateResult) -> None:
    report = json.loads(encode_report(build_report(result, "make gate DATA=rows.csv")))
    table = planted.machine_table()
    assert report["schema_version"] == REPORT_VERSION
    assert report["verdict"] == result.verdict
    assert report["candidate"]["digest"] == planted.candidate().digest
    assert report["champion"]["digest"] == planted.champion().digest
    assert (report["dataset"], report["data_sha256"]) == (table.dataset.name, table.sha256)
    assert report["created"].endswith("+00:00")
    assert report["revision"]
    assert report["reproduce"] == "make gate DATA=rows.csv"
    assert len(report["checks"]) == len(result.checks)
    for line in report["metrics"]:
        assert set(line["values"]) == {"candidate", "champion", "rule"}
        assert set(line["difference"]) == {"mean", "low", "high"}


def test_outcomes_count_the_decisions_of_each_role(result: GateResult) -> None:
    outcomes = build_report(result, "make gate").outcomes
    holdout = result.evidence.holdout
    for name, judgement in result.evidence.judgements.items():
        outcome = outcomes[name]
        assert (outcome.rows, outcome.positives) == (len(holdout), int(holdout.target.sum()))
        assert judgement.threshold is not None
        alarms = judgement.scores >= judgement.threshold
        assert outcome.found == int((alarms & (judgement.target == 1)).sum())
        assert outcome.false_alarms == int((alarms & (judgement.target == 0)).sum())
    cost = next(line for line in result.metrics if line.name == "expected_cost").values["candidate"].mean
    assert outcomes["candidate"].cost_per_1000 == pytest.approx(1000 * cost)


def test_headline_says_the_verdict_in_words(result: GateResult) -> None:
    assert "may take the champion's place" in build_report(result, "make gate").headline
    first = planted.judge(planted.candidate(), None)
    assert "may be served as the first champion" in build_report(first, "make gate").headline
    refused = planted.judge(planted.candidate(), None, first_run=False)
    assert "must not be served: 1 of" in build_report(refused, "make gate").headline


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("report-none.json", "cannot be read: No such file"),
        ("report-other-version.json", r"no gate report of version 1: Invalid enum value 99 - at `\$\.schema_version`"),
        ("report-no-version.json", "is no gate report of version 1: Object missing required field"),
        ("report-truncated.json", "is no gate report of version 1"),
        ("report-missing-field.json", "is no gate report of version 1: Object missing required field"),
    ],
)
def test_report_that_cannot_be_read_is_bad_input(name: str, problem: str) -> None:
    with pytest.raises(ReportError, match=problem) as caught:
        read_report(PLANTED / name)
    assert name in str(caught.value)
