"""The checked-in rules are what the code writes, pass promtool's lint, and read only what somebody exports."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
import yaml

from app.monitor.rules.alerts.writer import SEVERITIES
from app.monitor.rules.files import OPERATOR, PLAIN, make_files
from app.monitor.rules.groups import list_alert_names, list_records, load_datasets, make_groups
from app.monitor.rules.objectives import ROOT, load_objectives
from app.monitor.rules.promql import Alert, RuleGroup
from cli.errors import InputError
from tests.app.monitor.dashboards.reading import list_selectors
from tests.app.predictor.running import RunningServer
from tests.gitops.queries import TARGET_LABELS, list_metrics
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS

FOREIGN = {
    "up",
    "process_start_time_seconds",
    "prometheus_rule_group_iterations_missed_total",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_group_interval_seconds",
}
NAMED = {  # what the dashboards and a load test rely on
    "lathe:feature_rows:step",
    *(f"lathe:{name}:{window}" for window in ("15m", "1h", "6h", "24h") for name in (
        "feature_psi", "feature_psi_low", "feature_psi_high", "slice_feature_psi_low", "score_psi",
        "expected_precision", "expected_precision_low", "expected_recall_high", "expected_cost",
    )),
    *(f"lathe:{name}:24h" for name in ("precision", "precision_low", "recall_high", "label_coverage", "calibration_z")),
    "lathe:requests:rate5m", "lathe:availability_error_ratio:rate1h", "lathe:latency_error_ratio:rate1h",
}  # fmt: skip # a table


@pytest.fixture(scope="module")
def groups() -> tuple[RuleGroup, ...]:
    return make_groups(load_objectives(), load_datasets())


@pytest.mark.parametrize("path", make_files())
def test_the_checked_in_files_are_what_the_code_writes(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == make_files()[path], "run `make rules` and commit what it writes"


def test_the_operators_rules_and_those_of_a_plain_prometheus_are_the_same() -> None:
    operator = yaml.safe_load(OPERATOR.read_text(encoding="utf-8"))
    assert operator["kind"] == "PrometheusRule"
    assert operator["spec"] == yaml.safe_load(PLAIN.read_text(encoding="utf-8"))


def lint(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [need_program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", path],
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )


def test_promtool_finds_nothing_to_say_of_the_rules(groups: tuple[RuleGroup, ...]) -> None:
    done = lint(PLAIN)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"SUCCESS: {sum(len(group.rules) for group in groups)} rules found" in done.stdout


def test_promtool_finds_a_rule_that_stands_twice(tmp_path: Path) -> None:
    document = yaml.safe_load(PLAIN.read_text(encoding="utf-8"))
    document["groups"][0]["rules"] *= 2
    (tmp_path / "rules.json").write_text(json.dumps(document), encoding="utf-8")
    assert lint(tmp_path / "rules.json").returncode != 0


def test_every_series_and_label_that_a_rule_reads_is_exported_or_recorded(groups: tuple[RuleGroup, ...]) -> None:
    metrics, recorded = list_metrics(), set(list_records(groups))
    unknown = []
    for rule in (rule for group in groups for rule in group.rules):
        for name, labels in list_selectors(rule.expr):
            if name in metrics:
                unknown += [f"{name}{{{label}}}" for label in labels - metrics[name] - TARGET_LABELS]
            elif name not in recorded | FOREIGN:
                unknown.append(name)
    assert unknown == []


def test_a_rule_reads_only_what_was_recorded_before_it(groups: tuple[RuleGroup, ...]) -> None:
    """In a group one after the other, and among groups within one interval."""
    for group in groups:
        own = list_records((group,))
        seen = set(list_records(groups)) - set(own)
        for rule in group.rules:
            read = {name for name, _ in list_selectors(rule.expr) if name.startswith("lathe:")}
            assert read <= seen
            seen |= set() if isinstance(rule, Alert) else {rule.record}


def test_the_series_that_others_rely_on_are_recorded(groups: tuple[RuleGroup, ...]) -> None:
    assert set(list_records(groups)) >= NAMED


def test_every_alert_has_what_a_person_needs(groups: tuple[RuleGroup, ...]) -> None:
    alerts = [rule for group in groups for rule in group.rules if isinstance(rule, Alert)]
    assert len(list_alert_names(groups)) >= 18
    for alert in alerts:
        assert alert.labels["severity"] in SEVERITIES
        assert alert.labels["topic"]
        assert alert.hold
        assert set(alert.annotations) == {"summary", "description", "runbook_url"}
        assert alert.annotations["runbook_url"].endswith(f"/docs/runbook.md#{alert.alert.lower()}")


def copy_sources(folder: Path) -> Path:
    for name in ("gitops/components/monitoring", "training/datasets"):
        shutil.copytree(ROOT / name, folder / name)
    return folder / "gitops" / "components" / "monitoring" / "objectives.yaml"


def test_another_objective_changes_the_rules(tmp_path: Path) -> None:
    objectives = copy_sources(tmp_path)
    objectives.write_text(objectives.read_text(encoding="utf-8").replace("warn: 0.02", "warn: 0.03"), encoding="utf-8")
    text = make_files(tmp_path)[tmp_path / PLAIN.relative_to(ROOT)]
    assert '{drift="alert"} > 0.03' in text
    assert '{drift="alert"} > 0.02' not in text


def test_costs_and_slices_are_those_of_the_dataset_file(tmp_path: Path) -> None:
    copy_sources(tmp_path)
    path = tmp_path / "training" / "datasets" / "ai4i.yaml"
    text = path.read_text(encoding="utf-8").replace("missed: 500", "missed: 700").replace("slices: [type]\n", "")
    path.write_text(text, encoding="utf-8")
    rules = make_files(tmp_path)[tmp_path / PLAIN.relative_to(ROOT)]
    assert "(700 * sum by" in rules
    assert "(500 * sum by" not in rules
    assert "slice" not in rules.replace("SliceDrift", "slice")


def test_without_a_dataset_file_nothing_is_written(tmp_path: Path) -> None:
    copy_sources(tmp_path)
    (tmp_path / "training" / "datasets" / "ai4i.yaml").unlink()
    with pytest.raises(InputError, match="has no dataset file, expected at least one"):
        make_files(tmp_path)


@pytest.mark.slow
def test_a_live_predictor_exports_every_metric_that_a_rule_reads(
    groups: tuple[RuleGroup, ...], bundle_folder: Path, tmp_path: Path
) -> None:
    """By its types: what nobody has done yet, such as feedback, has no sample."""
    server = RunningServer(bundle_folder, tmp_path / "log", linger_seconds=0)
    try:
        text = httpx.get(f"{server.wait_until_ready().url}/metrics").text
    finally:
        server.kill()
    exported = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    read = {name for group in groups for rule in group.rules for name, _ in list_selectors(rule.expr)}
    own = {re.sub("_(bucket|sum|count)$", "", name) for name in read if name.startswith(("lathe_", "process_"))}
    assert len(own) > 15
    assert own - exported == set()
