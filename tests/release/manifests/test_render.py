"""An overlay is rendered from the work tree or from a revision, and a person sees what is in it."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError
from release.manifests.overlays import NOT_RELEASED, list_overlays
from release.manifests.render import open_revision, parse_objects, render_overlay
from release.tools import ROOT, find_tool
from tests.patience import LAST_RESORT_SECONDS
from tests.release.repository import DIGEST, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def run_release(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "release", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)


@pytest.mark.parametrize("overlay", list_overlays(ROOT))
def test_every_overlay_renders_into_its_own_namespace(overlay: str) -> None:
    rendering = render_overlay(overlay)
    assert len(rendering.objects) == sum(rendering.kinds.values()) > 8
    namespaces = {found["metadata"].get("namespace") for found in rendering.objects if found["kind"] != "Namespace"}
    assert namespaces == {f"lathe-{overlay}"}


def test_a_released_image_is_rendered_with_tag_and_digest(repository: Repository) -> None:
    repository.edit_image("test", newTag="v0.2.0", digest=DIGEST)
    rendering = render_overlay("test", repository.root)
    assert f"image: ghcr.io/lathe-ml/lathe-predictor:v0.2.0@{DIGEST}\n" in rendering.text


def test_a_bare_tag_is_not_rendered(repository: Repository) -> None:
    repository.edit_image("test", newTag="v0.2.0")
    with pytest.raises(InputError, match=r"v0\.2\.0 has no digest"):
        render_overlay("test", repository.root)


def test_a_revision_renders_as_it_was_and_byte_for_byte(repository: Repository) -> None:
    before = render_overlay("test", repository.root).text
    repository.edit_image("test", newTag="v0.2.0", digest=DIGEST)
    repository.commit("second")
    with open_revision("first", repository.root) as tree:
        assert render_overlay("test", tree).text == before
    with open_revision("second", repository.root) as tree:
        assert render_overlay("test", tree).text == render_overlay("test", repository.root).text != before
    assert not tree.exists()


def test_a_revision_with_a_link_is_refused(repository: Repository) -> None:
    (repository.root / "gitops" / "away").symlink_to("/etc/passwd")
    repository.commit("linked")
    with (
        pytest.raises(InputError, match="gitops/away is a link, expected a file"),
        open_revision("linked", repository.root),
    ):
        pass


def test_an_option_for_git_is_no_revision(repository: Repository) -> None:
    with pytest.raises(InputError, match="git archive"), open_revision("--output=planted", repository.root):
        pass
    assert not (repository.root / "planted").exists()


def test_a_broken_kustomization_is_one_line_with_the_cause(repository: Repository) -> None:
    repository.replace("overlays/test/kustomization.yaml", "../../base", "../../bases")
    with pytest.raises(InputError, match="bases") as refused:
        render_overlay("test", repository.root)
    assert "\n" not in str(refused.value)


def test_a_missing_program_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("release.tools.TOOLS", tmp_path)
    with pytest.raises(OutsideError, match=r"kustomize is neither .* make \.tools/bin/kustomize"):
        find_tool("kustomize")


def test_yaml_is_read_as_kubernetes_reads_it() -> None:
    assert parse_objects("mode: 0440\n---\n---\nswitch: on\n") == [{"mode": 0o440}, {"switch": True}]
    assert parse_objects("matchType: =\n") == [{"matchType": "="}]


@pytest.mark.slow
def test_the_table_shows_kinds_image_and_that_nothing_is_released() -> None:
    done = run_release("render")
    assert done.returncode == 0
    for word in (*list_overlays(ROOT), "Deployment", "NetworkPolicy", "lathe-predictor"):
        assert word in done.stdout
    assert done.stdout.count(NOT_RELEASED) == sum(
        not line.is_released for name in list_overlays(ROOT) for line in render_overlay(name).images
    )


def test_yaml_of_one_overlay_is_what_kustomize_says() -> None:
    assert run_release("render", "--yaml", "test").stdout == render_overlay("test").text


def test_an_unknown_overlay_is_one_line_and_exit_code_2() -> None:
    done = run_release("render", "production")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: there is no overlay 'production'")
    assert done.stderr.count("\n") == 1
