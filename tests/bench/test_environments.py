"""The peers' requirements: pinned, with the date of what they need in turn, and without an index or the CUDA wheel."""

import datetime
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bench.environments import RESOLVED_BEFORE, WITHOUT_CUDA, measure_size
from bench.places import PEERS, ROOT

CLIENTS = ROOT / "tests/app/predictor/clients/environments"
REQUIREMENTS = sorted([*PEERS.glob("*/requirements.txt"), *CLIENTS.glob("*.txt")])
WANTED = {"mlserver", "bentoml", "mlflow", "kserve", "ray", "fastapi_tutorial"}
by_file = pytest.mark.parametrize("path", REQUIREMENTS, ids=lambda path: f"{path.parent.name}/{path.stem}")


def read_requirements(path: Path) -> list[Requirement]:
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def test_every_peer_has_its_requirements() -> None:
    assert {path.parent.name for path in REQUIREMENTS if path.is_relative_to(PEERS)} == WANTED


@by_file
def test_every_requirement_is_pinned_to_one_version(path: Path) -> None:
    found = read_requirements(path)
    assert found
    assert [one for one in found if not re.fullmatch(r"==[0-9][0-9A-Za-z.+]*", str(one.specifier))] == []


def test_what_the_pins_need_is_of_one_moment_of_the_past() -> None:
    assert datetime.datetime.fromisoformat(RESOLVED_BEFORE) < datetime.datetime.now(datetime.UTC)


@by_file
def test_no_requirement_names_an_index_or_an_address(path: Path) -> None:
    assert not re.search(r"--(extra-)?index-url|--find-links|https?://", path.read_text(encoding="utf-8"))


def test_no_peer_downloads_the_cuda_library() -> None:
    for name in WANTED:
        names = {one.name for one in read_requirements(PEERS / name / "requirements.txt")}
        assert "xgboost-cpu" in names, name
        assert "xgboost" not in names, name
    (left_out,) = read_requirements(WITHOUT_CUDA)
    assert left_out.name == "xgboost"
    assert left_out.marker is not None
    assert not left_out.marker.evaluate()


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
