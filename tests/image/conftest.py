"""The images, really built once a session from a copy of the repository with things in it that must stay out."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from contract.bundle import Bundle, read_bundle
from tests.image.base import BUILD_SECONDS, one_at_a_time, provide_base
from tests.image.containers import name_image, run
from tests.repo.sources import ROOT, list_files

PLANTED = (".git/config", "secret.env", "app/predictor/__pycache__/stale.pyc", "app/predictor/.env", "key.pem")


@dataclass(frozen=True)
class Gated:
    """A bundle and the gate's report of it."""

    bundle: Path
    report: Path

    @property
    def content(self) -> Bundle:
        return read_bundle(self.bundle)


@pytest.fixture(scope="session")
def base_image() -> str:
    return provide_base()


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The work tree's files, and a few planted ones."""
    folder = tmp_path_factory.mktemp("checkout")
    for source in list_files():
        copy = folder / source.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, copy)
    for name in PLANTED:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("planted", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Gated:
    """A bundle trained and judged as a person does it."""
    folder = tmp_path_factory.mktemp("artifacts")
    for verb in (["train"], ["gate", "--first-run"]):
        command = [sys.executable, "-m", "training", *verb, "--data", "generator", "--artifacts", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=300)
    return Gated(folder / "candidate", folder / "gate" / "report.json")


BuildImage = Callable[..., str]


@pytest.fixture(scope="session")
def build(checkout: Path, base_image: str) -> BuildImage:
    """`python -m release image` in the checkout; answers the tag."""

    def build_image(tag: str, *arguments: str, **environment: str) -> str:
        # by podman also where Docker is, as podman runs the containers
        given = ["--builder", "podman", "--base", base_image, *arguments]
        command = [sys.executable, "-m", "release", "image", "--tag", tag, *given]
        with one_at_a_time("build"):
            # `env -C`: the checkout's own release/ is what runs
            done = run("env", "-C", str(checkout), *command, timeout=BUILD_SECONDS, **environment)
        assert done.returncode == 0, done.stderr
        return tag

    return build_image


@pytest.fixture(scope="session")
def predictor_image(build: BuildImage, gated: Gated) -> str:
    tag = name_image("predictor")
    return build(tag, "--bundle", str(gated.bundle), "--report", str(gated.report), "--version", "v0.0.1")


@pytest.fixture(scope="session")
def training_image(build: BuildImage) -> str:
    return build(name_image("training"), "--target", "training", "--version", "v0.0.1")
