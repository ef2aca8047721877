"""What MLflow gets of a verdict: numbers, texts and pictures that stand on their own."""

import xml.etree.ElementTree as ET

import pytest

from tests import planted
from training.gate.judge import GateResult
from training.report.write import draw_pictures
from training.tracking.verdict import note_verdict, slug


@pytest.fixture(scope="module")
def result() -> GateResult:
    return planted.judge(planted.candidate(), planted.champion())


def test_a_verdict_has_the_numbers_of_candidate_champion_and_rule(result: GateResult) -> None:
    note = note_verdict(result, [])
    assert note.verdict == result.verdict
    line = next(line for line in result.metrics if line.name == "pr_auc")
    assert note.metrics["pr_auc"] == line.values["candidate"].mean
    assert note.metrics["pr_auc_champion"] == line.values["champion"].mean
    assert sum(value for name, value in note.metrics.items() if name.startswith("checks_")) == len(result.checks)
    champion = result.evidence.champion
    assert champion is not None
    assert note.tags["gate.champion"] == champion.bundle.digest
    assert note.tags["gate.pr_auc"].startswith("0.")


def test_what_failed_is_named(result: GateResult) -> None:
    failed = [check.name for check in result.checks if check.verdict == "fail" and check.blocking]
    assert note_verdict(result, []).tags.get("gate.failed") == (", ".join(failed) or None)


def test_a_picture_is_a_file_of_its_own_with_its_colours(result: GateResult) -> None:
    note = note_verdict(result, list(draw_pictures(result, 0)))
    assert {"precision-and-recall.svg", "roc-curve.svg", "cost-against-threshold.svg"} <= note.pictures.keys()
    for content in note.pictures.values():
        assert ET.fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - drawn here
        text = content.decode()
        assert all(f"--{name}:" in text for name in ("ink", "grid", "candidate", "champion"))


def test_a_title_becomes_a_files_name() -> None:
    assert slug("Scores of cases that happened") == "scores-of-cases-that-happened"
