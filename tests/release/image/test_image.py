"""What a person may ask for when an image is built, and what is said when it cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.errors import InputError
from release.image.image import ImageRequest, check_request, find_certificates
from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (ImageRequest(target="stream"), "target 'stream' is unknown"),
        (ImageRequest(version="1.2"), "version '1.2' is not usable"),
        (ImageRequest(tag="lathe"), "names no version"),
        (ImageRequest(tag="localhost:5000/lathe"), "names no version"),
        (ImageRequest(tag="lathe:latest"), "names no version"),
    ],
)
def test_an_unusable_request_is_refused(request_: ImageRequest, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_request(request_)


def test_the_tag_is_the_overlays_unless_one_is_given() -> None:
    overlay = (ROOT / "gitops" / "overlays" / "minikube" / "kustomization.yaml").read_text(encoding="utf-8")
    name, _, version = check_request(ImageRequest()).partition(":")
    assert f"newName: {name}\n" in overlay
    assert f"newTag: {version}" in overlay
    assert check_request(ImageRequest(tag="localhost:5000/lathe:v1.0.0")) == "localhost:5000/lathe:v1.0.0"


def test_certificates_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.crt"))
    with pytest.raises(InputError, match=r"ca\.crt, which is not there"):
        find_certificates()
    monkeypatch.delenv("SSL_CERT_FILE")
    assert find_certificates() is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--target", "stream"], 2, "error: target 'stream' is unknown, expected one of predictor, training"),
        (["--builder", "kaniko"], 2, "error: builder 'kaniko' is unknown, expected one of docker, podman, buildah"),
        (["--tag", "lathe:latest"], 2, "error: tag 'lathe:latest' names no version, expected NAME:TAG, and TAG not"),
    ],
)
def test_a_mistake_is_one_line_and_its_exit_code(arguments: list[str], code: int, said: str) -> None:
    command = [sys.executable, "-m", "release", "image", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)
    assert done.returncode == code
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1


def test_without_a_builder_the_exit_code_is_4(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "release", "image"]
    environment = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=environment, timeout=LAST_RESORT_SECONDS, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (4, 1)
