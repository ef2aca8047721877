"""A bare repository that everybody shares, and clones of it, each with a person of its own."""

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from release.git.remote import Remote
from release.manifests.environments import locate_overlay, read_line
from release.manifests.overlays import ImageLine
from release.registry.published import PublishedImage
from release.tools import ROOT, TOOLS
from tests.release.repository import Repository

FIRST_DIGEST = "sha256:" + "a1" * 32
BUNDLE = "b2" * 32
REVISION = "c3" * 20
BARE = "origin.git"
TIMEOUT_SECONDS = 60


@cache
def make_template() -> Path:
    """A folder with the bare repository and a clone of it, made once a process: copies take a tenth of the time."""
    scratch = tempfile.TemporaryDirectory(prefix="lathe-origin-")
    atexit.register(scratch.cleanup)
    folder = Path(scratch.name)
    seed = Repository(folder / "seed")
    for package in ("cli", "contract", "release", "review"):
        shutil.copytree(ROOT / package, seed.root / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".gitignore", seed.root)  # a verb that runs from a clone leaves bytecode there
    seed.commit("code")
    bare = folder / BARE
    subprocess.run(["git", "clone", "--quiet", "--bare", str(seed.root), str(bare)], check=True)
    ask_git(bare, "repack", "-a", "-d", "--quiet")
    ask_git(bare, "pack-refs", "--all")
    subprocess.run(["git", "clone", "--quiet", f"file://{bare}", str(folder / "clone")], check=True)
    for hooks in (bare / "hooks", folder / "clone" / ".git" / "hooks"):  # Git's examples
        shutil.rmtree(hooks)
        hooks.mkdir()
    return folder


class Origin:
    """The bare repository; its main holds the project's overlays and the code itself."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.bare = folder, folder / BARE
        shutil.copytree(make_template() / BARE, self.bare)

    def copy(self, folder: Path) -> "Origin":
        """The same with all its clones, to go on from."""
        shutil.copytree(self.folder, folder, symlinks=True)
        other = object.__new__(Origin)
        other.folder, other.bare = folder, folder / self.bare.name
        for clone in folder.glob("*/.git"):
            ask_git(clone.parent, "remote", "set-url", "origin", f"file://{other.bare}")
        return other

    def clone(self, name: str, *options: str) -> Path:
        """A new clone; `name` is also who commits there."""
        path = self.folder / name
        address = f"file://{self.bare}"
        if options or self._has_moved():
            subprocess.run(["git", "clone", "--quiet", *options, address, str(path)], check=True)
        else:
            subprocess.run(["cp", "-R", str(make_template() / "clone"), str(path)], check=True)
        config = path / ".git" / "config"
        text = config.read_text(encoding="utf-8").replace(f"file://{make_template() / BARE}", address)
        person = f"[user]\n\tname = {name}\n\temail = {name}@example.org\n[commit]\n\tgpgsign = false\n"
        config.write_text(text + person, encoding="utf-8")
        return path

    def _has_moved(self) -> bool:
        """Whether anything was pushed: then a copy of the template's clone is not what Git would clone."""
        return (self.bare / "packed-refs").read_bytes() != (make_template() / BARE / "packed-refs").read_bytes() or any(
            path.is_file() for path in (self.bare / "refs").rglob("*")
        )

    def git(self, *arguments: str) -> str:
        return ask_git(self.bare, *arguments)

    @property
    def head(self) -> str:
        return self.git("rev-parse", "main")

    def read(self, environment: str, commit: str = "main") -> str:
        path = f"{commit}:{locate_overlay(environment)}"
        command = ["git", "-C", str(self.bare), "cat-file", "blob", path]
        return subprocess.run(command, capture_output=True, check=True).stdout.decode()

    def line(self, environment: str) -> ImageLine:
        return read_line(self.read(environment), environment)

    def subjects(self, since: str) -> list[str]:
        """Newest first."""
        return self.git("log", "--format=%s", f"{since}..main").splitlines()

    def refuse(self, words: str) -> None:
        """A hook on the server that takes nothing."""
        hook = self.bare / "hooks" / "pre-receive"
        hook.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)


def ask_git(folder: Path, *arguments: str, **environment: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return done.stdout.strip()


def push_file(clone: Path, name: str, text: str, message: str, **environment: str) -> str:
    """Somebody's own commit by hand, on the newest main; returns it."""
    ask_git(clone, "pull", "--quiet", "--rebase", "origin", "main")
    path = clone / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    ask_git(clone, "add", "--all")
    ask_git(clone, "commit", "--quiet", "--message", message, **environment)
    ask_git(clone, "push", "--quiet", "origin", "HEAD:main")
    return ask_git(clone, "rev-parse", "HEAD")


def make_digest(version: str) -> str:
    """Another for each version."""
    return "sha256:" + version.removeprefix("v").replace(".", "f").rjust(64, "0")


def make_image(version: str, *, accepted_by: str | None = None) -> PublishedImage:
    return PublishedImage(
        repository="ghcr.io/lathe-ml/lathe-predictor",
        version=version,
        digest=make_digest(version),
        revision=REVISION,
        bundle_digest=BUNDLE,
        report_sha256="d4" * 32,
        verdict="not_enough_evidence" if accepted_by else "pass",
        accepted_by=accepted_by,
        headline="It may be served",
        quality=(("PR-AUC", "0.941 [0.884, 0.981]"), ("F1", "0.899 [0.821, 0.956]")),
    )


def start_release(
    clone: Path, *arguments: str, path: Path | None = None, **environment: str
) -> "subprocess.Popen[str]":
    """The real command line, of the clone's own release package; `path` holds programs that come before all others."""
    folders = [str(folder) for folder in (path, TOOLS) if folder]
    return subprocess.Popen(
        [sys.executable, "-m", "release", *arguments],
        cwd=clone,
        env={**os.environ, "PATH": os.pathsep.join([*folders, os.environ["PATH"]]), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run_release(clone: Path, *arguments: str, path: Path | None = None, **environment: str) -> tuple[int, str]:
    """Exit code and everything that was printed."""
    with start_release(clone, *arguments, path=path, **environment) as process:
        out, err = process.communicate(timeout=TIMEOUT_SECONDS)
    return process.returncode, out + err


def bump_words(version: str, environment: str = "test") -> tuple[str, ...]:
    digest = make_digest(version)
    return ("bump", "--env", environment, "--to", version, "--digest", digest, "--unverified")


def open_remote(clone: Path) -> Remote:
    return Remote(clone)
