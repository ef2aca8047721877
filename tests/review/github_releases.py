"""Releases and their assets, as GitHub's API gives and takes them."""

import base64
import hashlib
import json
from typing import Any

from tests.review.github_answers import Answer, Request, find, invalid, not_found, redirect
from tests.review.github_git import find_tag
from tests.review.github_state import State

UPLOADS = "/api/uploads"  # as an enterprise server's; github.com has a host for it
EDITABLE = ("name", "body", "prerelease", "target_commitish")


def describe_release(state: State, request: Request, release: dict[str, Any]) -> dict[str, Any]:
    """With what a test need not say. A half asset is in the list of assets alone."""
    release.setdefault("id", state.next_id())
    path = f"repos/{state.data['repository']}/releases"
    page = f"tag/{release['tag_name']}" if not release.get("draft") else f"tag/untagged-{release['id']}"
    return {
        "draft": False,
        "prerelease": False,
        "body": None,
        **release,
        "assets": [asset for asset in release["assets"] if asset["state"] == "uploaded"],
        "upload_url": f"{request.api_host}{UPLOADS}/{path}/{release['id']}/assets{{?name,label}}",
        "html_url": f"https://github.com/{state.data['repository']}/releases/{page}",
    }


def list_releases(state: State, request: Request) -> Answer:
    """Drafts are shown to who may write."""
    seen = [one for one in state.data["releases"] if not one.get("draft") or request.role == "write"]
    return Answer(200, [describe_release(state, request, one) for one in seen], is_list=True)


def list_published(state: State) -> list[dict[str, Any]]:
    return [one for one in state.data["releases"] if not one.get("draft") and not one.get("prerelease")]


def get_latest_release(state: State, request: Request) -> Answer:
    """The one that was said to be, else the newest."""
    published = list_published(state)
    chosen = [one for one in published if one.get("make_latest") == "true"] or published
    return Answer(200, describe_release(state, request, chosen[0])) if chosen else not_found()


def get_release_by_tag(state: State, request: Request) -> Answer:
    """A draft has no tag yet."""
    published = (one for one in state.data["releases"] if not one.get("draft"))
    found = next((one for one in published if one["tag_name"] == request.found[0]), None)
    return Answer(200, describe_release(state, request, found)) if found else not_found()


def find_release(state: State, request: Request) -> dict[str, Any] | None:
    return next((one for one in state.data["releases"] if one.get("id") == int(request.found[0])), None)


def get_release(state: State, request: Request) -> Answer:
    release = find_release(state, request)
    return Answer(200, describe_release(state, request, release)) if release else not_found()


def create_release(state: State, request: Request) -> Answer:
    body = request.body
    if not isinstance(body.get("tag_name"), str) or not body["tag_name"]:
        return invalid("Release", field="tag_name", code="missing_field")
    release = {"tag_name": body["tag_name"], "draft": bool(body.get("draft")), "assets": []}
    release |= {"id": state.next_id(), **{name: body[name] for name in EDITABLE if name in body}}
    if not release["draft"] and (refusal := publish(state, release, body)):
        return refusal
    state.data["releases"].insert(0, release)
    return Answer(201, describe_release(state, request, release))


def publish(state: State, release: dict[str, Any], body: dict[str, Any]) -> Answer | None:
    """A tag has one published release, and a tag that is not there is made, which nobody may want."""
    if any(one["tag_name"] == release["tag_name"] and one is not release for one in list_published(state)):
        return invalid("Release", field="tag_name", code="already_exists")
    if find_tag(state, release["tag_name"]) is None:
        state.violations.append(f"publishing made the tag {release['tag_name']}")
    if (wanted := str(body.get("make_latest", "true"))) == "true":
        for one in state.data["releases"]:
            one.pop("make_latest", None)
    release |= {"draft": False, "make_latest": wanted}
    return None


def update_release(state: State, request: Request) -> Answer:
    release = find_release(state, request)
    if release is None:
        return not_found()
    is_published = release.get("draft") and request.body.get("draft") is False
    if is_published and (refusal := publish(state, release, request.body)):
        return refusal
    release.update({name: request.body[name] for name in EDITABLE if name in request.body})
    return Answer(200, describe_release(state, request, release))


def delete_release(state: State, request: Request) -> Answer:
    release = find_release(state, request)
    if release is None:
        return not_found()
    state.data["releases"].remove(release)
    return Answer(204)


def list_assets(state: State, request: Request) -> Answer:
    release = find_release(state, request)
    return Answer(200, release["assets"], is_list=True) if release else not_found()


def get_asset(state: State, request: Request) -> Answer:
    found = find_asset(state, int(request.found[0]))
    if found and "json" in request.accept:
        return Answer(200, found[1])
    return redirect(state, request, f"assets/{request.found[0]}")


def find_asset(state: State, asset_id: int) -> tuple[dict[str, Any], dict[str, Any]] | None:
    for release in state.data["releases"]:
        if asset := find(release["assets"], asset_id):
            return release, asset
    return None


def delete_asset(state: State, request: Request) -> Answer:
    found = find_asset(state, int(request.found[0]))
    if found is None:
        return not_found()
    release, asset = found
    check_draft(state, release)
    release["assets"].remove(asset)
    return Answer(204)


def upload_asset(state: State, request: Request) -> Answer:
    release, name = find_release(state, request), request.query.get("name", "")
    if release is None:
        return not_found()
    if not name:
        return invalid("ReleaseAsset", field="name", code="missing_field")
    if any(asset["name"] == name for asset in release["assets"]):
        return invalid("ReleaseAsset", field="name", code="already_exists")
    check_draft(state, release)
    asset = add_asset(state, release, name, "uploaded", request.content)
    return Answer(201, asset)


def leave_starter(state: State, request: Request) -> None:
    """What an upload leaves that was cut off: a name that is taken, and nothing behind it."""
    release, name = find_release(state, request), request.query.get("name", "")
    if release and all(asset["name"] != name for asset in release["assets"]):
        add_asset(state, release, name, "starter", b"")


def add_asset(state: State, release: dict[str, Any], name: str, kind: str, content: bytes) -> dict[str, Any]:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}" if state.data["digests"] and kind == "uploaded" else None
    asset = {"id": state.next_id(), "name": name, "size": len(content), "state": kind, "digest": digest}
    release["assets"].append(asset)
    state.data["contents"][f"assets/{asset['id']}"] = {"base64": base64.b64encode(content).decode()}
    return asset


def check_draft(state: State, release: dict[str, Any]) -> None:
    """GitHub lets it happen, if releases are not set to be immutable; we do not."""
    if not release.get("draft"):
        state.violations.append(f"an asset of the published release {json.dumps(release['tag_name'])} was changed")
