"""`python -m release verify` as a person types it: overlays, an image by name, exit codes, lines to read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.errors import InputError
from release.checks.targets import parse_reference, verify_targets
from release.manifests.image_lines import change_images
from release.manifests.overlays import KUSTOMIZATION, OVERLAYS, ImageLine
from release.tools import ROOT
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port
from tests.release.answers import answer_always
from tests.release.reports import read_digest
from tests.release.shelf import REPOSITORY, Shelf
from tests.release.unreleased import copy_overlays

pytestmark = pytest.mark.slow  # each drives real repositories and servers

DIGEST = "sha256:" + "1f" * 32


def write_lines(site: Path, overlay: str, line: ImageLine) -> None:
    """The overlay's two lines, as a release leaves them."""
    path = site / OVERLAYS / overlay / KUSTOMIZATION
    changed = change_images(path.read_text(encoding="utf-8"), tag=line.tag, digest=str(line.digest))
    path.write_text(changed, encoding="utf-8")


@pytest.fixture
def overlays(tmp_path: Path) -> Path:
    """A copy of the project's overlays, none of which runs a release."""
    copy_overlays(tmp_path / "site")
    return tmp_path / "site"


@pytest.fixture
def asked(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The settings of a person with the key, at a site with a mirror."""
    monkeypatch.setenv("LATHE_REGISTRY_MIRROR", shelf.server.host)
    monkeypatch.setenv("LATHE_VERIFYING_KEY", str(shelf.keys[1]))
    return shelf


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{REPOSITORY}:v1.2.3@{DIGEST}", ImageLine("predictor", REPOSITORY, "v1.2.3", DIGEST)),
        (f"{REPOSITORY}:latest", ImageLine("predictor", REPOSITORY, "latest", None)),
        (f"{REPOSITORY}@{DIGEST}", ImageLine("predictor", REPOSITORY, "", DIGEST)),
        ("localhost:5000/x:v1.0.0", ImageLine("x", "localhost:5000/x", "v1.0.0", None)),
        ("x", ImageLine("x", "x", "", None)),
    ],
)
def test_a_name_is_read_part_by_part(text: str, line: ImageLine) -> None:
    assert parse_reference(text) == line


def test_what_is_no_name_or_no_question_is_said() -> None:
    with pytest.raises(InputError, match="expected NAME:vX"):
        parse_reference("a b")
    with pytest.raises(InputError, match="give either --image or --env"):
        verify_targets(["test"], f"{REPOSITORY}:v1.2.3@{DIGEST}", None)
    with pytest.raises(InputError, match="there is no overlay 'nowhere', expected one of"):
        verify_targets(["nowhere"], None, None)


def test_where_nothing_is_released_nothing_is_green(overlays: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_targets([], None, None, overlays) == 1
    assert "nothing was verified" in capsys.readouterr().err
    assert verify_targets(["test"], None, None, overlays) == 1
    assert "nothing is released yet" in capsys.readouterr().out


def test_an_overlay_is_verified_with_the_predictor_that_it_runs(
    asked: Shelf, overlays: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = asked.put()
    write_lines(overlays, "test", line)
    capsys.readouterr()
    with answer_always(200, json.dumps({"digest": read_digest(asked.approved / "bundle")}).encode()) as host:
        code = verify_targets(["test"], None, f"http://{host}", overlays)
    said = capsys.readouterr().out
    assert code == 0, said
    assert said.startswith(f"test: lathe-predictor {line.version}\n  ✓ reference")
    assert said.count("✓") == len(said.splitlines()) - 2, "one is a tag that this clone lacks"
    assert verify_targets([], None, None, overlays) == 0


def test_one_overlay_that_disagrees_makes_all_of_it_fail(
    asked: Shelf, overlays: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    right, wrong = asked.put(), asked.put()
    write_lines(overlays, "test", right)
    write_lines(overlays, "prod-eks", ImageLine("predictor", REPOSITORY, right.tag, wrong.digest))
    assert verify_targets([], None, None, overlays) == 1
    said = capsys.readouterr().out
    assert "✗ registry" in said
    assert f"{right.tag} is {right.digest} there, expected {wrong.digest}: somebody moved the tag" in said
    assert verify_targets(["test"], None, None, overlays) == 0


def test_an_overlay_that_cannot_be_used_is_a_line_and_not_the_end(
    overlays: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = overlays / "gitops/overlays/test/kustomization.yaml"
    path.write_text(path.read_text().replace("newTag: v0.0.0", "newTag: latest"))
    assert verify_targets([], None, None, overlays) == 1
    assert "✗ reference  test/kustomization.yaml: image 'predictor' has newTag 'latest'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("image", "code", "said"),
    [
        (f"{REPOSITORY}:latest", 1, "newTag 'latest', expected a version"),
        (f"{REPOSITORY}:v1.2.3", 1, "v1.2.3 has no digest"),
        (f"docker.io/stranger/x:v1.2.3@{DIGEST}", 1, "comes from 'docker.io/stranger/x'"),
        (f"{REPOSITORY}:v1.2.3@{DIGEST}", 4, "? registry"),
    ],
)
def test_the_verb_says_what_is_wrong_and_ends_with_its_code(image: str, code: int, said: str) -> None:
    command = [sys.executable, "-m", "release", "verify", "--image", image]
    environment = {"PATH": "/usr/bin:/bin", "LATHE_REGISTRY_MIRROR": f"127.0.0.1:{take_free_port()}"}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (code, "")
    assert said in done.stdout
