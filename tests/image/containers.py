"""Containers under test: started with podman, asked over HTTP, stopped, removed by their own id."""

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tests.ports import take_free_port
from tests.repo.sources import ROOT

READY_SECONDS = 180  # as long as any machine may take
STORAGE = ROOT / ".tools" / "images"  # kept from run to run; a build by hand cannot change what is tested


def write_storage(folder: Path) -> dict[str, str]:
    """The setting that makes podman and buildah keep everything in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "storage.conf"
    lines = ["[storage]", 'driver = "overlay"', f'graphroot = "{folder}/graph"', f'runroot = "{folder}/run"']
    configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {"CONTAINERS_STORAGE_CONF": str(configuration)}


def name_image(kind: str) -> str:
    """A tag of this pytest worker's own: each has trained and judged a bundle of its own."""
    return f"localhost/lathe-test-{kind}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}:v0.0.1"


@cache
def list_settings() -> dict[str, str]:
    """What podman and buildah need on a machine that is itself a container."""
    settings = {"CONTAINERS_CONF": str(Path(__file__).with_name("containers.conf")), "BUILDAH_ISOLATION": "chroot"}
    return {**settings, **write_storage(STORAGE)}


def run(*command: str, timeout: int = 60, **more: str) -> subprocess.CompletedProcess[str]:
    """A command with podman's settings; `more` goes into its environment."""
    environment = {**os.environ, **list_settings(), **more}
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment, check=False)


def podman(*arguments: str, timeout: int = 60) -> str:
    """What podman says on standard output."""
    done = run("podman", *arguments, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(image: str, code: str) -> Any:
    """What the image's own Python prints as JSON."""
    return json.loads(
        podman("run", "--rm", "--network=none", "--entrypoint", "/opt/venv/bin/python", image, "-c", code)
    )


@dataclass(frozen=True)
class Container:
    """A running predictor."""

    name: str
    url: str

    def wait_until_ready(self) -> float:
        """The seconds it took."""
        begun = time.monotonic()
        while time.monotonic() - begun < READY_SECONDS:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return time.monotonic() - begun
            assert self.inspect("State.Running") == "true", self.logs()
            time.sleep(0.02)
        raise AssertionError(f"not ready after {READY_SECONDS} s: {self.logs()}")

    def inspect(self, field: str) -> str:
        return podman("inspect", self.name, "--format", f"{{{{.{field}}}}}").strip()

    def logs(self) -> str:
        return run("podman", "logs", self.name).stderr

    def run_healthcheck(self) -> str:
        """`healthy`, or what else the image's HEALTHCHECK says."""
        done = run("podman", "healthcheck", "run", self.name)
        return "healthy" if done.returncode == 0 else done.stdout.strip() or done.stderr.strip()

    def execute(self, *command: str) -> subprocess.CompletedProcess[str]:
        return run("podman", "exec", self.name, *command)

    def ask_python(self, code: str) -> str:
        done = self.execute("/opt/venv/bin/python", "-c", code)
        return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@contextlib.contextmanager
def start_container(image: str, *arguments: str) -> Iterator[Container]:
    port = take_free_port()
    name = podman("run", "--detach", "--publish", f"127.0.0.1:{port}:8080", *arguments, image).strip()
    try:
        yield Container(name, f"http://127.0.0.1:{port}")
    finally:
        run("podman", "rm", "--force", "--time", "0", name)
