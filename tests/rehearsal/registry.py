"""A registry of its own on loopback, where everything goes that names ghcr.io: Debian's docker-registry, a real one."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.harness.errors import ScenarioError, UsageError
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port

PROGRAM = "docker-registry"
READY_SECONDS = 120  # as long as any machine may take
CONFIGURATION = """\
version: 0.1
log: {{level: error, accesslog: {{disabled: true}}}}
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "{host}"}}
"""


@contextmanager
def run_registry(folder: Path) -> Iterator[str]:
    """Its host and port, until the block ends.

    Raises: UsageError without the program, ScenarioError if it does not answer.
    """
    if shutil.which(PROGRAM) is None:
        raise UsageError(f"{PROGRAM} is not there: run `make release-rehearsal`, which installs it from Debian")
    host = f"127.0.0.1:{take_free_port()}"
    folder.mkdir()
    configuration = folder / "config.yml"
    configuration.write_text(CONFIGURATION.format(folder=folder / "data", host=host), encoding="utf-8")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([PROGRAM, "serve", str(configuration)], stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until_ready(host, folder / "log")
        yield host
    finally:
        process.terminate()
        process.wait(LAST_RESORT_SECONDS)


def wait_until_ready(host: str, log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"http://{host}/v2/", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["it says nothing"]
    raise ScenarioError(f"{PROGRAM} does not answer on {host} after {READY_SECONDS} s: {said[-1]}")
