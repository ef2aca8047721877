"""The command of `make watch`: it says where everything is, sees an alert, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.app.predictor.running import ROOT
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS, wait_until
from training.data.table import Table, write_rows

NAMES = ("dashboards", "Prometheus", "Alertmanager", "predictor 0", "predictor 1")


class RunningWatch:
    """The command with its output in a file."""

    def __init__(self, folder: Path, *arguments: object) -> None:
        self.output = folder / "output"
        command = [sys.executable, "-m", "app.monitor.watch", "--folder", str(folder / "watch"), *map(str, arguments)]
        with self.output.open("w", encoding="utf-8") as stream:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=stream, stderr=stream)

    def read(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_for(self, text: str) -> None:
        def is_there() -> bool:
            assert self.process.poll() is None, self.read()
            return text in self.read()

        wait_until(is_there, f"{text!r} in the output")

    def find_addresses(self) -> dict[str, str]:
        lines = [line.rsplit(maxsplit=1) for line in self.read().splitlines()]
        return {name.strip(): url for name, url in (line for line in lines if len(line) == 2) if "://" in url}

    def list_children(self) -> list[int]:
        """Every process that this one has started."""
        done = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in done.stdout.split()]


def is_open(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as tried:
        return tried.connect_ex((parts.hostname or "", parts.port or 0)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_everything_runs_until_it_is_ended_and_then_nothing_does(
    tmp_path: Path, bundle_folder: Path, table: Table, built_page: Path, number: int
) -> None:
    for program in ("prometheus", "prometheus-alertmanager"):
        need_program(program)
    write_rows(table, tmp_path / "rows.csv")
    watch = RunningWatch(tmp_path, "--bundle", bundle_folder, "--rows", tmp_path / "rows.csv", "--page", built_page)
    try:
        watch.wait_for("Ctrl-C ends everything")
        addresses = watch.find_addresses()
        assert set(addresses) == set(NAMES)
        assert all(is_open(url) for url in addresses.values())
        query = f"{addresses['dashboards']}/api/v1/query"
        rows = {"query": "sum(lathe_predicted_rows_total) > 0"}
        wait_until(lambda: httpx.get(query, params=rows).json()["data"]["result"], "rows that were sent and counted")
        amtool = [
            need_program("amtool"),
            f"--alertmanager.url={addresses['Alertmanager']}",
            "alert",
            "add",
            "LatheTest",
        ]
        subprocess.run(amtool, check=True, capture_output=True, timeout=LAST_RESORT_SECONDS)
        watch.wait_for("LatheTest fires")
        children = watch.list_children()
        assert len(children) == 4  # two predictors, Prometheus and Alertmanager
    finally:
        watch.process.send_signal(number)
        code = watch.process.wait(LAST_RESORT_SECONDS)
    assert code == 0, watch.read()
    assert "✓ ended; logs are in" in watch.read()
    assert [url for url in addresses.values() if is_open(url)] == []
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.slow
def test_a_program_that_ends_by_itself_ends_everything_with_one_line(
    tmp_path: Path, bundle_folder: Path, table: Table, built_page: Path
) -> None:
    for program in ("prometheus", "prometheus-alertmanager"):
        need_program(program)
    write_rows(table, tmp_path / "rows.csv")
    watch = RunningWatch(tmp_path, "--bundle", bundle_folder, "--rows", tmp_path / "rows.csv", "--page", built_page)
    watch.wait_for("Ctrl-C ends everything")
    children = watch.list_children()
    os.kill(children[0], signal.SIGKILL)
    assert watch.process.wait(LAST_RESORT_SECONDS) == 4
    assert "ended with exit code -9: " in watch.read()
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.monitor.watch", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)


@pytest.mark.slow
def test_what_is_missing_is_said_before_anything_starts(tmp_path: Path, bundle_folder: Path, table: Table) -> None:
    rows = tmp_path / "rows.csv"
    nothing = run("--bundle", tmp_path, "--rows", rows)
    assert (nothing.returncode, nothing.stderr.count("\n")) == (2, 1)
    no_rows = run("--bundle", bundle_folder, "--rows", rows)
    assert (no_rows.returncode, "rows.csv cannot be read" in no_rows.stderr) == (2, True)
    write_rows(table, rows)
    no_report = run("--bundle", bundle_folder, "--rows", rows, "--gate-report", tmp_path / "report.json")
    assert (no_report.returncode, "`make gate` writes one" in no_report.stderr) == (2, True)
    no_page = run("--bundle", bundle_folder, "--rows", rows, "--page", tmp_path, "--folder", tmp_path / "watch")
    assert (no_page.returncode, "has no viewer.js" in no_page.stderr) == (2, True)
