"""Which registry is asked, and what it may answer: a real one, one that fails, and none."""

import subprocess
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from release.registry.registry import Registry, check_repository, digest_archive, open_registry
from release.tools import TOOLS, find_tool
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port
from tests.release.answers import answer_always
from tests.release.images import make_environment, write_image
from tests.release.registry_server import RegistryServer
from tests.release.shelf import REPOSITORY


@pytest.fixture
def crane() -> str:
    """What asks a registry; `make check` does not build it."""
    return need_program("crane", str(TOOLS))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return write_image(tmp_path / "image.tar", {"a": "b"}, [make_environment([("numpy", "2.4.6")])])


def test_a_mirror_stands_for_every_registry_but_those_of_this_machine() -> None:
    registry = Registry("127.0.0.1:5000")
    assert registry.locate("ghcr.io/lathe-ml/lathe-predictor") == "127.0.0.1:5000/lathe-ml/lathe-predictor"
    assert registry.locate("localhost:6000/x") == "localhost:6000/x"
    assert Registry().locate("ghcr.io/lathe-ml/lathe-predictor") == "ghcr.io/lathe-ml/lathe-predictor"
    assert open_registry({"LATHE_REGISTRY_MIRROR": "mirror.example.org"}).locate("docker.io/a/b") == (
        "mirror.example.org/a/b"
    )
    assert open_registry({}) == open_registry({"LATHE_REGISTRY_MIRROR": ""}) == Registry()


@pytest.mark.parametrize(
    "mirror",
    ["http://127.0.0.1:5000", "a/b", "a b", "10.0.0.7:5000", "192.168.1.2", "registry.local", "8.8.8.8", "-x y"],
)
def test_a_mirror_that_would_be_asked_over_plain_http_or_is_no_host_is_refused(mirror: str) -> None:
    with pytest.raises(InputError, match="LATHE_REGISTRY_MIRROR"):
        open_registry({"LATHE_REGISTRY_MIRROR": mirror})


@pytest.mark.parametrize(
    "repository", ["ghcr.io/a/b:v1", "a", "https://x/y", "10.0.0.7/a", "ghcr.io/A/b", "ghcr.io/a@sha256:1"]
)
def test_a_repository_that_cannot_be_used_is_refused(repository: str) -> None:
    with pytest.raises(InputError, match="LATHE_COPY_TO has"):
        check_repository(repository, "LATHE_COPY_TO")


def test_an_image_is_pushed_by_digest_tagged_and_pulled_again(server: RegistryServer, archive: Path) -> None:
    registry = server.client
    digest = registry.push(archive, f"{REPOSITORY}-one")
    assert digest == digest_archive(archive)
    assert registry.find_digest(f"{REPOSITORY}-one", "v1.0.0") is None, "no tag names it yet"
    registry.tag(f"{REPOSITORY}-one", digest, "v1.0.0")
    assert registry.find_digest(f"{REPOSITORY}-one", "v1.0.0") == digest
    assert registry.push(archive, f"{REPOSITORY}-one") == digest
    pulled = archive.with_name("pulled.tar")
    registry.pull(f"{REPOSITORY}-one", digest, pulled)
    assert digest_archive(pulled) == digest


def test_a_missing_tag_or_repository_is_none(server: RegistryServer) -> None:
    assert server.client.find_digest("ghcr.io/lathe-ml/nowhere", "v1.0.0") is None


@pytest.mark.usefixtures("crane")
def test_a_registry_that_is_gone_is_an_outside_failure_that_says_where_it_was_asked() -> None:
    registry = Registry(f"127.0.0.1:{take_free_port()}")
    with pytest.raises(OutsideError, match=r"predictor:v1\.0\.0 \(read at 127\.0\.0\.1:\d+\): .*connection refused"):
        registry.find_digest(REPOSITORY, "v1.0.0")


@pytest.mark.usefixtures("crane")
@pytest.mark.parametrize("status", [401, 403])
def test_a_registry_that_lets_nobody_in_is_an_outside_failure(status: int) -> None:
    with answer_always(status) as host, pytest.raises(OutsideError, match=str(status)):
        Registry(host).find_digest(REPOSITORY, "v1.0.0")


def test_a_manifest_that_is_not_of_its_digest_is_refused() -> None:
    with answer_always(200, b'{"config": {}, "layers": [1]}') as host, pytest.raises((RefusedError, OutsideError)):
        Registry(host).read_manifest(REPOSITORY, "sha256:" + "1f" * 32)


def test_an_index_of_several_images_is_refused(server: RegistryServer, archive: Path) -> None:
    digest = server.client.push(archive, f"{REPOSITORY}-index")
    name = f"{server.host}/lathe-ml/lathe-predictor-index"
    command = [find_tool("crane"), "index", "append", "--manifest", f"{name}@{digest}", "--tag", f"{name}:v1.0.0"]
    subprocess.run(command, check=True, capture_output=True, timeout=LAST_RESORT_SECONDS)
    found = server.client.find_digest(f"{REPOSITORY}-index", "v1.0.0")
    with pytest.raises(RefusedError, match="expected the manifest of one image"):
        server.client.read_manifest(f"{REPOSITORY}-index", str(found))


def test_a_blob_larger_than_expected_is_refused(server: RegistryServer, archive: Path) -> None:
    digest = server.client.push(archive, f"{REPOSITORY}-large")
    layer = server.client.read_manifest(f"{REPOSITORY}-large", digest)["layers"][0]["digest"]
    assert server.client.read_blob(f"{REPOSITORY}-large", layer, 10_000)
    with pytest.raises(RefusedError, match=r"expected at most 10$"):
        server.client.read_blob(f"{REPOSITORY}-large", layer, 10)


@pytest.mark.usefixtures("crane")
def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    (tmp_path / "x.tar").write_text("x")
    with pytest.raises(OutsideError, match="is no image that crane can read"):
        digest_archive(tmp_path / "x.tar")
