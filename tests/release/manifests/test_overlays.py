"""An image is named by version and digest from the one known repository, or the overlay is not released."""

from pathlib import Path

import pytest

from cli.errors import InputError
from release.manifests.overlays import NOT_RELEASED, list_overlays, parse_images, read_images
from release.tools import ROOT
from tests.release.repository import DIGEST

OVERLAYS = ["minikube", "prod-eks", "prod-gke", "test"]
REPOSITORY = "ghcr.io/lathe-ml/lathe-predictor"


def write_images(
    name: str = "predictor", repository: str = REPOSITORY, tag: str = "v1.2.3", digest: str = DIGEST
) -> str:
    fields = {"name": name, "newName": repository, "newTag": tag, "digest": digest}
    return "images:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in fields.items() if value) + "\n"


def test_the_overlays_are_the_four_environments() -> None:
    assert list_overlays(ROOT) == OVERLAYS


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_overlay_of_the_project_can_be_read(overlay: str) -> None:
    (line,) = read_images(ROOT, overlay)
    assert line.repository == REPOSITORY
    assert line.is_released == (line.digest is not None)


def test_a_released_image_has_version_and_digest() -> None:
    (line,) = parse_images(write_images(), "here")
    assert line.is_released
    assert line.version == "v1.2.3 (sha256:1f1f1f1f1f1f)"


def test_version_zero_without_a_digest_is_not_released() -> None:
    (line,) = parse_images(write_images(tag="v0.0.0", digest=""), "here")
    assert not line.is_released
    assert line.version == NOT_RELEASED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (write_images(tag="latest"), "newTag 'latest', expected a version as v1.2.3"),
        (write_images(tag="1.2.3"), "newTag '1.2.3'"),
        (write_images(tag="v1.2"), "newTag 'v1.2'"),
        (write_images(tag="v01.2.3"), "newTag 'v01.2.3'"),
        (write_images(tag=""), "newTag ''"),
        (write_images(digest=""), "v1.2.3 has no digest"),
        (write_images(digest="sha256:12"), "has digest 'sha256:12'"),
        (write_images(digest=DIGEST.upper()), "hexadecimal digits"),
        (write_images(tag="v0.0.0"), "v0.0.0 has a digest, expected none"),
        (write_images(repository="docker.io/library/predictor"), f"expected {REPOSITORY}"),
        (write_images(repository=""), "comes from 'nowhere'"),
        (write_images(name="trainer"), "expected one of the images predictor"),
        (write_images(tag="1.0"), "newTag of an image is 1.0, expected a text"),
        ("images: []\n", "has no `images:`"),
        ("resources: [x]\n", "has no `images:`"),
        ("images: [predictor]\n", "is 'predictor', expected name, newName"),
        ("images: {a\n", "is not YAML"),
        ("- a list\n", "has no `images:`"),
    ],
)
def test_an_unusable_image_is_refused_with_what_was_found_and_expected(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_images(text, "test/kustomization.yaml")
    assert said in str(refused.value)
    assert str(refused.value).startswith("test/kustomization.yaml")
    assert "\n" not in str(refused.value)


def test_an_unknown_overlay_is_told_the_known_ones() -> None:
    with pytest.raises(InputError, match="no overlay 'production', expected one of minikube, prod-eks, prod-gke, test"):
        read_images(ROOT, "production")


def test_a_tree_without_overlays_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no overlay"):
        list_overlays(tmp_path)
