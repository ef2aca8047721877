"""Runs test files in forks of one process that has imported the large libraries: `python -m tests.mutants.runner`.

One request a line, one answer a line, as JSON. A fork imports the project anew from the current folder.
"""

import contextlib
import importlib
import json
import os
import resource
import select
import signal
import sys
from typing import Any

import pytest

LIBRARIES = (  # not ONNX Runtime: a fork would wait for a lock of the thread that it starts
    "fastapi",
    "httptools",
    "httpx",
    "hypothesis",
    "matplotlib.pyplot",
    "msgspec",
    "numpy",
    "onnx",
    "prometheus_client",
    "pydantic_settings",
    "rich.console",
    "ruamel.yaml",
    "scipy.optimize",
    "scipy.stats",
    "sklearn.linear_model",
    "sklearn.metrics",
    "typer",
    "uvicorn",
    "xgboost",
)
WALL_SECONDS = 600  # the last resort where a test waits for what never comes; the limit is one of processor time
NO_ANSWER = "(ended without an answer, or its time was used up)"
OPTIONS = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "--hypothesis-profile=check",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
    "-o",
    "addopts=",
    "--import-mode=importlib",
)


class FirstFailure:
    """Remembers what failed first."""

    name = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed and not self.name:
            self.name = f"{report.nodeid} (import)"


def run_forked(request: dict[str, Any]) -> dict[str, Any]:
    """Exit code of pytest, what failed first and the processor time; a code of -1 is one that used up its time."""
    reading, writing = os.pipe()
    started = os.times()
    child = os.fork()
    if not child:
        os.close(reading)
        _run_tests(request, writing)
    os.close(writing)
    ready, _, _ = select.select([reading], [], [], WALL_SECONDS)
    answer = os.read(reading, 65536) if ready else b""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # servers of a test that ended in the middle
    os.waitpid(child, 0)
    os.close(reading)
    used = os.times()
    seconds = used.children_user + used.children_system - started.children_user - started.children_system
    return {**(json.loads(answer) if answer else {"code": -1, "failed": NO_ANSWER}), "seconds": round(seconds, 2)}


def _run_tests(request: dict[str, Any], writing: int) -> None:
    os.setpgid(0, 0)
    limit = int(request["seconds"])
    resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # no test may read the requests
    sink = os.open(request.get("log") or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    first = FirstFailure()
    code = int(pytest.main([*OPTIONS, "-m", request["marks"], *request["tests"]], plugins=[first]))
    os.write(writing, json.dumps({"code": code, "failed": first.name}).encode())
    sys.stdout.flush()
    os._exit(0)


def main() -> None:
    sys.dont_write_bytecode = True
    for name in LIBRARIES:
        importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(run_forked(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
