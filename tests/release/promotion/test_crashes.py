"""Killed at any step and run again, a move is there once, and nothing is left over."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest

from release.promotion.bump import Bump, bump_environment
from release.promotion.rollback import Rollback, roll_back
from tests.release.history.test_moves import push_version
from tests.release.origin import Origin, ask_git, make_digest, make_image, open_remote

KILLED = -9
# counts its calls, and kills whoever calls it for the n-th time, before or after git did its part
WRAPPER = """#!/bin/sh
count=$(( $(cat "{count}" 2>/dev/null || echo 0) + 1 ))
echo $count > "{count}"
[ "$count:before" = "$LATHE_KILL" ] && kill -9 $PPID
"{git}" "$@"
code=$?
[ "$count:after" = "$LATHE_KILL" ] && kill -9 $PPID
exit $code
"""


@pytest.fixture
def origin(tmp_path: Path) -> Origin:
    return Origin(tmp_path)


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    folder = tmp_path / "wrapper"
    folder.mkdir()
    text = WRAPPER.format(count=folder / "count", git=shutil.which("git"))
    (folder / "git").write_text(text, encoding="utf-8")
    (folder / "git").chmod(0o755)
    return folder


@dataclass(frozen=True)
class Trial:
    """One thing that is done again and again from the same start, in a process of its own."""

    origin: Origin
    clone: Path
    wrapper: Path
    act: Callable[[Path], object]

    @property
    def counter(self) -> Path:
        return self.wrapper / "count"

    def run(self, kill: str = "") -> int | None:
        """The exit code, where git counts its calls and kills at `kill`."""
        self.counter.unlink(missing_ok=True)
        process = get_context("fork").Process(target=self.act_counted, args=(kill,))
        process.start()
        process.join()
        return process.exitcode

    def act_counted(self, kill: str) -> None:
        os.environ.update(PATH=f"{self.wrapper}{os.pathsep}{os.environ['PATH']}", LATHE_KILL=kill)
        self.act(self.clone)

    def reset(self, start: str) -> None:
        self.origin.git("update-ref", "refs/heads/main", start)
        ask_git(self.clone, "update-ref", "refs/remotes/origin/main", start)

    def list_steps(self) -> Iterator[str]:
        """Before each call of git, which is after the one before it; and after the last."""
        assert self.run() == 0
        calls = int(self.counter.read_text(encoding="utf-8"))
        assert calls > 10
        yield from (f"{number}:before" for number in range(1, calls + 1))
        yield f"{calls}:after"


def crash_everywhere(trial: Trial, subject: str) -> int:
    """Returns after how many of the crashes the commit was there already."""
    origin, clone, start = trial.origin, trial.clone, trial.origin.head
    refs = ask_git(clone, "for-each-ref", "--format=%(refname)")
    found_done = 0
    for step in trial.list_steps():
        trial.reset(start)
        assert trial.run(step) == KILLED, step
        found_done += origin.head != start
        trial.act(clone)
        assert origin.subjects(start) == [subject], step
    assert ask_git(clone, "status", "--porcelain") == ""
    assert ask_git(clone, "for-each-ref", "--format=%(refname)") == refs
    assert not list((clone / ".git").rglob("*.lock"))
    assert not ask_git(clone, "fsck", "--full", "--no-dangling", "--no-progress")
    return found_done


def bump(clone: Path) -> None:
    bump_environment(open_remote(clone), Bump("test", "v1.0.0", make_digest("v1.0.0"), make_image("v1.0.0")))


def go_back(clone: Path) -> None:
    roll_back(open_remote(clone), Rollback("prod-eks", "p99 is 3 s", "v1.1.0"))


@pytest.mark.slow
def test_a_bump_that_is_killed_anywhere_is_finished_by_the_next(origin: Origin, wrapper: Path) -> None:
    trial = Trial(origin, origin.clone("ada"), wrapper, bump)
    assert crash_everywhere(trial, "Run v1.0.0 in test, the first release there") >= 1


@pytest.mark.slow
def test_a_rollback_that_is_killed_anywhere_is_finished_by_the_next(origin: Origin, wrapper: Path) -> None:
    bob = origin.clone("bob")
    for version in ("v1.0.0", "v1.1.0", "v1.2.0"):
        push_version(origin, bob, version, environment="prod-eks")
    trial = Trial(origin, origin.clone("ada"), wrapper, go_back)
    assert crash_everywhere(trial, "Take prod-eks back to v1.1.0, was v1.2.0") >= 1
    assert origin.line("prod-eks").digest == make_digest("v1.1.0")
