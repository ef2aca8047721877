"""A release of a real build: what people would pull, made by whoever builds it, signed, and verified."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from release.image.builders import BUILDERS, save_image
from release.registry.contents import read_contents
from release.registry.registry import digest_archive
from release.registry.sbom import read_environment
from tests.image.base import one_at_a_time
from tests.image.containers import list_settings, run
from tests.image.test_contents import read_lock
from tests.release.project import VERSION, Project, export_sbom
from tests.release.registry_server import run_registry
from tests.release.shelf import REPOSITORY, write_keys

pytestmark = pytest.mark.slow

NAME = f"{REPOSITORY}:{VERSION}"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, base_image: str, bundle_folder: Path) -> Iterator[Project]:
    """Published from a checkout of its own, by a real builder."""
    folder = tmp_path_factory.mktemp("published")
    keys = write_keys(folder / "keys")
    sbom = export_sbom(folder / "sbom.cdx.json")
    with run_registry(folder / "registry") as server:
        project = Project(folder, server, keys[0], bundle_folder, sbom)
        (folder / "path" / "buildah").unlink()
        with one_at_a_time("build"):
            done = project.publish("--base", base_image, **list_settings())
        assert done.returncode == 0, done.stderr
        yield project
    run("podman", "rmi", NAME)


def test_the_image_in_the_registry_is_verified_by_its_full_name(published: Project) -> None:
    digest = published.find_digest()
    public = str(published.key.with_suffix(".pub"))
    done = published.run("verify", "--image", f"{NAME}@{digest}", LATHE_VERIFYING_KEY=public)
    print(done.stdout)
    assert done.returncode == 0, done.stdout
    contents = read_contents(published.server.client, REPOSITORY, str(digest))
    assert contents.environment["LATHE_BUNDLE"] == "/srv/model/bundle"
    assert {"report.json", "approval.json", "bundle/bundle.json"} <= set(contents.files)


def test_its_list_of_packages_is_the_lock_and_what_it_has_installed(published: Project, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    published.server.client.pull(REPOSITORY, str(published.find_digest()), archive)
    locked = read_lock("predictor")
    assert read_environment(archive).packages == locked
    assert len(locked) > 20


@pytest.mark.parametrize("builder", [name for name in BUILDERS if name != "docker"])
def test_the_digest_does_not_depend_on_who_saves_the_image(
    published: Project, builder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in list_settings().items():
        monkeypatch.setenv(name, value)
    save_image(builder, NAME, tmp_path / "image.tar")
    assert digest_archive(tmp_path / "image.tar") == published.find_digest()


def test_publishing_it_again_takes_what_is_there(published: Project, base_image: str) -> None:
    published.list_calls()
    done = published.publish("--base", base_image, **list_settings())
    assert done.returncode == 0, done.stderr
    assert "is in the registry already" in done.stdout
    assert published.list_calls() == []
