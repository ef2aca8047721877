"""A small project of a person's own, to prepare releases of."""

from pathlib import Path

from release.git.remote import Remote
from release.github_release.prepare import Prepared, prepare_version
from tests.release.origin import ask_git, push_file

FILES = ["CHANGELOG.md", "pyproject.toml", "uv.lock"]
CHANGELOG = "# Changelog\n\nWords.\n\n## Unreleased\n\n### Added\n\n- A thing.\n"
PROJECT = '[project]\nname = "lathe" # ours\nversion = "0.1.0"\n\n[tool.other]\nversion = "9.9.9"\n'
LOCK = """version = 1

[[package]]
name = "other"
version = "0.1.0"

[[package]]
name = "lathe"
version = "0.1.0"
source = { virtual = "." }
"""


def prepare(clone: Path, version: str | None = "1.2.3") -> Prepared:
    return prepare_version(Remote(clone), version)


def show(clone: Path, commit: str, name: str) -> str:
    return ask_git(clone, "show", f"{commit}:{name}") + "\n"


def merge(clone: Path, prepared: Prepared) -> str:
    ask_git(clone, "merge", "--quiet", "--squash", prepared.commit)
    ask_git(clone, "commit", "--quiet", "--message", f"Release {prepared.version} (#9)")
    ask_git(clone, "push", "--quiet", "origin", "HEAD:main")
    return ask_git(clone, "rev-parse", "HEAD")


def tag(clone: Path, version: str, commit: str = "HEAD") -> None:
    ask_git(clone, "tag", "--annotate", "--message", version, version, commit)
    ask_git(clone, "push", "--quiet", "origin", version)


def release_first(clone: Path) -> None:
    """v1.0.0 is out, and a few commits came after it."""
    merge(clone, prepare(clone, "1.0.0"))
    tag(clone, "v1.0.0")
    for number, subject in enumerate(
        [
            "feat: let it sing",
            "fix(api): answer in time",
            "Move the furniture",
            "Paint the walls (#12)",
            "Run v1.0.0 in test, was v0.9.0",
            "Take prod-eks back to v0.9.0, was v1.0.0",
            "feat!: speak another language",
        ]
    ):
        push_file(clone, f"file-{number}", f"{number}\n", subject)
