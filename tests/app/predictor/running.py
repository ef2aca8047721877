"""A predictor in a process of its own, and what its metrics say."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[3]
START_SECONDS = 30


class RunningServer:
    """A predictor in a process of its own; `settings` are its environment without their prefix."""

    module = "app.predictor"

    def __init__(self, folder: Path, log: Path, *prefix: str, **settings: object) -> None:
        self.port = take_free_port()
        self.log = log
        environment = {**os.environ, **{f"LATHE_{name.upper()}": str(value) for name, value in settings.items()}}
        command = [*prefix, sys.executable, "-m", self.module, "--bundle", str(folder), "--port", str(self.port)]
        with log.open("w") as stream:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=stream)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> "RunningServer":
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return self
            time.sleep(0.02)
        raise AssertionError("the server was not ready in time")

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """The exit code."""
        self.process.send_signal(sig)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


StartServer = Callable[..., RunningServer]


def take_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def read_metrics(client: httpx.Client) -> dict[str, float]:
    """Every sample of /metrics by name and labels, without the model's."""
    samples = {}
    for line in client.get("/metrics").text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            samples[name] = float(value)
    return samples


def dumps(value: object) -> bytes:
    return json.dumps(value).encode()
