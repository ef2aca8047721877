"""A release that is there is never changed, and nothing is announced that does not fit together."""

import json
from pathlib import Path

import pytest

from cli.errors import InputError, OutsideError, RefusedError
from review.github.client import GitHub
from review.github.settings import GitHubSettings
from tests.release.dossiers import CHANGELOG, OWNER, WRITER, Site, announce, git, read_release
from tests.review.github_state import State


def test_a_published_release_with_another_bundle_stays_as_it_is(site: Site, state: State) -> None:
    announce(site)
    asset = next(one for one in read_release(state)["assets"] if one["name"] == "bundle.tar.gz")
    asset["digest"] = f"sha256:{'0' * 64}"
    before = len(state.writes)
    with pytest.raises(RefusedError, match=r"is published with another bundle\.tar\.gz, and a release never changes"):
        announce(site)
    assert len(state.writes) == before


def test_a_published_release_of_another_image_stays_as_it_is(site: Site, state: State) -> None:
    announce(site)
    site.publish(digest=f"sha256:{'2e' * 32}")
    with pytest.raises(RefusedError, match=r"is published with another image than `ghcr\.io"):
        announce(site)


def test_a_published_release_that_lacks_a_file_is_refused(site: Site, state: State) -> None:
    announce(site)
    assets = read_release(state)["assets"]
    assets.remove(next(one for one in assets if one["name"] == "approval.json"))
    with pytest.raises(RefusedError, match=r"is published without approval\.json: release a new version"):
        announce(site)


def test_a_tag_that_github_has_not_is_never_made(site: Site, state: State) -> None:
    git(site.origin, "tag", "--delete", "v1.2.3")
    with pytest.raises(RefusedError, match=r"has no tag v1\.2\.3: push it with `git push origin v1\.2\.3`"):
        announce(site)
    assert state.writes == []


def test_a_light_tag_is_refused(site: Site, state: State) -> None:
    git(site.origin, "tag", "--force", "v1.2.3", "v1.2.3^{commit}")
    with pytest.raises(RefusedError, match=r"is a light one, expected an annotated"):
        announce(site)


def test_a_tag_of_another_commit_is_refused(site: Site, state: State) -> None:
    site.publish(revision="d" * 40)
    git(site.clone, "fetch", "--quiet")
    with pytest.raises(InputError, match=r"git show d+:CHANGELOG"):
        announce(site)
    former = git(site.clone, "rev-parse", "HEAD")
    git(site.clone, "commit", "--quiet", "--allow-empty", "--message", "later")
    git(site.origin, "fetch", "--quiet", str(site.clone), "HEAD")
    later = git(site.clone, "rev-parse", "HEAD")
    git(site.origin, "tag", "--force", "--annotate", "--message", "moved", "v1.2.3", later)
    site.publish(revision=former)
    with pytest.raises(RefusedError, match=rf"names commit {later[:12]}, the image was built from {former[:12]}"):
        announce(site)
    assert state.writes == []


def test_another_bundle_than_the_images_is_refused(site: Site, state: State) -> None:
    site.publish(bundle="a" * 64)
    with pytest.raises(RefusedError, match=r"the image of v1\.2\.3 has aaaaaaaaaaaa: run `make approved`"):
        announce(site)


@pytest.mark.parametrize(
    "name", ["release/v1.2.3.json", "release/v1.2.3.sbom.cdx.json", "release/v1.2.3.provenance.json"]
)
def test_a_file_that_is_not_there_names_the_verb_that_makes_it(site: Site, state: State, name: str) -> None:
    (site.artifacts / name).unlink()
    with pytest.raises(InputError, match=r"is not there: run `make publish`"):
        announce(site)


def test_a_record_of_another_version_is_refused(site: Site, state: State) -> None:
    site.publish(version="v1.2.3")
    path = site.artifacts / "release/v1.2.3.json"
    path.write_text(path.read_text().replace("v1.2.3", "v1.2.4"))
    with pytest.raises(RefusedError, match=r"is of 'v1\.2\.4', expected 'v1\.2\.3'"):
        announce(site)


def test_a_changelog_without_the_version_is_refused(tmp_path: Path, site: Site, state: State) -> None:
    site.release("v1.2.4", CHANGELOG.replace("{title}", "1.1.0"))
    with pytest.raises(RefusedError, match=r"has no section `## 1\.2\.4`: prepare the release with `make release"):
        announce(site, "v1.2.4")


def test_a_changelog_that_states_a_digest_cannot_mislead_the_next_champion(site: Site, state: State) -> None:
    site.release("v1.2.4", CHANGELOG.replace("- Fewer alarms.", f"Bundle digest: {'0' * 64}"))
    with pytest.raises(RefusedError, match=r"states 2 bundle digests: take the line"):
        announce(site, "v1.2.4")
    assert state.writes == []


def test_a_token_that_only_reads_is_told(site: Site, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "token-that-reads")
    with pytest.raises(OutsideError, match=r"answered 403 .*give the job the permission it lacks"):
        announce(site)


def test_an_upload_place_elsewhere_is_never_told_the_token(site: Site, state: State) -> None:
    state.plant(
        "POST",
        "releases$",
        status=201,
        content=json.dumps(
            {"id": 1, "tag_name": "v1.2.3", "assets": [], "html_url": "x", "upload_url": "http://127.0.0.1:9/{?name}"}
        ),
    )
    state.plant("GET", "releases/1/assets", status=200, content="[]")
    with pytest.raises(RefusedError, match=r"the release takes files at 127\.0\.0\.1:9, expected .*: not sent"):
        announce(site)


@pytest.mark.parametrize(
    ("place", "is_sent"),
    [
        ("https://uploads.github.com/repos/a/b/releases/1/assets", True),
        ("https://api.github.com/repos/a/b/releases/1/assets", True),
        ("https://uploads.github.com.example.org/x", False),
        ("http://uploads.github.com/x", False),
        ("https://uploads.github.com:8443/x", False),
    ],
)
def test_githubs_own_upload_host_is_known(place: str, is_sent: bool) -> None:
    github = GitHub(GitHubSettings(WRITER, OWNER))
    assert github._is_uploads(place) is is_sent
    github.close()
