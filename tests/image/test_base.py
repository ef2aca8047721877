"""The base of the images under test: pulled where Docker answers, and never debootstrap without root."""

import os
from pathlib import Path

import pytest

from tests.image.base import find_public_base, provide_base
from tests.needs import EVERY_TEST
from tests.repo.sources import ROOT


def put_program(folder: Path, name: str, exit_code: int) -> None:
    (folder / name).write_text(f"#!/bin/sh\nexit {exit_code}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the PATH, of a laptop without IMAGE_BASE."""
    for name in ("IMAGE_BASE", EVERY_TEST):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_where_docker_answers_the_base_is_the_dockerfiles_own(path: Path) -> None:
    put_program(path, "docker", 0)
    assert f"ARG BASE_IMAGE={find_public_base()}\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert find_public_base().count("@sha256:") == 1


def test_a_base_that_is_given_goes_before_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_program(path, "docker", 0)
    monkeypatch.setenv("IMAGE_BASE", "registry.example/python:3.11")
    assert find_public_base() == "registry.example/python:3.11"


def test_docker_without_its_daemon_is_no_docker(path: Path) -> None:
    put_program(path, "docker", 1)
    assert find_public_base() == ""


def test_a_plain_user_without_docker_is_told_the_three_ways_to_a_base(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("buildah", "debootstrap"):
        put_program(path, name, 0)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(pytest.skip.Exception, match=r"needs a base image: Docker, or IMAGE_BASE= .*, or root"):
        provide_base()
