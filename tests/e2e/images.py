"""Three images to release: two honest ones with different bundles, and one with a flipped bit in its model."""

import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from release.image.builders import find_builder
from tests.e2e.options import Options
from tests.harness.errors import OutsideError
from tests.harness.programs import run_program

ROWS = 10_000
BUNDLE_PLACE = "/srv/model/bundle"  # as the Dockerfile says it
MODEL = "model.ubj"
BUILD_SECONDS, TRAIN_SECONDS, PUSH_SECONDS = 900, 600, 300


@dataclass(frozen=True)
class Release:
    """An image as Git names it, and what is in it; `digest` is the registry's."""

    name: str
    tag: str
    digest: str
    bundle_digest: str
    version: str

    @property
    def reference(self) -> str:
        return f"{self.name}@{self.digest}"


class Images:
    """`first` and `second` are honest; `broken` is `second` with one bit flipped."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.builder = find_builder(options.builder or None)
        self.bundles = [make_bundle(options.work / f"bundle-{seed}", seed) for seed in (1, 2)]

    def release_all(self) -> tuple[Release, Release, Release]:
        """Builds and pushes them."""
        first, second = (self._build(folder, f"v0.{number}.0") for number, folder in enumerate(self.bundles, 1))
        broken = self._break(second, self.bundles[1], "v0.3.0")
        return self.push(first), self.push(second), self.push(broken)

    def push(self, release: Release) -> Release:
        command = [*self.options.push_image, f"{release.name}:{release.tag}"]
        return replace(release, digest=find_digest(run_program(command, seconds=PUSH_SECONDS).stdout))

    def _build(self, folder: Path, tag: str) -> Release:
        manifest = json.loads((folder / "candidate" / "bundle.json").read_bytes())
        command = [sys.executable, "-m", "release", "image", "--tag", f"{self.options.image}:{tag}", "--version", tag]
        command += ["--bundle", str(folder / "candidate"), "--report", str(folder / "gate" / "report.json")]
        command += ["--builder", self.builder]
        command += ["--base", self.options.base] if self.options.base else []
        run_program(command, seconds=BUILD_SECONDS)
        return Release(self.options.image, tag, "", manifest["digest"], manifest["version"])

    def _break(self, honest: Release, folder: Path, tag: str) -> Release:
        context = self.options.work / "broken"
        context.mkdir(parents=True, exist_ok=True)
        (context / MODEL).write_bytes(flip_bit((folder / "candidate" / MODEL).read_bytes()))
        (context / MODEL).chmod(0o644)
        lines = f"FROM {honest.name}:{honest.tag}\nCOPY {MODEL} {BUNDLE_PLACE}/{MODEL}\n"
        (context / "Dockerfile").write_text(lines, encoding="utf-8")
        name = f"{honest.name}:{tag}"
        run_program([self.builder, "build", "--tag", name, str(context)], seconds=BUILD_SECONDS)
        return replace(honest, tag=tag)


def make_bundle(folder: Path, seed: int) -> Path:
    """A trained and gated bundle; one that is there already is taken."""
    if not (folder / "gate" / "report.json").is_file():
        given = ["--data", "generator", "--rows", str(ROWS), "--seed", str(seed), "--artifacts", str(folder)]
        for verb, rest in (("train", []), ("gate", ["--first-run"])):
            run_program([sys.executable, "-m", "training", verb, *given, *rest], seconds=TRAIN_SECONDS)
    return folder


def flip_bit(content: bytes) -> bytes:
    """The lowest bit of the middle byte."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def find_digest(said: str) -> str:
    """The last digest that a push printed.

    Raises: OutsideError if it printed none.
    """
    found = re.findall(r"sha256:[0-9a-f]{64}", said)
    if not found:
        raise OutsideError(f"the push printed no digest, expected sha256: and 64 digits; it said: {said.strip()!r}")
    return str(found[-1])
