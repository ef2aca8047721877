"""Pieces of a GitHub for tests: pull requests, runs, artifacts, releases, in GitHub's shapes."""

import base64
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
OURS = {"id": 1, "full_name": "lathe-ml/lathe", "default_branch": "main"}
FORK = {"id": 2, "full_name": "stranger/lathe", "default_branch": "main"}
HEAD, MERGED, TREE = "a" * 40, "b" * 40, "c" * 40
VERDICTS = {"good": "pass", "bad": "fail", "uncertain": "not_enough_evidence"}


def make_pull(number: int = 7, **changes: Any) -> dict[str, Any]:
    pull = {
        "number": number,
        "state": "open",
        "title": "A better model",
        "user": {"login": "author"},
        "head": {"sha": HEAD, "ref": "better", "repo": OURS},
        "base": {"sha": "e" * 40, "ref": "main", "repo": OURS},
        "html_url": f"https://github.com/lathe-ml/lathe/pull/{number}",
        "labels": [],
        "merged_at": None,
        "merge_commit_sha": None,
    }
    return {**pull, **changes}


def make_merged(number: int = 7, **changes: Any) -> dict[str, Any]:
    return make_pull(
        number, **{"state": "closed", "merged_at": "2026-11-21T12:00:00Z", "merge_commit_sha": MERGED, **changes}
    )


def from_fork(pull: dict[str, Any]) -> dict[str, Any]:
    return {**pull, "user": {"login": "stranger"}, "head": {**pull["head"], "repo": FORK}}


def make_run(run_id: int = 500, **changes: Any) -> dict[str, Any]:
    run = {
        "id": run_id,
        "path": ".github/workflows/model.yml",
        "event": "pull_request",
        "status": "completed",
        "conclusion": "success",
        "head_sha": HEAD,
        "head_branch": "better",
        "html_url": f"https://github.com/lathe-ml/lathe/actions/runs/{run_id}",
        "created_at": "2026-11-21T10:00:00Z",
        "repository": OURS,
        "head_repository": OURS,
        "pull_requests": [],
    }
    return {**run, **changes}


def make_artifact(artifact_id: int, name: str, content: bytes, run_id: int = 500, **changes: Any) -> dict[str, Any]:
    artifact = {"id": artifact_id, "name": name, "size_in_bytes": len(content), "expired": False}
    return {**artifact, "workflow_run": {"id": run_id, "head_sha": HEAD}, **changes}


def pack_zip(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def pack_tar(files: Mapping[str, bytes], *others: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for other in others:
            archive.addfile(other)
    return buffer.getvalue()


def encode(content: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(content).decode()}


def read_folder(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def read_report_json(name: str) -> dict[str, Any]:
    """One of the three real reports."""
    found: dict[str, Any] = json.loads((DATA / f"report-{name}.json").read_bytes())
    return found


def write_report(path: Path, name: str = "good", **changes: Any) -> Path:
    path.write_text(json.dumps({**read_report_json(name), **changes}), encoding="utf-8")
    return path


def report_of(bundle: Path, name: str = "good") -> dict[str, Any]:
    """A real report with the bundle's digest in the place of its candidate's."""
    report = read_report_json(name)
    report["candidate"]["digest"] = json.loads((bundle / "bundle.json").read_bytes())["digest"]
    return report


def report_world(content: bytes, **changes: Any) -> dict[str, Any]:
    """A pull request whose run left `content` as its report artifact."""
    world = {
        "pulls": [make_pull()],
        "runs": [make_run()],
        "artifacts": [make_artifact(1, "gate-report", content)],
        "contents": {"artifacts/1": encode(content)},
        "commits": {HEAD: {"tree": TREE, "pulls": [7]}},
    }
    return {**world, **changes}


def release_world(bundle: Path, **changes: Any) -> dict[str, Any]:
    """A release with a bundle and its checksum, as release.yml makes one."""
    content = pack_tar(read_folder(bundle))
    digest, checksum = json.loads((bundle / "bundle.json").read_bytes())["digest"], hashlib.sha256(content).hexdigest()
    assets = [
        {"id": 1, "name": "bundle.tar.gz", "size": len(content), "state": "uploaded", "digest": f"sha256:{checksum}"},
        {"id": 2, "name": "bundle.tar.gz.sha256", "size": 80, "state": "uploaded", "digest": None},
    ]
    release = {"tag_name": "v1.2.3", "body": f"Fewer alarms.\n\nBundle digest: `{digest}`\n", "assets": assets}
    contents = {"assets/1": encode(content), "assets/2": {"text": f"{checksum}  bundle.tar.gz\n"}}
    return {"releases": [release], "contents": contents, **changes}
