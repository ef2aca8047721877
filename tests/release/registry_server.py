"""A real registry: Debian's docker-registry on loopback, its images in a folder."""

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from release.registry.registry import Registry
from release.tools import TOOLS
from tests.needs import need_program
from tests.patience import wait_until
from tests.ports import take_free_port

PROGRAM = "docker-registry"


@dataclass
class RegistryServer:
    """Ended and started again it holds what it held."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def client(self) -> Registry:
        """Every registry's name leads here."""
        return Registry(self.host)

    def start(self) -> None:
        settings = self.folder / "config.yml"
        settings.write_text(
            "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
            f"storage: {{filesystem: {{rootdirectory: {self.folder}/store}}, delete: {{enabled: true}}}}\n"
            f"http: {{addr: '{self.host}'}}\n",
            encoding="utf-8",
        )
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([PROGRAM, "serve", str(settings)], stdout=log, stderr=log)
        wait_until(self._is_ready, "the registry's start")

    def _is_ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None, (self.folder / "log").read_text()
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://{self.host}/v2/").status_code == 200
        return False

    def stop(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def list_tags(self, repository: str) -> list[str]:
        answer = httpx.get(f"http://{self.host}/v2/{repository}/tags/list")
        return sorted(answer.json().get("tags") or []) if answer.is_success else []

    def damage_blob(self, digest: str) -> None:
        """Flips a bit in the middle of what is stored under that digest."""
        name = digest.removeprefix("sha256:")
        path = self.folder / "store/docker/registry/v2/blobs/sha256" / name[:2] / name / "data"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


@contextlib.contextmanager
def run_registry(folder: Path) -> Iterator[RegistryServer]:
    """Skips the test without the registry, or without what pushes to it."""
    need_program(PROGRAM)
    need_program("crane", str(TOOLS))
    folder.mkdir(parents=True, exist_ok=True)
    server = RegistryServer(folder, take_free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
