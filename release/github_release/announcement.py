"""`announce`: from the files that a release's steps left to the release that everybody sees."""

from pathlib import Path

from release.github_release import changelog
from release.github_release.announce import announce_release, find_former, list_releases
from release.github_release.assets import collect_files
from release.github_release.dossier import read_dossier
from release.github_release.notes import write_notes
from release.tools import ROOT, run_tool
from review.github.connection import open_github
from review.github.types import Release


def announce_version(version: str, artifacts: Path, root: Path = ROOT) -> Release:
    """Raises: InputError, RefusedError, OutsideError."""
    dossier = read_dossier(version, artifacts)
    files = collect_files(dossier, artifacts)
    revision = dossier.image.revision
    entries = run_tool("git", "show", f"{revision}:{changelog.NAME}", folder=root).decode()
    with open_github() as github:
        former = find_former(list_releases(github), version)
        text = write_notes(dossier, entries, github.settings.repository, former)
        return announce_release(github, version, revision, text, files)
