"""A release is announced once and whole: from nothing, and from what an earlier run left."""

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.errors import OutsideError, RefusedError
from review.champion import fetch_champion
from review.github.client import GitHub
from review.github.settings import GitHubSettings
from tests.release.dossiers import NAMES, OWNER, WRITER, Site, announce, list_names, read_release
from tests.review.github_state import State
from tests.review.worlds import read_folder

pytestmark = pytest.mark.slow  # each drives real repositories and servers


def test_a_release_carries_everything_and_is_published_last(site: Site, state: State) -> None:
    announce(site)
    assert list_names(state) == NAMES
    release = read_release(state)
    assert (release["draft"], release["name"]) == (False, "v1.2.3")
    methods = [one["method"] for one in state.writes]
    assert methods == ["POST"] * 7 + ["PATCH"]
    assert state.writes[0]["body"]["draft"] is True
    assert state.writes[-1]["body"]["draft"] is False


def test_what_is_announced_is_the_next_pull_requests_champion(
    site: Site, state: State, bundle_folder: Path, tmp_path: Path
) -> None:
    announce(site)
    github = GitHub(GitHubSettings(WRITER, OWNER, os.environ["GITHUB_API_URL"]))
    champion = fetch_champion(github, tmp_path / "champion")
    github.close()
    assert champion is not None
    assert champion.release == "v1.2.3"
    assert read_folder(tmp_path / "champion") == read_folder(bundle_folder)


def test_a_second_run_changes_nothing(site: Site, state: State) -> None:
    announce(site)
    before = len(state.writes)
    site.publish()
    (site.artifacts / "release/v1.2.3.sbom.cdx.json").write_text('{"made": "later"}')  # it says when it was made
    announce(site)
    assert len(state.writes) == before


def test_the_latest_release_is_the_highest_and_not_the_newest(site: Site, state: State) -> None:
    for version, latest in (("v1.3.0", "true"), ("v1.2.4", "false"), ("v1.3.1", "true")):
        site.release(version)
        announce(site, version)
        assert state.writes[-1]["body"]["make_latest"] == latest
    answer = httpx.get(
        f"{os.environ['GITHUB_API_URL']}/repos/{OWNER}/releases/latest",
        headers={
            "Authorization": f"Bearer {WRITER}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    assert answer.json()["tag_name"] == "v1.3.1"


# What an earlier run or a person left


def test_a_draft_is_taken_up_and_only_what_lacks_is_sent(site: Site, state: State) -> None:
    state.plant("POST", "report.json", status=403, message="Resource not accessible")
    with pytest.raises(OutsideError, match=r"answered 403"):
        announce(site)
    assert read_release(state)["draft"] is True
    before = len(state.writes)
    announce(site)
    assert list_names(state) == NAMES
    assert [one["method"] for one in state.writes[before:]] == ["POST"] * 4 + ["PATCH"]


@pytest.mark.parametrize("failure", [{"status": 502, "starter": True}, {"cut": True}, {"status": 500}])
def test_an_upload_that_breaks_is_done_again(site: Site, state: State, failure: dict[str, Any]) -> None:
    state.plant("POST", "bundle.tar.gz$", **failure)
    announce(site)
    assert list_names(state) == NAMES
    assert all(asset["state"] == "uploaded" for asset in read_release(state)["assets"])


def test_an_upload_that_breaks_again_and_again_ends_with_githubs_words(site: Site, state: State) -> None:
    state.plant("POST", "bundle.tar.gz$", times=9, status=502, message="Bad Gateway")
    with pytest.raises(OutsideError, match=r"answered 502 'Bad Gateway'"):
        announce(site)
    assert read_release(state)["draft"] is True


def leave(state: State, name: str, content: bytes) -> None:
    """As a person or an earlier run with other files might have."""
    release = read_release(state)
    asset = {"id": state.next_id(), "name": name, "size": len(content), "state": "uploaded", "digest": None}
    release["assets"].append(asset)
    state.data["contents"][f"assets/{asset['id']}"] = {"text": content.decode()}


@pytest.mark.parametrize("name", ["report.json", "notes-of-somebody.txt"])
def test_a_drafts_wrong_file_is_replaced_and_a_strangers_goes(site: Site, state: State, name: str) -> None:
    state.plant("POST", "assets", status=403)
    with pytest.raises(OutsideError):
        announce(site)
    size = len((site.artifacts / "approved/report.json").read_bytes())
    leave(state, name, b"x" * size)
    announce(site)
    assert list_names(state) == NAMES


def test_where_github_tells_no_digests_the_bytes_are_compared(site: Site, state: State) -> None:
    state.data["digests"] = False
    announce(site)
    before = len(state.writes)
    announce(site)
    assert len(state.writes) == before
    asset = next(one for one in read_release(state)["assets"] if one["name"] == "report.json")
    state.data["contents"][f"assets/{asset['id']}"] = {"text": "x" * asset["size"]}
    with pytest.raises(RefusedError, match=r"is published with another report\.json"):
        announce(site)


def test_two_drafts_are_left_to_a_person(site: Site, state: State) -> None:
    for _ in range(2):
        state.data["releases"].append({"id": state.next_id(), "tag_name": "v1.2.3", "draft": True, "assets": []})
    with pytest.raises(RefusedError, match=r"has 2 drafts, expected at most one: delete all but one of https"):
        announce(site)
    assert state.writes == []
