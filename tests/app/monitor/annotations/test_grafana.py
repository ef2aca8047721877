"""Marks are written into Grafana once, whoever writes them how often."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from app.monitor.annotations.grafana import open_grafana, write_marks
from app.monitor.annotations.marks import EventMark
from cli.errors import InputError, OutsideError
from tests.app.monitor.annotations.fake_grafana import TOKEN, FakeGrafana, start_grafana
from tests.app.monitor.annotations.test_marks import MOVE, PULL, write
from tests.app.predictor.running import ROOT
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port

FIRST = EventMark(1000, 1000, "v1: bump", ["lathe-release", "lathe-test", "v1", "c1"])
SECOND = EventMark(2000, 2000, "#12 open: anew", ["lathe-retraining", "open", "#12"])


@pytest.fixture
def grafana(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGrafana]:
    monkeypatch.setenv("GRAFANA_TOKEN", TOKEN)
    with start_grafana() as server:
        yield server


def test_a_mark_is_written_once_and_again_where_its_text_has_changed(grafana: FakeGrafana) -> None:
    merged = msgspec.structs.replace(SECOND, text="#12 merged: anew", tags=["lathe-retraining", "merged", "#12"])
    with open_grafana(grafana.url) as client:
        assert write_marks(client, [FIRST, SECOND]) == (2, 0)
        assert write_marks(client, [FIRST, SECOND]) == (0, 0)
        assert write_marks(client, [FIRST, merged]) == (0, 1)
        assert write_marks(client, [FIRST, merged]) == (0, 0)
    assert [(mark["text"], mark["tags"]) for mark in grafana.stored] == [
        ("v1: bump", FIRST.tags),
        ("#12 merged: anew", merged.tags),
    ]
    assert grafana.stored[0]["timeEnd"] == 1000


def test_a_refused_token_is_said_with_what_to_do(grafana: FakeGrafana, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFANA_TOKEN", "another")
    with open_grafana(grafana.url) as client, pytest.raises(OutsideError, match=r"\(401\); give in GRAFANA_TOKEN"):
        write_marks(client, [FIRST])
    assert grafana.stored == []


def test_what_is_no_address_and_what_does_not_answer_is_said() -> None:
    with pytest.raises(InputError, match="GRAFANA_URL is 'grafana', expected an address"):
        open_grafana("grafana")
    port = take_free_port()
    with open_grafana(f"http://127.0.0.1:{port}") as client, pytest.raises(OutsideError, match="does not answer"):
        write_marks(client, [FIRST])


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.monitor.annotations", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)


@pytest.mark.slow
def test_the_command_prints_the_marks_or_writes_them(tmp_path: Path, grafana: FakeGrafana) -> None:
    history, pulls = write(tmp_path / "history.json", MOVE), write(tmp_path / "pulls.json", PULL)
    printed = run("--history", history, "--pulls", pulls)
    assert [mark["tags"][-1] for mark in json.loads(printed.stdout)] == ["0123456789", "#12"]
    written = run("--history", history, "--grafana", grafana.url)
    assert written.stdout == "✓ 1 marks: 1 new, 0 changed, the others were there\n"


def test_without_a_source_it_says_what_to_give() -> None:
    done = run()
    assert done.returncode == 2
    assert done.stderr == "error: there is nothing to write: give --history, --pulls or both\n"
