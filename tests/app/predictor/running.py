"""A predictor in a process of its own, and what its metrics say."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port

ROOT = Path(__file__).parents[3]


class RunningServer:
    """A predictor in a process of its own; `settings` are its environment without their prefix."""

    module = "app.predictor"

    def __init__(self, folder: Path, log: Path, *prefix: str, **settings: object) -> None:
        self.port = int(str(settings.pop("port", 0))) or take_free_port()
        self.log = log
        environment = {**os.environ, **{f"LATHE_{name.upper()}": str(value) for name, value in settings.items()}}
        command = [*prefix, sys.executable, "-m", self.module, "--bundle", str(folder), "--port", str(self.port)]
        with log.open("w") as stream:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=stream)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> "RunningServer":
        wait_until(self._is_ready, "the server's readiness")
        return self

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz").status_code == 200
        return False

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """The exit code."""
        self.process.send_signal(sig)
        return self.process.wait(timeout=LAST_RESORT_SECONDS)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


StartServer = Callable[..., RunningServer]


def wait_until_begun(server: RunningServer, requests: int = 1) -> None:
    """Until the server has begun so many requests whose rest is yet to come."""
    with httpx.Client(base_url=server.url) as client:

        def have_begun() -> bool:
            counts = [value for name, value in read_metrics(client).items() if "lathe_in_flight_requests" in name]
            return counts[0] > requests  # the question itself is one more

        wait_until(have_begun, f"{requests} begun requests")


def read_metrics(client: httpx.Client) -> dict[str, float]:
    """Every sample of /metrics by name and labels, without the model's."""
    samples = {}
    for line in client.get("/metrics").text.splitlines():
        if not line.startswith("#"):
            name, value = line.rsplit(" ", 1)
            samples[name] = float(value)
    return samples


def read_samples(text: str) -> list[Sample]:
    """Every sample of a scrape, as Prometheus' own library reads it."""
    return [sample for family in text_string_to_metric_families(text) for sample in family.samples]


def read_sample(server: RunningServer, name: str, *labels: str) -> float:
    """One metric, summed over the labels that are not named."""
    with httpx.Client(base_url=server.url) as client:
        samples = read_metrics(client)
    return sum(
        value for key, value in samples.items() if key.startswith(name + "{") and all(label in key for label in labels)
    )


def dumps(value: object) -> bytes:
    return json.dumps(value).encode()
