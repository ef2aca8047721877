"""The list of what an image installs is the lock's and the image's, or there is none."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from release.registry.sbom import compose_sbom, list_components, read_environment
from tests.release.images import SITE, make_environment, write_image

HERE = [("Annotated_Doc", "0.0.7"), ("numpy", "2.4.6"), ("xgboost-cpu", "3.2.0")]


def component(name: str, version: str, marker: str | None = None, **more: Any) -> dict[str, Any]:
    found = {"type": "library", "bom-ref": f"{name}@{version}", "name": name, "version": version, **more}
    return {**found, "properties": [{"name": "uv:package:marker", "value": marker}]} if marker else found


LISTED = [
    component("annotated-doc", "0.0.7"),
    component("numpy", "2.4.6", "python_full_version < '3.12'"),
    component("numpy", "2.5.5", "python_full_version >= '3.12'"),
    component("xgboost", "3.2.0", "sys_platform != 'linux'"),
    component("xgboost-cpu", "3.2.0", "sys_platform == 'linux'"),
]


def write_sbom(folder: Path, components: Any = LISTED) -> Path:
    path = folder / "sbom.cdx.json"
    dependencies = [
        {"ref": "annotated-doc@0.0.7", "dependsOn": ["numpy@2.4.6", "numpy@2.5.5"]},
        {"ref": "xgboost@3.2.0"},
    ]
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "components": components, "dependencies": dependencies}))
    return path


def write_archive(folder: Path, packages: list[tuple[str, str]], python: str = "3.11.2") -> Path:
    return write_image(folder / "image.tar", {}, [{"etc/x": b"x"}, make_environment(packages, python), {"y": b"y"}])


def test_the_list_is_what_the_lock_wants_for_this_image_and_nothing_else(tmp_path: Path) -> None:
    found = compose_sbom(write_sbom(tmp_path), write_archive(tmp_path, HERE))
    expected = {("annotated-doc", "0.0.7"), ("numpy", "2.4.6"), ("xgboost-cpu", "3.2.0")}
    assert list_components(found) == expected
    assert found["dependencies"] == [{"ref": "annotated-doc@0.0.7", "dependsOn": ["numpy@2.4.6"]}]


@pytest.mark.parametrize(
    ("installed", "said"),
    [
        ([*HERE, ("left-pad", "1.0.0")], "the image has left-pad 1.0.0 which the lock has not (1 in all)"),
        (HERE[1:], "the image lacks annotated-doc 0.0.7 of the lock (1 in all)"),
        ([*HERE[:1], ("numpy", "2.4.5"), HERE[2]], "the image has numpy 2.4.5 which the lock has not"),
        ([*HERE[:1], ("numpy", "2.5.5"), HERE[2]], "the image has numpy 2.5.5 which the lock has not"),
    ],
)
def test_an_image_that_differs_from_the_lock_is_refused(
    tmp_path: Path, installed: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(RefusedError, match=re.escape(said)):
        compose_sbom(write_sbom(tmp_path), write_archive(tmp_path, installed))


def test_the_markers_are_judged_by_the_images_own_python(tmp_path: Path) -> None:
    newer = [HERE[0], ("numpy", "2.5.5"), HERE[2]]
    assert compose_sbom(write_sbom(tmp_path), write_archive(tmp_path, newer, "3.12.1"))["components"]
    with pytest.raises(RefusedError):
        compose_sbom(write_sbom(tmp_path), write_archive(tmp_path, newer, "3.11.9"))


def test_a_distribution_in_a_later_layer_is_seen(tmp_path: Path) -> None:
    planted = {f"{SITE}/planted-1.0.dist-info/METADATA": b"Name: planted\nVersion: 1.0\n"}
    archive = write_image(tmp_path / "image.tar", {}, [make_environment(HERE), planted])
    assert ("planted", "1.0") in read_environment(archive).packages


@pytest.mark.parametrize("content", [b"x", b""])
def test_what_is_no_archive_or_has_no_environment_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.tar").write_bytes(content)
    with pytest.raises(OutsideError, match="is no image's archive"):
        read_environment(tmp_path / "bad.tar")
    with pytest.raises(OutsideError, match="no environment in /opt/venv"):
        read_environment(write_image(tmp_path / "image.tar", {}, [{"etc/x": b"x" * 2000}]))


@pytest.mark.parametrize("components", [None, "x", [{"name": "a"}], [component("a", "1", "no marker")]])
def test_a_list_that_is_none_is_said(tmp_path: Path, components: Any) -> None:
    with pytest.raises(InputError, match="is no CycloneDX list of components"):
        compose_sbom(write_sbom(tmp_path, components), write_archive(tmp_path, HERE))


def test_without_a_list_it_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="run `make sbom`"):
        compose_sbom(tmp_path / "none.json", write_archive(tmp_path, HERE))


@pytest.mark.parametrize("found", [None, [], {}, {"bomFormat": "SPDX", "components": [{"name": "a", "version": "1"}]}])
def test_what_is_no_cyclonedx_lists_nothing(found: Any) -> None:
    assert list_components(found) == set()
