"""Which program builds an image, and what it is told."""

from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from release.image.builders import BUILDERS, Build, compose_command, find_builder
from tests.repo.sources import ROOT


def write_program(folder: Path, name: str, exit_code: int) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)


def test_the_first_builder_that_answers_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write_program(tmp_path, "docker", 1)  # the client without its daemon
    write_program(tmp_path, "podman", 0)
    write_program(tmp_path, "buildah", 0)
    assert find_builder(None) == "podman"
    assert find_builder("buildah") == "buildah"


def test_without_a_builder_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    write_program(tmp_path, "docker", 1)
    with pytest.raises(OutsideError, match=r"docker does not answer, podman is not there, .*; install podman") as found:
        find_builder(None)
    assert found.value.exit_code == 4
    with pytest.raises(InputError, match="builder 'kaniko' is unknown"):
        find_builder("kaniko")


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_builder_is_told_all_of_it(builder: str) -> None:
    build = Build(ROOT, "predictor", "lathe:v1.0.0", {"VERSION": "v1.0.0"}, cached=False, certificates="ca.crt")
    command = compose_command(builder, build)
    assert command[:6] == [builder, "build", "--target", "predictor", "--tag", "lathe:v1.0.0"]
    assert "id=ca,src=ca.crt" in command
    assert "--no-cache" in command
    assert ("SOURCE_DATE_EPOCH=0" in command) is (builder == "docker")
    assert ("--timestamp" in command) is (builder != "docker")
    assert command[-1] == str(ROOT)
