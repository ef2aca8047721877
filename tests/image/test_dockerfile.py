"""The Dockerfile as text: hadolint, the base by digest, and the targets that `release image` knows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from release.image.image import TARGETS
from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT

DOCKERFILE = ROOT / "Dockerfile"
DIGEST = re.compile(r"^ARG BASE_IMAGE=\S+:\S+@sha256:[0-9a-f]{64}$", re.MULTILINE)
LABEL = re.compile(r'org\.opencontainers\.image\.(\w+)="(.*?)"')
STAGE = re.compile(r"^FROM (\S+) AS (\S+)$", re.MULTILINE)


def run_hadolint(path: Path) -> list[str]:
    """Its findings."""
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run(
        [hadolint, "--no-color", path], capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.splitlines()


def find_foreign_stages(text: str) -> list[str]:
    """Stages on a base that is neither BASE_IMAGE nor a stage before."""
    stages = STAGE.findall(text)
    known = {"${BASE_IMAGE}", *(name for _, name in stages)}
    return [name for base, name in stages if base not in known]


def test_hadolint_finds_nothing() -> None:
    assert run_hadolint(DOCKERFILE) == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [("RUN cd /srv && sudo true", "DL3004"), ("FROM debian:latest AS late", "DL3007"), ("ADD app /srv/x", "DL3020")],
)
def test_hadolint_finds_a_planted_line(tmp_path: Path, line: str, rule: str) -> None:
    planted = tmp_path / "Dockerfile"
    planted.write_text(f"{DOCKERFILE.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    assert any(rule in finding for finding in run_hadolint(planted))


def test_every_stage_stands_on_the_base_that_is_pinned_by_digest() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert len(DIGEST.findall(text)) == 1
    assert len(STAGE.findall(text)) == text.count("\nFROM ") == 7
    assert find_foreign_stages(text) == []


def list_labels(text: str) -> dict[str, dict[str, str]]:
    """By target, its labels of the image format, which a stage cannot take from another without losing its cache."""
    stages = re.split(r"^FROM \S+ AS ", text, flags=re.MULTILINE)[1:]
    return {stage.split()[0]: dict(LABEL.findall(stage)) for stage in stages if LABEL.search(stage)}


def test_every_target_has_the_same_labels_and_a_title_of_its_own() -> None:
    labels = list_labels(DOCKERFILE.read_text(encoding="utf-8"))
    assert set(labels) == set(TARGETS)
    assert {name: found.pop("title") for name, found in labels.items()} == {name: f"lathe-{name}" for name in TARGETS}
    assert set(labels["predictor"]) == {"licenses", "version", "revision", "source"}
    assert all(found == labels["predictor"] for found in labels.values())


def test_a_planted_foreign_base_is_found() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    assert find_foreign_stages(f"{text}FROM debian:12 AS other\n") == ["other"]
    assert DIGEST.search(re.sub("@sha256.*", "", text)) is None


def test_the_targets_of_the_command_are_stages_that_end_as_nobody() -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    last = {part.split()[2]: part for part in re.split(r"^FROM ", text, flags=re.MULTILINE)[1:]}
    assert set(TARGETS) <= set(last)
    assert [target for target in TARGETS if "\nUSER 65532:65532\n" not in last[target]] == []
