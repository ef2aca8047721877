"""What a release's steps leave in artifacts, for a real small bundle, and the Git repository that it came from."""

import json
import subprocess
from pathlib import Path
from typing import Any

from release.github_release.announcement import announce_version
from review.approval.record import write_record
from tests.release.reports import read_digest
from tests.review.github_state import State
from tests.review.worlds import TREE, report_of

DIGEST = "sha256:" + "1f" * 32
OWNER = "lathe-ml/lathe"
WRITER = "token-that-writes"
NAMES = {"bundle.tar.gz", "bundle.tar.gz.sha256", "report.json", "approval.json", "sbom.cdx.json", "provenance.json"}
AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
CHANGELOG = """# Changelog

## Unreleased

## {title} - 2026-11-21

### Added

- Fewer alarms.

## 0.9.0 - 2026-01-01

- Old news.
"""


def git(folder: Path, *arguments: str) -> str:
    command = ["git", *AUTHOR, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


class Site:
    """A clone with its bare origin, and its artifacts; `publish` stands for what `make publish` leaves."""

    def __init__(self, folder: Path, bundle: Path) -> None:
        self.origin, self.clone, self.artifacts = folder / "origin.git", folder / "clone", folder / "artifacts"
        self.bundle = bundle
        git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.origin))
        git(folder, "clone", "--quiet", str(self.origin), str(self.clone))

    def release(self, version: str = "v1.2.3", changelog: str = CHANGELOG) -> str:
        """Commits the changelog, tags it, pushes both, and writes what the image's publication would have."""
        text = changelog.format(title=version.removeprefix("v"))
        (self.clone / "CHANGELOG.md").write_text(text, encoding="utf-8")
        git(self.clone, "add", "--all")
        git(self.clone, "commit", "--quiet", "--allow-empty", "--message", f"Release {version}")
        git(self.clone, "tag", "--annotate", "--message", version, version)
        git(self.clone, "push", "--quiet", "origin", "HEAD:main", version)
        self.publish(version)
        return git(self.clone, "rev-parse", "HEAD")

    def approve(self, name: str = "good") -> None:
        """What `make approved` fetches: bundle, report and record."""
        self.artifacts.mkdir(exist_ok=True)
        report = self.artifacts / "judged.json"
        report.write_text(json.dumps(report_of(self.bundle, name)), encoding="utf-8")
        accepted = "reviewer" if name == "uncertain" else None
        write_record(
            report,
            self.bundle,
            self.artifacts / "approved",
            tree=TREE,
            number=7,
            run_id=500,
            approved_by=["maintainer"],
            accepted_by=accepted,
        )

    def publish(self, version: str = "v1.2.3", **changes: Any) -> None:
        if not (self.artifacts / "approved").exists():
            self.approve()
        image = {
            "version": version,
            "revision": git(self.clone, "rev-parse", "HEAD"),
            "repository": "ghcr.io/lathe-ml/lathe-predictor",
            "digest": DIGEST,
            "bundle": read_digest(self.bundle),
            "signed": "keyless",
        }
        (self.artifacts / "release").mkdir(exist_ok=True)
        (self.artifacts / f"release/{version}.json").write_text(json.dumps({**image, **changes}), encoding="utf-8")
        (self.artifacts / f"release/{version}.provenance.json").write_text('{"made": "now"}', encoding="utf-8")
        (self.artifacts / f"release/{version}.sbom.cdx.json").write_text('{"bomFormat": "CycloneDX"}', encoding="utf-8")


def announce(site: Site, version: str = "v1.2.3") -> None:
    announce_version(version, site.artifacts, site.clone)


def read_release(state: State, version: str = "v1.2.3") -> dict[str, Any]:
    [found] = [one for one in state.data["releases"] if one["tag_name"] == version]
    return dict(found)


def list_names(state: State) -> set[str]:
    return {asset["name"] for asset in read_release(state)["assets"]}
