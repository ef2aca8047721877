"""The champion is the latest release's bundle, or none at all; each digest that disagrees is planted once."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from contract.bundle import read_bundle
from review.champion import fetch_champion, refuse_source
from tests.review.conftest import Serve
from tests.review.worlds import encode, pack_tar, read_folder, release_world

Change = Callable[[dict[str, Any]], object]


def test_the_released_bundle_arrives_whole(serve: Serve, bundle_folder: Path, tmp_path: Path) -> None:
    github, _ = serve(release_world(bundle_folder))
    found = fetch_champion(github, tmp_path / "champion")
    assert found is not None
    assert read_bundle(tmp_path / "champion").digest == found.bundle.digest == read_bundle(bundle_folder).digest
    assert read_folder(tmp_path / "champion") == read_folder(bundle_folder)
    assert found.release == "v1.2.3"


def test_an_earlier_champion_is_replaced(serve: Serve, bundle_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "champion").mkdir()
    (tmp_path / "champion" / "stale").write_text("x")
    github, _ = serve(release_world(bundle_folder))
    fetch_champion(github, tmp_path / "champion")
    assert read_folder(tmp_path / "champion") == read_folder(bundle_folder)
    assert [path.name for path in tmp_path.iterdir()] == ["champion"]


@pytest.mark.parametrize("changes", [{"draft": True}, {"prerelease": True}])
def test_drafts_and_previews_are_no_champion(
    serve: Serve, bundle_folder: Path, tmp_path: Path, changes: dict[str, bool]
) -> None:
    world = release_world(bundle_folder)
    world["releases"][0].update(changes)
    github, _ = serve(world)
    assert fetch_champion(github, tmp_path / "champion") is None


def test_nothing_released_is_a_first_run(serve: Serve, tmp_path: Path) -> None:
    github, _ = serve()
    assert fetch_champion(github, tmp_path / "champion") is None
    assert not (tmp_path / "champion").exists()


def test_a_folder_of_an_earlier_run_is_no_first_run(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "champion").mkdir()
    github, _ = serve()
    with pytest.raises(InputError, match="remove what an earlier run left"):
        fetch_champion(github, tmp_path / "champion")


def test_a_repository_that_cannot_be_seen_is_no_first_run(serve: Serve, tmp_path: Path) -> None:
    github, state = serve()
    state.plant("GET", "lathe$", times=9, status=404, message="Not Found")
    with pytest.raises(OutsideError, match="the token may not see it"):
        fetch_champion(github, tmp_path / "champion")


def swap_bundle(world: dict[str, Any], files: dict[str, bytes]) -> None:
    """Another archive under the checksum of its own, so that only what is inside can tell."""
    content = pack_tar(files)
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    world["contents"]["assets/1"] = encode(content)
    world["releases"][0]["assets"] = [{**world["releases"][0]["assets"][0], "digest": digest}]


def change_release(**changes: Any) -> Change:
    return lambda world: world["releases"][0].update(changes)


def change_asset(index: int, **changes: Any) -> Change:
    return lambda world: world["releases"][0]["assets"][index].update(changes)


PLANTED: dict[str, tuple[Change, str]] = {
    "no bundle": (change_release(assets=[]), r"has no bundle\.tar\.gz; it must carry"),
    "a bundle that was never uploaded": (change_asset(0, state="starter"), r"has no bundle\.tar\.gz"),
    "too large": (change_asset(0, size=10**9), "has 1,000,000,000 bytes"),
    "github's digest differs": (change_asset(0, digest=f"sha256:{'0' * 64}"), "GitHub says 000000000000"),
    "github's digest is another kind": (change_asset(0, digest="md5:1"), "GitHub says 'md5:1'"),
    "the file beside it differs": (
        lambda world: world["contents"].update({"assets/2": {"text": f"{'1' * 64}  bundle.tar.gz"}}),
        r"bundle\.tar\.gz\.sha256 says 111111111111",
    ),
    "the file beside it is empty": (
        lambda world: world["contents"].update({"assets/2": {"text": ""}}),
        "says '' of bundle",
    ),
    "the file beside it is long": (
        lambda world: world["contents"].update({"assets/2": {"text": "0" * 5000}}),
        "is larger than 1,024 bytes",
    ),
    "nobody has a checksum": (
        lambda world: world["releases"][0].update(
            assets=[{**world["releases"][0]["assets"][0], "digest": None}],
        ),
        r"has no checksum of bundle\.tar\.gz",
    ),
    "the text names no digest": (change_release(body="Fewer alarms."), "states 0 bundle digests"),
    "the text is empty": (change_release(body=None), "states 0 bundle digests"),
    "the text names two digests": (
        change_release(body=f"Bundle digest: {'0' * 64}\nBundle digest: {'1' * 64}"),
        "states 2 bundle digests",
    ),
    "the text names another digest": (
        change_release(body=f"Bundle digest: {'2' * 64}"),
        "the release says 222222222222",
    ),
    "the archive was changed": (
        lambda world: world["contents"].update({"assets/1": {"text": "other"}}),
        "has SHA-256 d9298a10d1b0",
    ),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_release_that_disagrees_is_refused_and_nothing_is_written(
    serve: Serve, bundle_folder: Path, tmp_path: Path, case: str
) -> None:
    change, reason = PLANTED[case]
    world = release_world(bundle_folder)
    change(world)
    github, _ = serve(world)
    with pytest.raises(RefusedError, match=reason):
        fetch_champion(github, tmp_path / "champion")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["bundle.json", "model.ubj"])
def test_a_bundle_that_was_changed_inside_is_refused(
    serve: Serve, bundle_folder: Path, tmp_path: Path, name: str
) -> None:
    files = read_folder(bundle_folder)
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    world = release_world(bundle_folder)
    swap_bundle(world, files | {name: bytes(content)})
    github, _ = serve(world)
    with pytest.raises(RefusedError, match="it was changed"):
        fetch_champion(github, tmp_path / "champion")


def test_a_bundle_without_its_model_is_refused(serve: Serve, bundle_folder: Path, tmp_path: Path) -> None:
    world = release_world(bundle_folder)
    swap_bundle(world, {"bundle.json": read_folder(bundle_folder)["bundle.json"]})
    github, _ = serve(world)
    with pytest.raises(RefusedError, match=r"model\.onnx is not there; expected a bundle's model\.onnx"):
        fetch_champion(github, tmp_path / "champion")


@pytest.mark.parametrize(
    "stated", ["Bundle digest: {}", "- **Bundle digest:** `{}`", "bundle digest {}", "> Bundle digest: {}"]
)
def test_the_line_may_be_written_as_people_write(
    serve: Serve, bundle_folder: Path, tmp_path: Path, stated: str
) -> None:
    digest = json.loads((bundle_folder / "bundle.json").read_bytes())["digest"]
    world = release_world(bundle_folder)
    world["releases"][0]["body"] = f"v1.2.3\r\n\r\n{stated.format(digest)}\r\nMore."
    github, _ = serve(world)
    assert fetch_champion(github, tmp_path / "champion") is not None


@pytest.mark.parametrize(("source", "reason"), [("mlflow", "is `python -m training`'s"), ("s3", "is unknown")])
def test_another_source_is_refused(source: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        refuse_source(source)
