"""What a new bundle changes in an image, and that two builds of the same give the same bytes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from release.image.layers import SavedImage
from tests.image.archive import read_layers
from tests.image.base import provide_base
from tests.image.conftest import BuildImage, Gated
from tests.image.containers import name_image, run, write_storage
from tests.release.reports import write_report

pytestmark = pytest.mark.slow

TAG = name_image("again")


@pytest.fixture
def empty_storage(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A builder that has never built anything, with the base alone."""
    folder = tmp_path / "storage"
    settings = write_storage(folder)
    provide_base(**settings)
    yield settings
    shutil.rmtree(folder)


def build_elsewhere(build: BuildImage, gated: Gated, settings: dict[str, str]) -> SavedImage:
    given = ("--bundle", str(gated.bundle), "--report", str(gated.report), "--version", "v0.0.1")
    return read_layers(build(TAG, "--builder", "buildah", *given, **settings), **settings)


def test_a_new_bundle_changes_the_last_layer_and_no_other(
    build: BuildImage, predictor_image: str, bundle_folder: Path, tmp_path: Path
) -> None:
    report = write_report(tmp_path / "report.json", bundle_folder)
    build(TAG, "--bundle", str(bundle_folder), "--report", str(report), "--version", "v0.0.2")
    one, other = read_layers(predictor_image), read_layers(TAG)
    run("podman", "rmi", TAG)
    pairs = list(zip(one.layers, other.layers, strict=True))
    assert [first.digest == second.digest for first, second in pairs] == [True, True, True, True, False]
    assert other.layers[-1].size_bytes < 2e6
    assert one.digest != other.digest


def test_a_builder_that_never_built_it_gives_the_same_layers(
    build: BuildImage, predictor_image: str, gated: Gated, base_image: str, empty_storage: dict[str, str]
) -> None:
    again = build_elsewhere(build, gated, empty_storage)
    here = read_layers(predictor_image)
    assert [layer.digest for layer in again.layers] == [layer.digest for layer in here.layers]
    assert again.created == here.created == "1970-01-01T00:00:00Z"
    assert len(again.layers) == 5
