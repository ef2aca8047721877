"""The text of a release says what it is, how good it is, and how anybody can check it."""

import pytest

from tests.release.dossiers import DIGEST, Site, announce, git, read_release
from tests.review.github_state import State


def test_the_text_says_what_it_is_and_how_to_check_it(site: Site, state: State) -> None:
    announce(site)
    text = read_release(state)["body"]
    commit = git(site.clone, "rev-parse", "v1.2.3^{commit}")
    image = f"ghcr.io/lathe-ml/lathe-predictor@{DIGEST}"
    for expected in (
        f"Image: `{image}`",
        f"Commit: `{commit}`",
        "- Fewer alarms.",
        "approved by maintainer in pull request 7",
        "| PR-AUC ↑ |",
        f"cosign verify {image} \\",
        "https://github.com/lathe-ml/lathe/.github/workflows/release.yml@refs/tags/v1.2.3",
        f"python -m release verify --image ghcr.io/lathe-ml/lathe-predictor:v1.2.3@{DIGEST}",
    ):
        assert expected in text
    assert "Old news" not in text
    assert "compare" not in text


def test_the_text_compares_with_the_release_before(site: Site, state: State) -> None:
    announce(site)
    for version in ("v1.10.0", "v1.9.0"):  # 1.9 is after 1.10 in the alphabet, and before it as a version
        site.release(version)
        announce(site, version)
    assert "lathe-ml/lathe/compare/v1.2.3...v1.10.0" in read_release(state, "v1.10.0")["body"]
    assert "lathe-ml/lathe/compare/v1.2.3...v1.9.0" in read_release(state, "v1.9.0")["body"]


@pytest.mark.parametrize(
    ("signed", "says"),
    [(None, "**This image is not signed.**"), ("key", "cosign verify --key"), ("keyless", "--certificate-identity ")],
)
def test_the_text_claims_the_signature_that_is_there(site: Site, state: State, signed: str | None, says: str) -> None:
    site.publish(signed=signed, copies=["docker.io/lathe/predictor:v1.2.3"])
    announce(site)
    text = read_release(state)["body"]
    assert says in text
    assert ("cosign verify" in text) is (signed is not None)
    assert "by the same digest: `docker.io/lathe/predictor:v1.2.3`" in text


def test_evidence_that_somebody_accepted_is_said_with_the_name(site: Site, state: State) -> None:
    site.approve("uncertain")
    announce(site)
    assert "that evidence is lacking was accepted by reviewer" in read_release(state)["body"]
