"""Real servers started, asked, compared and ended; the system here is the bare uvicorn of the ceilings."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench import servers
from bench.errors import UnfitSystemError
from bench.model import ServedModel, load_model
from bench.parity import check_parity
from bench.processes import is_alive, kill_processes, list_tree, read_status, wait_gone
from bench.protocols import LATHE_ROW
from bench.servers import Server, running, start_server
from bench.systems import System, list_systems, pick_systems

pytestmark = pytest.mark.slow

IGNORES_SIGTERM = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
HAS_A_CHILD_OF_ITS_OWN_SESSION = (
    "import subprocess, sys, time; "
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True); "
    "print('ready', flush=True); time.sleep(60)"
)


@pytest.fixture(scope="module")
def model(bundle_folder: Path) -> ServedModel:
    return load_model(bundle_folder)


@pytest.fixture(autouse=True)
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(servers, "LOGS", tmp_path / "logs")
    monkeypatch.setattr(servers, "WORK", tmp_path / "work")


@pytest.fixture(scope="module")
def echo(model: ServedModel) -> System:
    """The ceiling, run by this Python in place of its own environment's."""
    found = pick_systems(list_systems(model.name), ("uvicorn-echo",))[0]
    return replace(found, command=(sys.executable, *found.command[1:]))


def own_command(echo: System, code: str) -> System:
    return replace(echo, name="own", title="Own", command=(sys.executable, "-c", code))


@pytest.fixture
def server(echo: System, model: ServedModel) -> Iterator[Server]:
    with running(echo, model) as started:
        yield started


def test_a_running_server_answers_and_is_gone_afterwards(echo: System, model: ServedModel) -> None:
    with running(echo, model) as server:
        assert server.ask("/predict", b"{}").body == b"{}"
        assert server.resident_bytes() > 10 * 2**20
        assert server.cpu_seconds() > 0
        found = {status.process for status in server.list_processes()}
    assert found
    assert not any(is_alive(process) for process in found)


def test_a_ceiling_has_no_scores_to_compare(server: Server, model: ServedModel) -> None:
    assert check_parity(server, model) == 0.0


def test_an_answer_that_is_no_prediction_takes_the_system_out(server: Server, model: ServedModel) -> None:
    server.system = replace(server.system, row=LATHE_ROW)
    with pytest.raises(UnfitSystemError, match=r"bare uvicorn echo answered .* on /v1/predict"):
        check_parity(server, model)


def test_a_server_that_ends_early_is_reported_with_the_end_of_its_log(echo: System, model: ServedModel) -> None:
    failing = own_command(echo, "import sys; sys.exit('no such model')")
    with (
        pytest.raises(UnfitSystemError, match="Own ended with 1 before its first answer") as caught,
        running(failing, model),
    ):
        pass
    assert "no such model" in caught.value.log


def test_a_program_that_is_not_there_is_named(echo: System, model: ServedModel) -> None:
    missing = replace(echo, command=("/nowhere/python",))
    with pytest.raises(UnfitSystemError, match="/nowhere/python: No such file"):
        start_server(missing, model)


def test_a_server_that_ignores_sigterm_is_killed(
    echo: System, model: ServedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "STOP_SECONDS", 0.2)
    server = start_server(own_command(echo, IGNORES_SIGTERM), model)
    wait_for_log(server, "deaf")
    assert server.stop() == -signal.SIGKILL


def test_a_child_with_a_session_of_its_own_does_not_outlive_its_server(echo: System, model: ServedModel) -> None:
    server = start_server(own_command(echo, HAS_A_CHILD_OF_ITS_OWN_SESSION), model)
    wait_for_log(server, "ready")
    seen = {status.process for status in server.list_processes()}
    assert len(seen) == 2
    server.stop()
    assert not any(is_alive(process) for process in seen)


def wait_for_log(server: Server, text: str) -> None:
    while text not in server.log.read_text():
        assert server.process.poll() is None


def test_a_process_that_is_gone_has_no_status_and_is_waited_for() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    found = {status.process for status in list_tree(child.pid)}
    assert {process.pid for process in found} == {child.pid}
    kill_processes(found)
    child.wait()
    assert wait_gone(found, 1.0) == set()
    assert read_status(child.pid) is None


def test_this_process_has_its_parent_and_memory() -> None:
    status = read_status(os.getpid())
    assert status is not None
    assert status.parent == os.getppid()
    assert status.resident_bytes > 10 * 2**20
