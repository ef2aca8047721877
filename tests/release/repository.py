"""A Git repository of its own with the project's overlays, to release, diff and render in."""

import subprocess
from pathlib import Path

from ruamel.yaml import YAML

from release.manifests.overlays import KUSTOMIZATION, OVERLAYS
from tests.release.unreleased import copy_overlays

DIGEST = "sha256:" + "1f" * 32
OTHER_DIGEST = "sha256:" + "2e" * 32
AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


class Repository:
    """Each change is a commit."""

    def __init__(self, root: Path) -> None:
        self.root = root
        copy_overlays(root)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("first")

    def git(self, *arguments: str) -> str:
        command = ["git", *AUTHOR, *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=True).stdout

    def commit(self, tag: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", tag)
        self.git("tag", tag)

    def path(self, overlay: str) -> Path:
        return self.root / OVERLAYS / overlay / KUSTOMIZATION

    def edit_image(self, overlay: str, **fields: str) -> None:
        """Sets fields of the overlay's one image."""
        yaml = YAML()
        document = yaml.load(self.path(overlay))
        document["images"][0].update(fields)
        with self.path(overlay).open("w", encoding="utf-8") as stream:
            yaml.dump(document, stream)

    def replace(self, name: str, old: str, new: str) -> None:
        """Replaces a text of a file below gitops, which must be there."""
        path = self.root / "gitops" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
