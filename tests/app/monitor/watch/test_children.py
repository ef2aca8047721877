"""The programs of a watch: all ended with it, and one that ends by itself is said with its last line."""

import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from app.monitor.watch.children import Children, choose_port, find_program
from cli.errors import InputError, OutsideError
from tests.patience import wait_until

SLEEPER = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); signal.pause()",
]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for_line(children: Children, name: str) -> None:
    wait_until(lambda: "up" in (children.logs / f"{name}.log").read_text(), f"{name} to log")


def test_whoever_was_started_is_ended_when_the_block_is_left(tmp_path: Path) -> None:
    pids: list[int] = []

    def watch() -> None:
        with Children(tmp_path / "logs") as children:
            for name in ("first", "second"):
                children.start(name, SLEEPER)
                wait_for_line(children, name)
            pids.extend(process.pid for process in children.running.values())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch()
    assert len(pids) == 2
    assert [pid for pid in pids if is_alive(pid)] == []


def test_one_that_does_not_listen_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.monitor.watch.children.STOP_SECONDS", 0.1)
    with Children(tmp_path / "logs") as children:
        children.start("stubborn", STUBBORN)
        wait_for_line(children, "stubborn")
        pid = children.running["stubborn"].pid
    assert not is_alive(pid)


def test_a_second_interrupt_leaves_nobody_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    children = Children(tmp_path / "logs")
    real_stop = children.stop

    def interrupt_and_stop() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        real_stop()

    monkeypatch.setattr(children, "stop", interrupt_and_stop)
    with children:
        children.start("first", SLEEPER)
        wait_for_line(children, "first")
        pid = children.running["first"].pid
    assert not is_alive(pid)


def test_one_that_ends_by_itself_is_said_with_its_last_line(tmp_path: Path) -> None:
    with Children(tmp_path / "logs") as children:
        children.start("broken", [sys.executable, "-c", "import sys; print('no such file'); sys.exit(3)"])
        with pytest.raises(OutsideError, match=r"broken ended with exit code 3: no such file; see .*broken.log"):
            children.wait_until(lambda: False, "broken")


def test_a_port_that_is_taken_is_refused_and_nought_is_any(tmp_path: Path) -> None:
    assert choose_port(0) > 0
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        with pytest.raises(InputError, match=f"port {taken} cannot be listened on: Address already in use"):
            choose_port(taken)


def test_a_program_that_is_not_there_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match="prometheus-alertmanager is not on the path; on Debian: sudo apt-get install"):
        find_program("prometheus-alertmanager", "alertmanager", package="prometheus-alertmanager")
