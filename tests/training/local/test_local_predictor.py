"""The predictor as a process: started once, found again, ended by its own id and never by another's."""

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from app.predictor.logs import JsonFormatter
from cli.errors import InputError
from contract.bundle import MODEL_NAME, Bundle
from tests.patience import wait_until
from tests.ports import take_free_port
from training.local.local_predictor import (
    RunningPredictor,
    check_port,
    describe_end,
    find_predictor,
    predict_rows,
    start_predictor,
    stop_predictor,
)

# it outlives whoever started it, on purpose
pytestmark = pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")


@pytest.fixture
def port() -> int:
    return take_free_port()


@pytest.fixture
def note(tmp_path: Path) -> Iterator[Path]:
    """Where the process is written down; what runs at the end of the test is ended."""
    yield tmp_path / "predictor.json"
    stop_predictor(tmp_path / "predictor.json")


def write_note(note: Path, pid: int, port: int = 1) -> None:
    note.write_bytes(msgspec.json.encode(RunningPredictor(pid=pid, port=port, bundle="b", digest="d")))


def test_without_a_note_nothing_runs_and_nothing_is_stopped(note: Path) -> None:
    assert find_predictor(note) is None
    assert stop_predictor(note) is False


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": "x"}', b"\xff"])
def test_a_damaged_note_is_none(note: Path, content: bytes) -> None:
    note.write_bytes(content)
    assert find_predictor(note) is None
    assert stop_predictor(note) is False
    assert not note.exists()


def test_a_process_id_that_something_else_has_by_now_is_left_alone(note: Path) -> None:
    command = [sys.executable, "-c", "input()", "app.predictor"]  # a predictor, and yet another one
    with subprocess.Popen([*command, "--bundle", "b", "--port", "11", "--host", "h"], stdin=subprocess.PIPE) as other:
        write_note(note, other.pid)
        assert find_predictor(note) is None
        assert stop_predictor(note) is False
        assert other.poll() is None
        other.communicate(b"\n")
    assert other.returncode == 0
    assert not note.exists()


def test_a_copied_note_leaves_the_other_projects_predictor_alone_and_a_moved_one_finds_it(tmp_path: Path) -> None:
    old, new = tmp_path / "old" / "predictor.json", tmp_path / "new" / "predictor.json"
    old.parent.mkdir()
    command = [sys.executable, "-c", "input()", "app.predictor", "--bundle", "b", "--port", "1", "--host", "h"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as running:
        written = RunningPredictor(pid=running.pid, port=1, bundle="b", digest="d", note=str(old.resolve()))
        old.write_bytes(msgspec.json.encode(written))
        shutil.copytree(old.parent, new.parent)
        cmdline = Path(f"/proc/{running.pid}/cmdline")
        wait_until(lambda: b"app.predictor" in cmdline.read_bytes(), "the program")
        assert find_predictor(old) == written
        assert find_predictor(new) is None
        assert stop_predictor(new) is False
        assert running.poll() is None
        shutil.rmtree(new.parent)
        old.parent.rename(new.parent)
        assert find_predictor(new) == written
        running.communicate(b"\n")


def test_a_process_that_has_ended_is_not_found(note: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", "", "app.predictor"])
    cmdline = Path(f"/proc/{ended.pid}/cmdline")
    wait_until(lambda: b"app.predictor" not in cmdline.read_bytes(), "the end of the process")
    write_note(note, ended.pid)  # a zombie, until it is waited for
    assert find_predictor(note) is None
    ended.wait()
    assert find_predictor(note) is None


def test_a_taken_port_is_said_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(
            InputError, match=rf"port {port} cannot be listened on: .*; end what has it, or give another"
        ):
            check_port(port)
    check_port(port)


def test_a_predictor_that_is_not_there_is_said(port: int) -> None:
    with pytest.raises(InputError, match=rf"the predictor at http://127.0.0.1:{port} did not answer"):
        predict_rows(f"http://127.0.0.1:{port}", [{}])


def write_log(log: Path, *events: str) -> None:
    """As the predictor's own formatter writes these events."""
    lines = [JsonFormatter().format(logging.LogRecord("n", 20, "p", 1, event, None, None)) for event in events]
    log.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_a_predictor_that_ended_is_described_by_the_line_it_wrote_for_people(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, "listening")
    with log.open("a", encoding="utf-8") as file:
        file.write("model.ubj has 1 bytes, expected 7\n")
    assert describe_end(log, 2) == "model.ubj has 1 bytes, expected 7"


def test_a_predictor_that_was_killed_is_described_by_its_exit_code_and_its_last_event(tmp_path: Path) -> None:
    log = tmp_path / "log"
    write_log(log, "listening", "no receipt key is set")
    told = describe_end(log, -9)
    assert told == f"the predictor ended with exit code -9 after the log line 'no receipt key is set', see {log}"
    log.write_text("")
    assert describe_end(log, -9) == f"the predictor ended with exit code -9, see {log}"


@pytest.mark.slow
def test_it_is_started_found_asked_and_stopped(
    bundle_folder: Path, bundle: Bundle, note: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # a proxy is not asked for what runs here
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    running = start_predictor(bundle_folder, bundle.digest, port, note, note.with_name("log"))
    assert find_predictor(note) == running
    golden = bundle.manifest.golden[:5]
    answer = predict_rows(running.url, [dict(entry.row) for entry in golden])
    assert [prediction["score"] for prediction in answer["predictions"]] == pytest.approx(
        [entry.score for entry in golden], abs=1e-6
    )
    with pytest.raises(InputError, match=r"the predictor answered 4\d\d: "):
        predict_rows(running.url, [{"unknown": 1}])
    assert stop_predictor(note) is True
    assert find_predictor(note) is None
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.url}/healthz", trust_env=False)


@pytest.mark.slow
def test_a_second_one_on_the_same_port_is_refused_although_it_would_look_ready(
    bundle_folder: Path, bundle: Bundle, note: Path, port: int
) -> None:
    first = start_predictor(bundle_folder, bundle.digest, port, note, note.with_name("log"))
    with pytest.raises(InputError, match=rf"port {port} cannot be listened on"):
        start_predictor(bundle_folder, bundle.digest, port, note.with_name("other.json"), note.with_name("other-log"))
    assert not note.with_name("other.json").exists()
    assert find_predictor(note) == first


@pytest.mark.slow
def test_a_bundle_it_refuses_is_said_in_its_own_words_and_nothing_is_left_running(
    bundle_folder: Path, bundle: Bundle, note: Path, port: int, tmp_path: Path
) -> None:
    damaged = tmp_path / "bundle"
    damaged.mkdir()
    for path in bundle_folder.iterdir():
        (damaged / path.name).write_bytes(path.read_bytes())
    (damaged / MODEL_NAME).write_bytes(b"{")
    with pytest.raises(InputError, match=r"model.ubj has 1 bytes, expected \d+"):
        start_predictor(damaged, bundle.digest, port, note, note.with_name("log"))
    assert not note.exists()
    check_port(port)


@pytest.mark.slow
def test_one_that_does_not_drain_is_killed(
    bundle_folder: Path, bundle: Bundle, note: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start_predictor(bundle_folder, bundle.digest, port, note, note.with_name("log"))
    os.kill(running.pid, signal.SIGSTOP)
    monkeypatch.setattr("training.local.local_predictor.STOP_SECONDS", 0.5)
    assert stop_predictor(note) is True
    assert not Path(f"/proc/{running.pid}").exists()
