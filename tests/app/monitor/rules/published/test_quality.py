"""The intervals of the contract and of the rules are those of published programs: ppi-python's, and SciPy's Wilson."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bench.environments import install_requirements
from cli.errors import CommandError
from contract.quality import (
    CONFIDENCE_Z,
    WORST_ERROR,
    LabelSums,
    ScoreSums,
    estimate_events,
    measure_precision,
    measure_share,
)
from tests.app.monitor.rules.promtool import UnitTest, expect_value, make_rules, pick_rules, run_unit_tests
from tests.app.monitor.rules.series import quality_of
from tests.app.predictor.running import ROOT
from tests.examples import examples
from tests.patience import LAST_RESORT_SECONDS

SECONDS, STEPS, AT = 300, 12, "50m"
NOTHING = (ScoreSums(0, 0, 0), LabelSums(0, 0, 0, 0))
HERE = Path(__file__).parent
PRINTED: dict[str, list[float]] = json.loads((HERE / "ppi.json").read_text(encoding="utf-8"))
Case = dict[str, list[float]]


def make_case(rows: int, labels: int, least: float, truth: float, seed: int) -> Case:
    """Scores of rows decided true, and outcomes of the first few that are events `truth` times as often."""
    random = np.random.default_rng(seed)
    scores = np.round(least + (1 - least) * random.random(rows), 6)
    outcomes = random.random(labels) < truth * scores[:labels]
    return {
        "scores": scores.tolist(),
        "labelled": scores[:labels].tolist(),
        "outcomes": outcomes.astype(float).tolist(),
    }


CASES = {
    "calibrated": make_case(600, 60, 0.5, 1.0, 1),
    "worse than the scores": make_case(600, 60, 0.5, 0.3, 2),
    "every row labelled": make_case(200, 200, 0.2, 0.9, 3),
    "many rows, few labels": make_case(20_000, 30, 0.2, 0.8, 4),
}


def sum_case(case: Case, worst_error: float) -> tuple[ScoreSums, LabelSums]:
    scores, labelled, outcomes = (np.array(case[part]) for part in ("scores", "labelled", "outcomes"))
    error = float(((outcomes - labelled) ** 2).sum()) - worst_error
    return (
        ScoreSums(len(scores), float(scores.sum()), float((scores * (1 - scores)).sum())),
        LabelSums(len(labelled), float(outcomes.sum()), float(labelled.sum()), error),
    )


@pytest.mark.parametrize("name", CASES)
def test_the_interval_from_scores_and_labels_is_that_of_ppi_python(name: str) -> None:
    """But for the one worst error that the contract adds to the labels' errors, taken away here."""
    events = estimate_events(*sum_case(CASES[name], WORST_ERROR))
    assert events is not None
    error = CONFIDENCE_Z * events.variance**0.5
    found = [(events.events + moved * error) / events.rows for moved in (0, -1, 1)]
    assert found == pytest.approx(PRINTED[name], abs=1e-9)


@pytest.mark.parametrize("name", CASES)
def test_with_the_worst_error_the_interval_holds_that_of_ppi_python(name: str) -> None:
    events = estimate_events(*sum_case(CASES[name], 0.0))
    assert events is not None
    found = measure_precision(events)
    assert found is not None
    value, low, high = PRINTED[name]
    assert found.value == pytest.approx(value, abs=1e-9)
    assert found.low < max(low, 1e-12)
    assert found.high > min(high, 1 - 1e-12)


@pytest.mark.parametrize("name", CASES)
def test_the_rules_have_the_interval_of_ppi_python_and_scipys_wilson(tmp_path: Path, name: str) -> None:
    """Evaluated by Prometheus' own engine on the counters of these rows, the worst error again taken away."""
    scores, labels = sum_case(CASES[name], WORST_ERROR)
    wilson = stats.binomtest(int(labels.events), int(labels.rows)).proportion_ci(method="wilson")
    value, low, high = PRINTED[name]
    expected = {
        "precision": value,
        "precision_low": low,
        "precision_high": high,
        "labelled_precision_low": float(wilson.low),
        "labelled_precision_high": float(wilson.high),
    }
    records = {f"lathe:{record}:24h": wanted for record, wanted in expected.items()}
    checks = [expect_value(record, wanted, AT, 1e-9) for record, wanted in records.items()]
    groups = pick_rules(make_rules(SECONDS), records)
    test = UnitTest(name, quality_of(((scores, labels), NOTHING), STEPS), checks)
    done = run_unit_tests(tmp_path, groups, [test], SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_ppi_python_still_prints_what_is_kept(tmp_path: Path) -> None:
    """In an environment of its own: it brings numba, LLVM and a newer pandas than the project's."""
    folder = ROOT / ".tools" / "clients" / "ppi"
    try:
        install_requirements(HERE / "ppi.txt", folder)
    except CommandError as error:
        pytest.skip(f"ppi-python cannot be installed: {error}")
    cases = tmp_path / "cases.json"
    cases.write_text(json.dumps(CASES), encoding="utf-8")
    done = subprocess.run(
        [folder / "bin" / "python", HERE / "of_ppi.py", cases],
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.keys() == PRINTED.keys()
    for name, printed in PRINTED.items():
        assert found[name] == pytest.approx(printed, abs=1e-12), name


@settings(max_examples=examples(100))
@given(rows=st.integers(1, 100_000), part=st.floats(0, 1))
def test_the_interval_of_a_share_is_scipys_wilson(rows: int, part: float) -> None:
    hits = round(part * rows)
    found = measure_share(hits, rows)
    expected = stats.binomtest(hits, rows).proportion_ci(method="wilson")
    assert found is not None
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_there_is_no_share_of_no_rows() -> None:
    assert measure_share(0, 0) is None
