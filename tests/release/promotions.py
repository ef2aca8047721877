"""Everybody's repository, a clone of it and GitHub, for promotions."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from release.live.prometheus import Prometheus
from release.promotion.bump import Bump, bump_environment
from release.promotion.promote import Promotion, promote
from release.registry.published import PublishedImage
from review.bundle import read_bundle
from review.github.client import GitHub
from review.github.types import Pull
from tests.release.origin import Origin, ask_git, make_image, open_remote, push_file
from tests.review.github_state import State
from tests.review.worlds import encode

TO_EKS = Promotion("test", "prod-eks")
BRANCH = "promote/prod-eks"


@dataclass
class Place:
    """Everybody's repository, a clone of it, and GitHub."""

    origin: Origin
    clone: Path
    github: GitHub
    state: State
    bundle: Path
    report_sha256: str

    def make_image(self, version: str) -> PublishedImage:
        digest = read_bundle(self.bundle).digest
        return replace(make_image(version), bundle_digest=digest, report_sha256=self.report_sha256)

    def run_in_test(self, version: str) -> None:
        image = self.make_image(version)
        bump_environment(open_remote(self.clone), Bump("test", version, image.digest, image))

    def promote(self, promotion: Promotion = TO_EKS, prometheus: Prometheus | None = None) -> Pull | None:
        return promote(
            open_remote(self.clone), self.github, promotion, lambda line: self.make_image(line.tag), prometheus
        )

    def merge(self) -> str:
        """As the button does: one squashed commit of the bot's, named by the title."""
        [pull] = [one for one in self.state.data["pulls"] if one["state"] == "open"]
        path = "gitops/overlays/prod-eks/kustomization.yaml"
        text = ask_git(self.clone, "show", f"{self.origin.git('rev-parse', BRANCH)}:{path}") + "\n"
        commit = push_file(self.clone, path, text, f"{pull['title']} (#{pull['number']})")
        pull.update(state="closed", merged_at="2026-11-21T12:00:00Z", merge_commit_sha=commit)
        return commit

    @property
    def pulls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state.data["pulls"]
        return found

    def close(self) -> None:
        self.pulls[-1]["state"] = "closed"


def add_release(state: State, version: str, approved: Path) -> None:
    assets = []
    for name in ("report.json", "approval.json"):
        content = (approved / name).read_bytes()
        assets.append({"id": state.next_id(), "name": name, "size": len(content), "state": "uploaded", "digest": None})
        state.data["contents"][f"assets/{assets[-1]['id']}"] = encode(content)
    state.data["releases"].append({"tag_name": version, "assets": assets})
