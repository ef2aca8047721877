"""This project as before its first release: what a fork has pinned or released by now is no concern of the tests."""

import re
import shutil
from pathlib import Path

from release.manifests.overlays import KUSTOMIZATION, OVERLAYS
from release.tools import ROOT

VERSION = "0.1.0"
RUNNING = re.compile(r"(- name: predictor\n(?: {4}\w[^\n]*\n)*? {4}newTag: )[^\n]*(?:\n {4}digest: [^\n]*)?")
SECTION = re.compile(r"^## \[?\d.*\n+", re.MULTILINE)
OWN_VERSION = re.compile(r'(^name = "lathe"\nversion = )"[^"]*"', re.MULTILINE)


def copy_overlays(folder: Path) -> None:
    """gitops below `folder`, where no environment runs anything."""
    shutil.copytree(ROOT / "gitops", folder / "gitops")
    empty_overlays(folder)


def empty_overlays(folder: Path) -> None:
    for path in (folder / OVERLAYS).glob(f"*/{KUSTOMIZATION}"):
        path.write_text(empty_overlay(path.read_text(encoding="utf-8")), encoding="utf-8")


def empty_overlay(text: str) -> str:
    """The overlay without a release; other entries of `images:` stay."""
    return RUNNING.sub(r"\g<1>v0.0.0 # not released yet", text)


def forget_releases(folder: Path) -> None:
    """Overlays, version, changelog and pinned data of the project in `folder`."""
    empty_overlays(folder)
    shutil.rmtree(folder / "training" / "pins", ignore_errors=True)
    changelog = folder / "CHANGELOG.md"
    changelog.write_text(SECTION.sub("", changelog.read_text(encoding="utf-8")), encoding="utf-8")
    for name in ("pyproject.toml", "uv.lock"):
        text = (folder / name).read_text(encoding="utf-8")
        (folder / name).write_text(OWN_VERSION.sub(rf'\g<1>"{VERSION}"', text), encoding="utf-8")
