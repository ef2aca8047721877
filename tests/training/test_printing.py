"""What a person reads: complete, never garbled by what the data holds."""

import dataclasses
import io
from pathlib import Path

import msgspec
import optuna
import pytest
from rich.console import Console

from cli import console
from contract.bundle import Bundle
from contract.schema import Interval
from contract.wording import VERDICTS
from tests import planted
from training import printing
from training.artifacts import Artifacts
from training.data.table import Table
from training.gate.result import NOT_CHECKED
from training.model.metrics import task_metrics


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """A wide screen without colours."""
    text = io.StringIO()
    monkeypatch.setattr(console, "out", Console(file=text, width=200, highlight=False))
    return text


def test_every_metric_has_a_label() -> None:
    for metric in (*task_metrics("binary"), *task_metrics("regression")):
        assert printing.LABELS[metric.name] == metric.label


def test_an_error_is_one_line_however_long_and_keeps_its_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    told = "column 'Torque [Nm]' and [red]markup[/red] " + "word " * 100
    console.print_error(told)
    console.print_warning(told)
    output, errors = capsys.readouterr()
    assert output == ""
    assert [line.split(":", 1)[0] for line in errors.splitlines()] == ["error", "warning"]
    assert all(told.strip() in line for line in errors.splitlines())


def test_a_done_step_keeps_its_brackets_too(screen: io.StringIO) -> None:
    console.print_done("rows.csv [3 rows]")
    assert screen.getvalue() == "✓ rows.csv [3 rows]\n"


def test_a_table_is_summed_up_column_by_column(screen: io.StringIO, table: Table, other_table: Table) -> None:
    for summed in (table, other_table):
        printing.print_table_summary(summed)
    text = screen.getvalue()
    for column in (*table.dataset.columns, *other_table.dataset.columns):
        assert column.name in text
    assert f"L {(table.frame['Type'] == 'L').mean():.0%}" in text
    assert f"{table.frame['Torque [Nm]'].max():g}" in text


def test_the_target_is_told_as_a_share_or_a_range(table: Table, charges_table: Table) -> None:
    positives = int(table.target.sum())
    assert printing.describe_target(table) == f"{positives} with machine_failure ({positives / 3000:.2%})"
    assert printing.describe_target(charges_table).startswith("monthly_charges from ")


def test_metrics_stand_with_their_intervals(screen: io.StringIO, bundle: Bundle) -> None:
    printing.print_metrics(bundle.manifest)
    text = screen.getvalue()
    assert "PR-AUC" in text
    assert "0.900" in text
    assert "0.880 to 0.920" in text


def test_a_bundle_is_shown_with_all_that_identifies_it(screen: io.StringIO, bundle: Bundle) -> None:
    printing.print_bundle(bundle, Path("somewhere"))
    text = screen.getvalue()
    manifest = bundle.manifest
    for shown in (manifest.version, bundle.digest, manifest.data.sha256, "somewhere", *manifest.files):
        assert shown in text
    assert all(entry.sha256 in text for entry in manifest.files.values())
    assert all(column.name in text for column in manifest.schema.columns)


def test_a_bundle_without_a_threshold_is_shown_as_such(screen: io.StringIO, bundle: Bundle) -> None:
    printing.print_bundle(Bundle(msgspec.structs.replace(bundle.manifest, threshold=None), bundle.files), Path("x"))
    assert "none" in screen.getvalue()


def test_estimators_stand_side_by_side(screen: io.StringIO) -> None:
    value = Interval(mean=0.5, low=0.25, high=0.75)
    printing.print_estimators("Title", {"model": {"f1": value}, "logistic_regression": {"f1": value}})
    text = screen.getvalue()
    assert "logistic regression" in text
    assert text.count("0.500 [0.250, 0.750]") == 2


def test_predictions_stand_beside_the_truth(screen: io.StringIO, bundle: Bundle) -> None:
    rows = [dict(entry.row) for entry in bundle.manifest.golden[:2]]
    answer = {"predictions": [{"score": 0.987, "decision": True}, {"score": 0.012, "decision": False}]}
    printing.print_predictions(bundle.manifest, rows, answer, [1.0, 0.0])
    text = screen.getvalue()
    for shown in ("0.987", "act", "yes", "0.012", "go on", "no"):
        assert shown in text


def test_what_the_data_holds_is_shown_as_it_is_and_never_run_as_markup(
    screen: io.StringIO, bundle: Bundle, table: Table
) -> None:
    row = dict(bundle.manifest.golden[0].row) | {"type": "[/odd] [red]x"}
    answer = {"predictions": [{"score": 0.987, "decision": True}]}
    printing.print_predictions(bundle.manifest, [row], answer, [1.0])
    columns = tuple(msgspec.structs.replace(one, unit="[/Nm]") for one in table.dataset.columns)
    odd = msgspec.structs.replace(table.dataset, columns=columns)
    printing.print_table_summary(dataclasses.replace(table, dataset=odd))
    assert "[/odd] [red]x" in screen.getvalue()
    assert "[/Nm]" in screen.getvalue()


def test_a_regressions_truth_is_its_number(screen: io.StringIO, bundle: Bundle) -> None:
    schema = msgspec.structs.replace(bundle.manifest.schema, task="regression")
    manifest = msgspec.structs.replace(bundle.manifest, schema=schema)
    answer = {"predictions": [{"score": 64.25, "decision": None}]}
    printing.print_predictions(manifest, [dict(bundle.manifest.golden[0].row)], answer, [66.5])
    assert "64.250" in screen.getvalue()
    assert "66.5" in screen.getvalue()


@pytest.mark.parametrize("with_today", [True, False])
def test_a_search_shows_the_best_beside_today(screen: io.StringIO, with_today: bool) -> None:
    study = optuna.create_study(direction="maximize")
    for value in (0.5, 0.75):
        trial = study.ask()
        trial.suggest_float("eta", 0.0, 1.0)
        study.tell(trial, value)
    printing.print_study(study, study.trials[0] if with_today else None)
    text = screen.getvalue()
    assert "2 trials, 0 pruned" in text
    assert "0.7500" in text
    assert ("0.5000" in text) == with_today


def test_the_addresses_end_with_how_to_stop_it(screen: io.StringIO) -> None:
    printing.print_urls("http://127.0.0.1:8080", Artifacts(Path("artifacts")), 12.4)
    text = screen.getvalue()
    for shown in ("Up after 12 s", "http://127.0.0.1:8080/v1/predict", "artifacts/gate/report.html", "make down"):
        assert shown in text


def test_a_progress_bar_ends_without_a_trace(screen: io.StringIO) -> None:
    with console.progress("Searching", 3) as advance:
        for _ in range(3):
            advance()
    assert "Searching" not in screen.getvalue()


def test_a_verdict_counts_its_checks_and_names_those_in_its_way(screen: io.StringIO) -> None:
    result = planted.judge(planted.candidate(), None, first_run=False)
    printing.print_verdict(result, Path("gate"))
    shown = " ".join(screen.getvalue().replace("│", " ").split())
    made = [check for check in result.checks if check.found != NOT_CHECKED]
    count = {name: sum(check.verdict == name for check in made) for name in VERDICTS}
    assert "Gate: FAIL" in shown
    assert f"{count['pass']} checks passed, {count['fail']} failed, {count['not_enough_evidence']} without" in shown
    assert "fail: champion/present: There is no champion to compare with" in shown
    assert all(check.reason not in shown for check in result.checks if check.verdict == "pass")
    names = [check.name for check in result.checks if check not in made]
    assert len(names) >= 5
    assert f"not checked, the report says why: {', '.join(names)} (does not block)" in shown
    assert "report: gate/report.html" in shown
