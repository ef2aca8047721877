"""What a laptop's Prometheus and Alertmanager are given is taken by their own checkers."""

import subprocess
from pathlib import Path

from app.monitor.rules.groups import load_datasets, make_groups
from app.monitor.rules.objectives import load_objectives
from app.monitor.watch.configuration import shorten, write_alertmanager, write_prometheus
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS


def check(*command: object) -> str:
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_the_configuration_and_every_rule_of_the_cluster(tmp_path: Path) -> None:
    config = write_prometheus(
        tmp_path, [("127.0.0.1:1", "stable"), ("127.0.0.1:2", "canary")], "127.0.0.1:3", "127.0.0.1:4"
    )
    shown = check(need_program("promtool"), "check", "config", config)
    rules = sum(len(group.rules) for group in make_groups(load_objectives(), load_datasets()))
    assert f"SUCCESS: {rules} rules found" in shown


def test_amtool_takes_the_one_route_to_the_terminal(tmp_path: Path) -> None:
    config = write_alertmanager(tmp_path, "http://127.0.0.1:1/")
    assert "1 receivers" in check(need_program("amtool"), "check-config", config)


def test_only_the_times_of_scraping_are_shorter() -> None:
    usual = load_objectives()
    short = shorten(usual)
    assert short.scraping.interval_seconds < usual.scraping.interval_seconds
    assert (short.drift, short.quality, short.scraping.job) == (usual.drift, usual.quality, usual.scraping.job)
