"""The peers' requirements: pinned, hashed, and without an index or the CUDA wheel."""

import re
from pathlib import Path

import pytest

from bench.environments import measure_size
from bench.places import PEERS

REQUIREMENTS = sorted(PEERS.glob("*/requirements.txt"))
WANTED = {"mlserver", "bentoml", "mlflow", "kserve", "ray", "fastapi_tutorial"}


def entries(path: Path) -> list[str]:
    """One string for each requirement, its hashes included."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def test_every_peer_has_its_requirements() -> None:
    assert {path.parent.name for path in REQUIREMENTS} == WANTED


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.parent.name)
def test_every_requirement_is_pinned_and_hashed(path: Path) -> None:
    found = [entry for entry in entries(path) if entry.strip()]
    assert found
    for entry in found:
        assert re.match(r"[A-Za-z0-9._-]+==\S+ ", entry), entry[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry[:80]


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.parent.name)
def test_no_requirement_names_an_index_or_an_address(path: Path) -> None:
    assert not re.search(r"--(extra-)?index-url|--find-links|https?://", path.read_text())


@pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: path.parent.name)
def test_no_peer_downloads_the_cuda_library(path: Path) -> None:
    names = {re.split(r"[=\[ ]", entry)[0] for entry in entries(path) if entry.strip()}
    assert "xgboost-cpu" in names
    assert not {"xgboost", "nvidia-nccl-cu12"} & names


def test_a_size_counts_a_hard_link_once_and_only_what_an_image_needs(tmp_path: Path) -> None:
    (tmp_path / "package" / "tests").mkdir(parents=True)
    (tmp_path / "one").write_bytes(b"x" * 100_000)
    alone = measure_size(tmp_path)
    (tmp_path / "again").hardlink_to(tmp_path / "one")
    (tmp_path / "compiled.pyc").write_bytes(b"x" * 100_000)
    (tmp_path / "stub.pyi").write_bytes(b"x" * 100_000)
    (tmp_path / "package" / "tests" / "data.bin").write_bytes(b"x" * 100_000)
    assert alone >= 100_000
    assert measure_size(tmp_path) == alone
