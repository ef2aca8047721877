"""Every alert has its heading in the runbook, with the four parts; its queries are parsed and its commands run."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from app.monitor.rules.groups import list_alert_names, list_records, load_datasets, make_groups
from app.monitor.rules.objectives import ROOT, load_objectives
from tests.app.monitor.dashboards.reading import list_selectors
from tests.app.predictor.running import RunningServer
from tests.gitops.prometheus import check_rules
from tests.gitops.queries import TARGET_LABELS, list_metrics
from tests.patience import LAST_RESORT_SECONDS

RUNBOOK = ROOT / "docs" / "runbook.md"
PARTS = ("Meaning", "Impact", "Check", "Act")
BLOCK = re.compile(r"```(promql|sh)\n(.*?)```", re.DOTALL)
VERB = re.compile(r"`?make ([a-z-]+)")
OF_PROMETHEUS = re.compile("up|prometheus_rule_.*")
GROUPS = make_groups(load_objectives(), load_datasets())


def read_sections() -> dict[str, str]:
    _, *sections = re.split(r"^## ", RUNBOOK.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {section.partition("\n")[0]: section for section in sections}


def list_lines(kind: str) -> list[str]:
    return [line for found, text in BLOCK.findall(RUNBOOK.read_text(encoding="utf-8")) if found == kind
            for line in text.splitlines()]  # fmt: skip # a table


def test_every_alert_has_its_heading_and_no_heading_is_of_another() -> None:
    assert list(read_sections()) == list_alert_names(GROUPS)


@pytest.mark.parametrize("alert", list_alert_names(GROUPS))
def test_a_heading_says_what_it_means_costs_where_to_look_and_what_to_do(alert: str) -> None:
    section = read_sections()[alert]
    places = [section.find(f"**{part}**") for part in PARTS]
    assert places == sorted(places)
    assert min(places) > 0
    assert BLOCK.search(section)


def test_every_query_parses_and_reads_what_there_is(tmp_path: Path) -> None:
    queries = {str(number): line for number, line in enumerate(list_lines("promql"))}
    assert len(queries) >= len(read_sections())
    done = check_rules(queries, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    metrics, recorded = list_metrics(), set(list_records(GROUPS))
    for query in queries.values():
        for name, labels in list_selectors(query):
            assert name in metrics or name in recorded or OF_PROMETHEUS.fullmatch(name), name
            assert labels <= metrics.get(name, labels) | TARGET_LABELS, query


def test_every_verb_is_one_of_the_makefile() -> None:
    verbs = set(VERB.findall(RUNBOOK.read_text(encoding="utf-8")))
    assert len(verbs) >= 5
    shown = subprocess.run(["make", "-s", "help-all"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert verbs <= set(re.findall(r"make ([a-z-]+)", shown))


@pytest.mark.slow
def test_every_command_runs(bundle_folder: Path, tmp_path: Path) -> None:
    """Those with a predictor are given one; those of `make` are run as they stand."""
    server = RunningServer(bundle_folder, tmp_path / "log", linger_seconds=0)
    try:
        server.wait_until_ready()
        for command in list_lines("sh"):
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                cwd=ROOT,
                env={**os.environ, "PREDICTOR": server.url},
                capture_output=True,
                text=True,
                timeout=LAST_RESORT_SECONDS,
                check=False,
            )
            assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
            assert done.stdout
    finally:
        server.kill()
