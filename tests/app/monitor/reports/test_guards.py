"""What may be said of a column: drift, none, or that nobody can tell, and never an exception."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.monitor.reports.guards import ColumnVerdict, judge_columns, judge_labels
from app.monitor.reports.log_files import LogReader
from app.monitor.reports.window import LoggedWindow, WindowReader
from app.monitor.rules.objectives import DriftLimits, load_objectives
from contract.bundle import Bundle
from contract.prediction_log import LoggedLine
from contract.psi import measure_psi
from tests.app.monitor.reports.logs import NAME, NOW, Row, draw_rows, log_outcomes, log_rows, write_log

TORQUE = "torque_nm"
LIMITS = load_objectives().drift


def read(folder: Path, bundle: Bundle, sample_rows: int = 1000, hours: float = 24) -> LoggedWindow:
    return WindowReader(bundle.manifest, NOW - 3600 * hours, NOW + 1, sample_rows).read(LogReader(str(folder)))


def judge(folder: Path, bundle: Bundle, lines: list[LoggedLine]) -> dict[str, ColumnVerdict]:
    return {one.name: one for one in judge_columns(read(write_log(folder, lines), bundle), LIMITS)}


def change(rows: list[Row], name: str, make: Callable[[Any], Any]) -> list[Row]:
    return [row | {name: make(row[name])} for row in rows]


def test_rows_like_those_of_training_have_not_drifted(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    found = judge(tmp_path, bundle, log_rows(bundle, rows, scores))
    assert set(found) == set(bundle.manifest.reference)
    assert {name for name, one in found.items() if one.verdict == "drift"} <= {"score"}  # of another fold's models
    assert found[TORQUE].verdict == "none"
    assert found[TORQUE].rows == len(rows)


def test_a_shifted_column_has_drifted_and_so_has_what_is_derived_from_it(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    found = judge(tmp_path, bundle, log_rows(bundle, change(rows, TORQUE, lambda value: value + 10), scores))
    assert found[TORQUE].verdict == "drift"
    assert found["type"].verdict == "none"
    assert {name for name, one in found.items() if one.verdict == "drift"} >= {TORQUE, "power_w"}


def test_drift_is_what_the_objectives_say(tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]) -> None:
    window = read(write_log(tmp_path, log_rows(bundle, change(rows, TORQUE, lambda value: value + 10), scores)), bundle)
    (torque,) = [one for one in judge_columns(window, LIMITS) if one.name == TORQUE]
    assert torque.low is not None
    assert torque.high is not None
    for warn, retrain, verdict in (
        (torque.low / 2, torque.high * 2, "drift"),
        (torque.low, torque.high * 2, "none"),
        (torque.low, torque.high, "unknown"),
    ):
        limits = DriftLimits(warn=warn, retrain=retrain, windows=LIMITS.windows)
        (found,) = [one for one in judge_columns(window, limits) if one.name == TORQUE]
        assert found.verdict == verdict


def test_the_index_is_the_contracts_of_all_rows_however_few_are_drawn(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    window = read(write_log(tmp_path, log_rows(bundle, rows, scores)), bundle, sample_rows=60)
    assert len(window.sample) == 60
    for one in judge_columns(window, LIMITS):
        bins = bundle.manifest.reference[one.name]
        reference_rows = bundle.manifest.score_rows if one.name == "score" else bundle.manifest.data.rows
        assert reference_rows
        expected = measure_psi(window.counts[one.name].bins.tolist(), bins.ratios, reference_rows)
        assert (one.psi, one.rows) == (expected.corrected, len(rows))


TRAPS: dict[str, tuple[Callable[[list[Row]], list[Row]], str]] = {
    "no row": (lambda rows: [], "no row of this model is in the window"),
    "one row": (lambda rows: rows[:1], "1 rows, expected at least 50"),
    "few rows": (lambda rows: rows[:49], "49 rows, expected at least 50"),
    "a constant": (lambda rows: change(rows, TORQUE, lambda value: 40.0), "it is 40 in all of 3,000 rows"),
    "a constant that is mostly there": (
        lambda rows: change(rows[:1500], TORQUE, lambda value: None) + change(rows[1500:], TORQUE, lambda value: 40.0),
        "it is 40 in all of 3,000 rows",
    ),
    "all missing": (lambda rows: change(rows, TORQUE, lambda value: None), "it is missing in all of 3,000 rows"),
    "left out": (
        lambda rows: [{name: value for name, value in row.items() if name != TORQUE} for row in rows],
        "it is left out of the log",
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_nobody_can_tell_is_unknown(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float], trap: str
) -> None:
    make, reason = TRAPS[trap]
    made = make(rows)
    found = judge(tmp_path, bundle, log_rows(bundle, made, scores[: len(made)]))
    assert (found[TORQUE].verdict, found[TORQUE].reason) == ("unknown", reason)


def test_a_constant_category_is_named(tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]) -> None:
    found = judge(tmp_path, bundle, log_rows(bundle, change(rows, "type", lambda value: "M"), scores))
    assert (found["type"].verdict, found["type"].reason) == ("unknown", "it is M in all of 3,000 rows")


def test_few_rows_that_may_lie_either_way_are_unknown(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    found = judge(tmp_path, bundle, log_rows(bundle, draw_rows(rows, 60), scores[:60]))
    assert found[TORQUE].verdict == "unknown"
    assert "too few rows to tell" in found[TORQUE].reason


def test_rows_of_other_versions_times_and_fields_are_left_out_and_counted(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    ours = log_rows(bundle, rows[:100], scores[:100])
    write_log(tmp_path, [*log_rows(bundle, rows[:30], scores[:30], version="v0"), *ours], NAME)
    earlier = [{name: value for name, value in row.items() if name != TORQUE} for row in rows[:20]]
    write_log(tmp_path, log_rows(bundle, earlier, scores[:20]), NAME.replace("T14", "T13"))
    window = read(tmp_path, bundle)
    assert window.rows == 100
    name = bundle.manifest.name
    assert window.left_out == {f"rows of {name} v0": 30, "rows with other fields than the newest row has": 20}
    assert read(tmp_path, bundle, hours=10 / 3600).rows == 10


def test_lines_that_cannot_be_read_are_counted_and_the_others_are_taken(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    write_log(tmp_path, log_rows(bundle, rows[:60], scores[:60]))
    path = tmp_path / NAME
    good = path.read_bytes()
    bad = (b'{"kind":"prediction"}', b'"prediction" \xff', b"[" * 100_000 + b'"prediction"', b'{"kind":"prediction')
    path.write_bytes(good + b"\n".join(bad))  # the last one has no end, as of a predictor that was killed
    window = read(tmp_path, bundle)
    assert window.rows == 60
    assert window.left_out == {"no line of a log": 4}


def test_a_line_without_an_end_takes_no_more_memory_than_a_line_may(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    write_log(tmp_path, log_rows(bundle, rows[:60], scores[:60]))
    with (tmp_path / NAME).open("ab") as file:
        file.truncate(8 * 1024 * 1024)
    assert read(tmp_path, bundle).rows == 60


def test_the_sample_is_the_same_each_time_and_every_row_is_as_likely(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    numbered = [row | {TORQUE: float(index)} for index, row in enumerate(rows)]
    write_log(tmp_path, log_rows(bundle, numbered, scores))
    one, other = (read(tmp_path, bundle, sample_rows=500).sample.columns[TORQUE] for _ in range(2))
    assert one.tolist() == other.tolist()
    assert len(set(one.tolist())) == 500
    for third in range(3):
        assert abs(((one >= third * 1000) & (one < (third + 1) * 1000)).sum() - 500 / 3) < 50


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ([1.0] * 10 + [0.0] * 19, "29 rows have an outcome, expected at least 30"),
        ([1.0] * 10 + [0.0] * 20, "30 rows have an outcome"),
        ([0.0] * 200, "all of 200 outcomes are none, expected some of both"),
        ([1.0] * 200, "all of 200 outcomes are events, expected some of both"),
        ([1.0] * 10 + [0.0] * 190, "200 rows have an outcome"),
    ],
)
def test_outcomes_say_something_only_where_there_are_enough_of_both(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float], outcomes: list[float], reason: str
) -> None:
    lines = log_rows(bundle, rows[:300], scores[:300]) + log_outcomes(bundle, outcomes)
    found = judge_labels(read(write_log(tmp_path, lines), bundle))
    assert found.reason == reason
    assert found.verdict == ("measured" if reason.endswith("outcome") else "unknown")


def test_more_outcomes_than_a_sample_may_have_are_thinned_out(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    lines = log_rows(bundle, rows, scores) + log_outcomes(bundle, [0.0, 1.0] * 1500)
    window = read(write_log(tmp_path, lines), bundle, sample_rows=200)
    assert (window.outcomes, len(window.labelled)) == (3000, 200)


def test_a_log_written_by_somebody_else_may_have_its_fields_in_another_order(
    tmp_path: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    write_log(tmp_path, log_rows(bundle, rows[:60], scores[:60]))
    path = tmp_path / NAME
    lines = [json.dumps(dict(reversed(json.loads(line).items()))) for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")
    assert read(tmp_path, bundle).rows == 60
