"""What a person reads: nothing is cut off, nothing in it is taken for markup, and every number says what it is."""

from pathlib import Path

import msgspec
import optuna
import pytest
from rich.console import Console

from app.contract.bundle import Bundle
from app.contract.schema import Interval
from tests import planted
from training import console
from training.artifacts import Artifacts
from training.data.table import Table

WIDTH = 110


@pytest.fixture(autouse=True)
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a file, also where pytest itself has a terminal."""
    monkeypatch.setattr(console, "out", Console(highlight=False, width=WIDTH, force_terminal=False))
    monkeypatch.setattr(console, "err", Console(stderr=True, highlight=False, soft_wrap=True, force_terminal=False))


def unfold(text: str) -> str:
    """The words without frames and line breaks."""
    return " ".join("".join(" " if sign in "│┃╭╮╰╯─━" else sign for sign in text).split())


def cells(text: str, first: str) -> list[str]:
    """The row of a table that begins with `first`."""
    rows = ([cell.strip() for cell in line.split("│")[1:-1]] for line in text.splitlines() if line.startswith("│"))
    return next(row for row in rows if row[0] == first)


@pytest.mark.parametrize("name", ["print_error", "print_warning"])
def test_an_error_is_one_line_however_long_and_its_brackets_stay(capsys: pytest.CaptureFixture[str], name: str) -> None:
    text = f"column 'Torque [Nm]' of [red]rows[/red].csv {'is too long ' * 40}at [/nowhere]"
    getattr(console, name)(text)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == f"{name.removeprefix('print_')}: {text}\n"


def test_what_is_done_is_one_line_with_its_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    text = f"written to /a/[b]/{'deep/' * 40}file"
    console.print_done(text)
    assert capsys.readouterr().out == f"✓ {text}\n"


def test_a_step_shows_nothing_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with console.step("Reading [bold]"):
        pass
    assert capsys.readouterr().out.strip() == ""


def test_progress_moves_by_one_with_each_call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "out", Console(width=WIDTH, force_terminal=True))
    with console.progress("Searching", 3) as advance:
        advance()
        advance()
    assert "2/3" in capsys.readouterr().out


def test_a_target_is_described_by_how_often_it_happened_or_by_its_range(table: Table, charges_table: Table) -> None:
    positives = int(table.target.sum())
    assert console.describe_target(table) == f"{positives} with machine_failure ({positives / 3000:.2%})"
    low, high = charges_table.target.min(), charges_table.target.max()
    assert console.describe_target(charges_table) == f"monthly_charges from {low:g} to {high:g}"


def test_a_table_shows_units_ranges_and_shares(table: Table, capsys: pytest.CaptureFixture[str]) -> None:
    console.print_table_summary(table)
    shown = capsys.readouterr().out
    torque = table.frame["Torque [Nm]"]
    expected = [f"{value:g}" for value in (torque.min(), torque.median(), torque.max())]
    assert cells(shown, "torque_nm") == ["torque_nm", "Nm", *expected]
    assert all(f"{name} {(table.frame['Type'] == name).mean():.0%}" in shown for name in "LMH")


def test_metrics_have_their_names_and_intervals(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    metrics = {"pr_auc": Interval(mean=0.9, low=0.85, high=0.95), "new": Interval(mean=1.0, low=0.0, high=2.0)}
    console.print_metrics(msgspec.structs.replace(bundle.manifest, metrics=metrics))
    shown = capsys.readouterr().out
    assert cells(shown, "PR-AUC") == ["PR-AUC", "0.900", "0.850 to 0.950"]
    assert cells(shown, "new") == ["new", "1.000", "0.000 to 2.000"]


def test_a_bundle_is_shown_with_everything_that_identifies_it(
    bundle: Bundle, capsys: pytest.CaptureFixture[str]
) -> None:
    console.print_bundle(bundle, Path("some/[folder]"))
    shown = unfold(capsys.readouterr().out)
    manifest = bundle.manifest
    digests = [entry.sha256 for entry in manifest.files.values()]
    for fact in (f"{manifest.version}, every checksum verified", bundle.digest, "some/[folder]", *digests):
        assert fact in shown
    assert f"decides at {manifest.threshold:.4f}" in shown
    assert f"golden rows {len(manifest.golden)}" in shown


def test_a_bundle_without_a_threshold_says_so(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    without = Bundle(msgspec.structs.replace(bundle.manifest, threshold=None), bundle.files)
    console.print_bundle(without, Path("bundle"))
    assert cells(capsys.readouterr().out, "decides at") == ["decides at", "none"]


def test_a_verdict_counts_its_checks_and_names_those_in_its_way(capsys: pytest.CaptureFixture[str]) -> None:
    result = planted.judge(planted.candidate(), None, first_run=False)
    console.print_verdict(result, Path("gate"))
    shown = unfold(capsys.readouterr().out)
    count = {name: sum(check.verdict == name for check in result.checks) for name in console.VERDICTS}
    assert "Gate: FAIL" in shown
    assert (
        f"{count['pass']} checks passed, {count['fail']} failed, "
        f"{count['not_enough_evidence']} without enough evidence" in shown
    )
    failed = [check for check in result.checks if check.verdict == "fail"]
    assert failed
    assert all(f"{check.name}: {check.reason}" in shown for check in failed)
    assert all(check.reason not in shown for check in result.checks if check.verdict == "pass")
    assert "report: gate/report.html" in shown


def test_contenders_stand_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    model, rule = Interval(mean=0.9, low=0.8, high=1.0), Interval(mean=0.7, low=0.6, high=0.75)
    console.print_contenders("5 x 5 [folds]", {"model": {"f1": model}, "the_rule": {"f1": rule}})
    shown = capsys.readouterr().out
    assert "5 x 5 [folds]" in shown
    assert "the rule" in shown
    assert cells(shown, "F1") == ["F1", "0.900 [0.800, 1.000]", "0.700 [0.600, 0.750]"]


def test_a_search_is_shown_against_today(capsys: pytest.CaptureFixture[str]) -> None:
    study = optuna.create_study(direction="maximize")
    for eta, score in ((0.1, 0.8), (0.2, 0.9)):
        distributions = {"eta": optuna.distributions.FloatDistribution(0.0, 1.0)}
        study.add_trial(optuna.trial.create_trial(params={"eta": eta}, distributions=distributions, value=score))
    console.print_study(study, study.trials[0])
    shown = capsys.readouterr().out
    assert "2 trials, 0 pruned" in shown
    assert cells(shown, "score") == ["score", "0.8000", "0.9000"]
    assert cells(shown, "eta") == ["eta", "0.1", "0.2"]
    console.print_study(study, None)
    assert cells(capsys.readouterr().out, "eta") == ["eta", "", "0.2"]


def test_predictions_stand_beside_what_happened(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [entry.row for entry in bundle.manifest.golden[:2]]
    answer = {"predictions": [{"score": 0.912, "decision": True}, {"score": 0.003, "decision": False}]}
    console.print_predictions(bundle.manifest, rows, answer, [1.0, 0.0])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")]
    ends = [[cell.strip() for cell in line.split("│")[-4:-1]] for line in lines]
    assert ends[-2:] == [["0.912", "act", "yes"], ["0.003", "go on", "no"]]


def test_a_predicted_number_has_no_yes_or_no(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    schema = msgspec.structs.replace(bundle.manifest.schema, task="regression")
    manifest = msgspec.structs.replace(bundle.manifest, schema=schema)
    rows = [bundle.manifest.golden[0].row]
    console.print_predictions(manifest, rows, {"predictions": [{"score": 64.2, "decision": None}]}, [61.5])
    last = [line for line in capsys.readouterr().out.splitlines() if line.startswith("│")][-1]
    assert [cell.strip() for cell in last.split("│")[-4:-1]] == ["64.200", "", "61.5"]


def test_the_end_says_where_everything_is_and_how_to_stop_it(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_urls("http://127.0.0.1:8081", Artifacts(Path("made"), served=Path("given/[b]")), 12.4)
    shown = unfold(capsys.readouterr().out)
    for fact in ("Up after 12 s", "predict http://127.0.0.1:8081/v1/predict", "metrics http://127.0.0.1:8081/metrics"):
        assert fact in shown
    for fact in ("report made/gate/report.html", "bundle given/[b]", "stop make down"):
        assert fact in shown
