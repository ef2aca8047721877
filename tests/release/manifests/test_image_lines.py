"""Only the tag and the digest of one image differ; every comment, quote and line break stays."""

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import InputError
from release.manifests.image_lines import change_images
from release.manifests.overlays import parse_images
from release.tools import ROOT
from tests.release.repository import DIGEST, OTHER_DIGEST
from tests.release.unreleased import empty_overlay

REPOSITORY = "ghcr.io/lathe-ml/lathe-predictor"
HEAD = f"images:\n  - name: predictor\n    newName: {REPOSITORY}\n"
RELEASED = f"{HEAD}    newTag: v1.2.3\n    digest: {DIGEST}\n"


def change(text: str, tag: str = "v1.3.0", digest: str = OTHER_DIGEST) -> str:
    return change_images(text, tag=tag, digest=digest)


def list_differences(old: str, new: str) -> list[str]:
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return sorted(line for line in lines if line.startswith(("- ", "+ ")))


@pytest.mark.parametrize("overlay", ["test", "prod-eks", "prod-gke"])
def test_the_first_release_of_a_real_overlay_adds_the_digest_and_takes_the_remark_away(overlay: str) -> None:
    text = empty_overlay((ROOT / "gitops/overlays" / overlay / "kustomization.yaml").read_text(encoding="utf-8"))
    assert list_differences(text, change(text)) == [
        f"+     digest: {OTHER_DIGEST}",
        "+     newTag: v1.3.0",
        "-     newTag: v0.0.0 # not released yet",
    ]


def test_the_next_release_changes_two_lines() -> None:
    assert list_differences(RELEASED, change(RELEASED)) == [
        f"+     digest: {OTHER_DIGEST}",
        "+     newTag: v1.3.0",
        f"-     digest: {DIGEST}",
        "-     newTag: v1.2.3",
    ]


def test_there_and_back_gives_the_same_bytes() -> None:
    assert change(change(RELEASED), "v1.2.3", DIGEST) == RELEASED


@pytest.mark.parametrize(
    "text",
    [
        RELEASED.replace("\n", "\r\n"),
        RELEASED.rstrip("\n"),
        f"# first\n{RELEASED}# last\n",
        RELEASED.replace("v1.2.3", "v1.2.3   # chosen by Ada"),
        RELEASED.replace("v1.2.3", "'v1.2.3'").replace(DIGEST, f'"{DIGEST}"'),
        RELEASED.replace("  - name", "- name").replace("    ", "  "),
        f"images: [{{name: predictor, newName: {REPOSITORY}, newTag: v1.2.3, digest: '{DIGEST}'}}]\n",
        f"{RELEASED}replicas:   [ {{name: v1.2.3,   count: 3}} ] # odd, and kept\n",
        f"---\n{RELEASED}...\n",
        RELEASED.replace("images:", "# v1.2.3 — für später, 東京\nimages:"),
    ],
)
def test_nothing_but_the_two_values_changes_in_any_layout(text: str) -> None:
    changed = change(text)
    (line,) = parse_images(changed, "here")
    assert (line.tag, line.digest) == ("v1.3.0", OTHER_DIGEST)
    assert change(changed, "v1.2.3", DIGEST) == text
    assert len(changed.splitlines()) == len(text.splitlines())
    assert changed.count("\r\n") == text.count("\r\n")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n", "\nlabels: []\n"])
def test_a_missing_digest_gets_a_line_of_its_own(newline: str, end: str) -> None:
    text = f"{HEAD}    newTag: v0.0.0 # not released yet{end}".replace("\n", newline)
    expected = f"{HEAD}    newTag: v1.3.0\n    digest: {OTHER_DIGEST}{end}".replace("\n", newline)
    assert change(text) == expected


def test_another_remark_beside_the_tag_stays() -> None:
    text = f"{HEAD}    newTag: v0.0.0 # not before Ada is back\n"
    assert "    newTag: v1.3.0 # not before Ada is back\n    digest: sha256:" in change(text)


def test_a_missing_digest_in_one_line_stays_in_that_line() -> None:
    text = "images: [{name: predictor, newName: ghcr.io/lathe-ml/lathe-predictor, newTag: 'v0.0.0'}]"
    assert change(text).endswith(f"newTag: 'v1.3.0', digest: '{OTHER_DIGEST}'}}]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (RELEASED + RELEASED.removeprefix("images:\n"), "has 2 entries of image 'predictor'"),
        ("images: []\n", "has no `images:`"),
        ("images: {a\n", "is not YAML"),
        (f"tag: &tag v1.2.3\n{RELEASED.replace('newTag: v1.2.3', 'newTag: *tag')}", "cannot be changed alone"),
        (f"{RELEASED.replace('v1.2.3', '&tag v1.2.3')}other: *tag\n", "cannot be changed alone"),
    ],
)
def test_what_cannot_be_changed_alone_is_refused(text: str, said: str) -> None:
    with pytest.raises(InputError) as refused:
        change(text)
    assert said in str(refused.value)


@pytest.mark.slow
@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30))
def test_any_comment_stays(words: str) -> None:
    comment = f"# {words}\n"
    assert change(comment + RELEASED + comment) == comment + change(RELEASED) + comment


SIDECAR = "  - name: otel\n    newName: example.org/otel\n    newTag: edge # moves\n    replicas: 2\n"
OTHER_ORDER = (
    f"images:\n  - digest: {DIGEST}\n    newTag: 'v1.2.3' # chosen\n    name: predictor\n    newName: {REPOSITORY}\n"
)


@pytest.mark.parametrize(
    "text",
    [
        f"{RELEASED}{SIDECAR}",
        RELEASED.replace("images:\n", f"images:\n{SIDECAR}"),
        f"{OTHER_ORDER}{SIDECAR}",
        f"{RELEASED}{SIDECAR}".replace("\n", "\r\n"),
    ],
)
def test_a_sidecars_entry_and_another_order_stay_byte_for_byte(text: str) -> None:
    changed = change(text)
    assert parse_images(changed, "it") == parse_images(
        RELEASED.replace("v1.2.3", "v1.3.0").replace(DIGEST, OTHER_DIGEST), "it"
    )
    assert changed.replace("v1.3.0", "v1.2.3").replace(OTHER_DIGEST, DIGEST) == text


def test_the_first_release_beside_a_sidecar_without_a_digest_adds_one_line() -> None:
    text = f"{HEAD}    newTag: v0.0.0 # not released yet\n{SIDECAR}"
    assert change(text) == f"{HEAD}    newTag: v1.3.0\n    digest: {OTHER_DIGEST}\n{SIDECAR}"


def test_an_entry_that_changes_what_ours_names_is_refused() -> None:
    """Kustomize goes through the entries one after the other, and would run v6.6.6."""
    text = f"{RELEASED}  - name: {REPOSITORY}\n    newTag: v6.6.6\n"
    with pytest.raises(InputError, match=f"the entry of image '{REPOSITORY}' changes what another one names"):
        change(text)
