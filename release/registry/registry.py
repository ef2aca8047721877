"""A container registry through `crane`: what it holds by digest, and what goes into it."""

import hashlib
import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from cli.errors import InputError, OutsideError, RefusedError
from release.tools import ToolResult, ask_tool

MIRROR = "LATHE_REGISTRY_MIRROR"
REPOSITORY = re.compile(r"(?P<host>[a-z0-9.-]+(:\d{1,5})?)(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")
HOST = re.compile(r"[a-z0-9.-]+(:\d{1,5})?")
ABSENT = re.compile(r"MANIFEST_UNKNOWN|NAME_UNKNOWN|BLOB_UNKNOWN|unexpected status code 404")
DAMAGED = re.compile(r"error verifying \w+ checksum.*|manifest digest: .* does not match.*")
ASK_SECONDS, MOVE_SECONDS = 120, 1800  # an image has 100 MB, a slow line 1 Mbit/s
MAX_DOCUMENT_BYTES = 4 * 1024 * 1024
SHOWN_CHARACTERS = 300


@dataclass(frozen=True)
class Registry:
    """Every registry, or the one `mirror` that stands for all of them, as containerd's mirrors do."""

    mirror: str | None = None

    def locate(self, repository: str) -> str:
        """Where a repository is really read from; one on this machine is always there."""
        host, _, path = repository.partition("/")
        return repository if self.mirror is None or is_loopback(host) else f"{self.mirror}/{path}"

    def find_digest(self, repository: str, tag: str) -> str | None:
        """The manifest digest behind a tag; None where the registry has no such tag or repository.

        Raises: OutsideError.
        """
        answer = self._ask("digest", f"{self.locate(repository)}:{tag}")
        if answer.code and not ABSENT.search(answer.stderr):
            self._give_up(f"{repository}:{tag}", answer)
        return None if answer.code else answer.stdout.decode().strip()

    def read_manifest(self, repository: str, digest: str) -> dict[str, Any]:
        """One image's manifest.

        Raises: RefusedError if it is not there, not one image's or not of that digest; OutsideError.
        """
        answer = self._ask("manifest", f"{self.locate(repository)}@{digest}")
        if answer.code:
            self._refuse(f"{repository}@{digest}", answer)
        manifest = parse_document(answer.stdout, f"{repository}@{digest}", digest)
        if not isinstance(manifest.get("config"), dict) or not manifest.get("layers"):
            found = manifest.get("mediaType") or "no configuration"
            raise RefusedError(f"{repository}@{digest} is {found}, expected the manifest of one image")
        return manifest

    def read_blob(self, repository: str, digest: str, limit: int) -> bytes:
        """Raises: RefusedError if it is not there, too large or not of that digest; OutsideError."""
        answer = self._ask("blob", f"{self.locate(repository)}@{digest}")
        if answer.code:
            self._refuse(f"{repository}@{digest}", answer)
        check_digest(answer.stdout, f"{repository}@{digest}", digest)
        if len(answer.stdout) > limit:
            raise RefusedError(f"{repository}@{digest} has {len(answer.stdout):,} bytes, expected at most {limit:,}")
        return answer.stdout

    def push(self, archive: Path, repository: str) -> str:
        """Pushes an image's archive by its digest alone: no tag names it yet. The digest of the manifest.

        Raises: OutsideError.
        """
        digest = digest_archive(archive)
        self._move("push", str(archive), f"{self.locate(repository)}@{digest}", what=f"{repository}@{digest}")
        return digest

    def pull(self, repository: str, digest: str, archive: Path) -> None:
        """Raises: OutsideError."""
        self._move("pull", f"{self.locate(repository)}@{digest}", str(archive), what=f"{repository}@{digest}")

    def tag(self, repository: str, digest: str, tag: str) -> None:
        """Raises: OutsideError."""
        self._move("tag", f"{self.locate(repository)}@{digest}", tag, what=f"{repository}:{tag}")

    def copy(self, source: str, repository: str, tag: str) -> None:
        """`source` is a repository with a tag or digest behind it.

        Raises: OutsideError.
        """
        self._move("copy", self.locate(source), f"{self.locate(repository)}:{tag}", what=f"{repository}:{tag}")

    def _ask(self, *arguments: str) -> ToolResult:
        return ask_tool("crane", *arguments, seconds=ASK_SECONDS)

    def _move(self, *arguments: str, what: str) -> None:
        answer = ask_tool("crane", *arguments, seconds=MOVE_SECONDS)
        if answer.code:
            self._give_up(what, answer)

    def _refuse(self, what: str, answer: ToolResult) -> NoReturn:
        """What the registry does not hold, or holds damaged, is refused; anything else is its failure."""
        if ABSENT.search(answer.stderr):
            raise RefusedError(f"{self.name(what)} is not in the registry")
        if match := DAMAGED.search(answer.stderr):
            raise RefusedError(f"{self.name(what)} was changed in the registry: {match[0]}")
        self._give_up(what, answer)

    def _give_up(self, what: str, answer: ToolResult) -> NoReturn:
        raise OutsideError(f"{self.name(what)}: the registry did not do its part: {pick_words(answer)}")

    def name(self, what: str) -> str:
        """As in Git, and where it was read from if that is elsewhere."""
        host = self.locate(what).partition("/")[0]
        return what if what.startswith(f"{host}/") else f"{what} (read at {host})"


def open_registry(environment: Mapping[str, str] = os.environ) -> Registry:
    """Raises: InputError for a mirror that cannot be used."""
    mirror = environment.get(MIRROR) or None
    if mirror and not HOST.fullmatch(mirror):
        raise InputError(f"{MIRROR} is {mirror!r}, expected HOST or HOST:PORT, without a scheme")
    if mirror:
        check_host(mirror, MIRROR)
    return Registry(mirror)


def check_repository(repository: str, source: str) -> str:
    """Raises: InputError."""
    match = REPOSITORY.fullmatch(repository)
    if not match:
        raise InputError(f"{source} has {repository!r}, expected HOST/NAME/… without a tag or a scheme")
    check_host(match["host"], source)
    return repository


def check_host(host: str, source: str) -> None:
    """`crane` falls back to plain http where it takes a host for a private one; ours is https but on this machine.

    Raises: InputError.
    """
    name = host.partition(":")[0]
    if is_loopback(host):
        return
    if is_address(name) or name.endswith((".local", ".localhost")):
        raise InputError(f"{source} has {host!r}, which would be reached over plain http; give a name that has https")


def is_loopback(host: str) -> bool:
    name = host.partition(":")[0]
    return name == "localhost" or (is_address(name) and ipaddress.ip_address(name).is_loopback)


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def digest_archive(archive: Path) -> str:
    """The digest that the archive's manifest will have; `crane` compresses layers, the same way every time.

    Raises: OutsideError.
    """
    answer = ask_tool("crane", "digest", "--tarball", str(archive), seconds=MOVE_SECONDS)
    if answer.code:
        raise OutsideError(f"{archive} is no image that crane can read: {pick_words(answer)}")
    return answer.stdout.decode().strip()


def parse_document(content: bytes, what: str, digest: str) -> dict[str, Any]:
    """JSON of that digest, an object.

    Raises: RefusedError.
    """
    check_digest(content, what, digest)
    try:
        document = json.loads(content) if len(content) <= MAX_DOCUMENT_BYTES else None
    except (ValueError, RecursionError) as error:
        raise RefusedError(f"{what} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise RefusedError(f"{what} is no JSON object of at most {MAX_DOCUMENT_BYTES:,} bytes")
    return document


def check_digest(content: bytes, what: str, digest: str) -> None:
    computed = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if computed != digest:
        raise RefusedError(f"{what} was changed in the registry: its content is {computed}")


def pick_words(answer: ToolResult) -> str:
    """The program's own error, short enough to be read."""
    lines = [line.strip() for line in answer.stderr.splitlines() if line.strip()]
    errors = [line.removeprefix("Error: ") for line in lines if line.startswith("Error: ")] or lines[-1:]
    return errors[0][:SHOWN_CHARACTERS] if errors else f"exit code {answer.code}"
