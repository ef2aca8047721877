"""A copy of the repository that the scenario may change: Git is the only way into the cluster."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.e2e.options import IMAGE, REPOSITORY
from tests.harness.checkout import IDENTITY, copy_checkout
from tests.harness.programs import run_program
from tests.release.unreleased import empty_overlays

BRANCH = "main"
Document = Any  # a mapping of ruamel.yaml, which keeps comments and order


class Repository:
    """The work tree's files as they are now, in a repository of their own, before the first release."""

    def __init__(self, source: Path, folder: Path, push_url: str) -> None:
        self.folder = folder
        self.push_url = push_url
        folder.mkdir(parents=True)
        copy_checkout(source, folder)
        empty_overlays(folder)
        self._git("init", "--quiet", f"--initial-branch={BRANCH}")

    def _git(self, *arguments: str) -> str:
        return run_program(["git", *IDENTITY, *arguments], folder=self.folder).stdout.strip()

    def push(self, subject: str) -> str:
        """Commits everything, pushes it, and gives the revision."""
        self._git("add", "--all", "--force")
        self._git("commit", "--quiet", "--allow-empty", f"--message={subject}")
        self._git("push", "--quiet", "--force", self.push_url, f"HEAD:refs/heads/{BRANCH}")
        return self._git("rev-parse", "HEAD")

    def revert(self) -> str:
        """Takes the last commit back by another one, as a person does, and pushes."""
        self._git("revert", "--no-edit", "HEAD")
        self._git("push", "--quiet", self.push_url, f"HEAD:refs/heads/{BRANCH}")
        return self._git("rev-parse", "HEAD")

    def read_from(self, repository: str, image: str) -> None:
        """Where repository and image are, if not where gitops/ and release/ say; a fork does the same by hand."""
        told = {"gitops/**/*.yaml": {REPOSITORY: repository, IMAGE: image}, "release/**/*.py": {IMAGE: image}}
        for pattern, names in told.items():
            for path in self.folder.glob(pattern):
                text = path.read_text(encoding="utf-8")
                changed = reduce(lambda found, pair: found.replace(*pair), names.items(), text)
                if changed != text:
                    path.write_text(changed, encoding="utf-8")

    def edit(self, path: str, change: Callable[[Document], None]) -> None:
        """One YAML file, its comments kept."""
        yaml = YAML()
        yaml.preserve_quotes = True
        yaml.width = 200
        yaml.indent(mapping=2, sequence=4, offset=2)  # as the files are written
        file = self.folder / path
        document = yaml.load(file.read_text(encoding="utf-8"))
        change(document)
        with file.open("w", encoding="utf-8") as stream:
            yaml.dump(document, stream)

    def write(self, path: str, document: Document) -> None:
        with (self.folder / path).open("w", encoding="utf-8") as stream:
            YAML().dump(document, stream)

    def set_image(self, environment: str, tag: str, digest: str) -> None:
        """The two lines of a release."""

        def change(document: Document) -> None:
            document["images"][0].update(newTag=tag, digest=digest)

        self.edit(overlay(environment), change)

    def add_patch(self, environment: str, kind: str, patch: str) -> None:
        """An inline strategic merge patch on the objects of one kind."""

        def change(document: Document) -> None:
            document.setdefault("patches", []).append({"target": {"kind": kind}, "patch": patch})

        self.edit(overlay(environment), change)

    def add_setting(self, environment: str, setting: str) -> None:
        """NAME=value, over the base's settings."""

        def change(document: Document) -> None:
            document["configMapGenerator"] = [
                {"name": "predictor-settings", "behavior": "merge", "literals": [setting]}
            ]

        self.edit(overlay(environment), change)

    def add_object(self, environment: str, name: str, document: Document) -> None:
        """A new file among the overlay's resources."""
        self.write(f"gitops/overlays/{environment}/{name}.yaml", document)
        self.edit(overlay(environment), lambda found: found["resources"].append(f"{name}.yaml"))

    def set_windows(self, windows: list[dict[str, Any]] | None) -> None:
        """The sync windows of production; None takes them out."""

        def change(document: Document) -> None:
            document["spec"].pop("syncWindows", None)
            if windows is not None:
                document["spec"]["syncWindows"] = windows

        self.edit("gitops/argocd/projects/production.yaml", change)


def overlay(environment: str) -> str:
    return f"gitops/overlays/{environment}/kustomization.yaml"
