"""The data of these runs: generated, small, and served on loopback, so that pins name a real address."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.harness.errors import ScenarioError
from tests.harness.loopback import QuietHandler, serve_until_end

# rows and seed: with fewer the gate would lack evidence for everything; the second is next month's
FILES = {"main.csv": (10_000, 2020), "fresh.csv": (10_000, 2021)}
SECONDS = 600  # a machine shared by many others needed more than two minutes


def write_rows(python: Path, project: Path, folder: Path) -> None:
    """Raises: ScenarioError."""
    for name, (rows, seed) in FILES.items():
        options = ["--rows", str(rows), "--seed", str(seed), "--output", str(folder / name)]
        run_training(python, project, "data", "--data", "generator", *options, "--artifacts", str(folder / "made"))


def run_training(python: Path, project: Path, *arguments: str) -> None:
    """`python -m training` of the clone.

    Raises: ScenarioError.
    """
    command = [str(python), "-m", "training", *arguments]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as expired:
        raise ScenarioError(f"`training {' '.join(arguments)}` was not done after {SECONDS} s") from expired
    if done.returncode:
        raise ScenarioError(f"`training {' '.join(arguments)}` failed: {done.stderr.strip()}")


class FolderHandler(QuietHandler, SimpleHTTPRequestHandler):
    """The files of a folder."""


@contextmanager
def serve_folder(folder: Path) -> Iterator[str]:
    """The address of the folder, until the block ends."""
    folder.mkdir(exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(FolderHandler, directory=str(folder)))
    with serve_until_end(server):
        yield f"http://127.0.0.1:{server.server_port}"
