"""The environments that a release moves: the overlays at a commit, and which of them are production."""

from typing import Any

from cli.errors import InputError, RefusedError
from release.git.clone import Clone
from release.manifests.loading import YAMLError, load_once
from release.manifests.overlays import KUSTOMIZATION, OTHER_NAMES, OVERLAYS, ImageLine, check_file_name, parse_images

IMAGE = "predictor"
FORMER_IMAGES: tuple[str, ...] = ()  # names that it had in gitops/base before, for the history
PRODUCTION = "components/production"
LOCAL = {"minikube": "its image is built into the cluster by `make minikube`, from no registry"}


def locate_overlay(environment: str) -> str:
    """The path of its kustomization in the repository."""
    return f"{OVERLAYS.as_posix()}/{environment}/{KUSTOMIZATION}"


def list_environments(clone: Clone, commit: str) -> list[str]:
    """Those that releases go to, at a commit.

    Raises: InputError where there is none.
    """
    listed = clone.ask("ls-tree", "-r", "--name-only", commit, "--", f"{OVERLAYS.as_posix()}/").splitlines()
    names = [path.split("/")[-2] for path in listed if path.endswith(f"/{KUSTOMIZATION}")]
    environments = [name for name in names if locate_overlay(name) in listed and name not in LOCAL]
    if not environments:
        raise InputError(
            f"{OVERLAYS} holds no environment at commit {commit[:10]}, expected folders with a {KUSTOMIZATION}"
        )
    return environments


def check_environment(clone: Clone, commit: str, environment: str) -> None:
    """Raises: RefusedError for an overlay that no release goes to, InputError for one that is not there."""
    if environment in LOCAL:
        raise RefusedError(f"no release goes to {environment}: {LOCAL[environment]}")
    check_file_names(clone, commit, environment)
    known = list_environments(clone, commit)
    if environment not in known:
        raise InputError(f"there is no environment {environment!r}, expected one of {', '.join(known)}")


def check_file_names(clone: Clone, commit: str, environment: str) -> None:
    """Raises: InputError where the overlay's kustomization has a name that only Kustomize knows."""
    if name := find_other_name(clone, commit, environment):
        check_file_name(environment, name)


def find_other_name(clone: Clone, commit: str, environment: str) -> str | None:
    """A kustomization beside, or in the place of, the one that a release reads."""
    folder = f"{OVERLAYS.as_posix()}/{environment}/"
    names = [path.rpartition("/")[2] for path in clone.ask("ls-tree", "--name-only", commit, "--", folder).splitlines()]
    return next((name for name in names if name in OTHER_NAMES), None)


def is_production(text: str) -> bool:
    """Whether a kustomization's text uses the component that makes production; unreadable, it is treated with care."""
    try:
        return has_production(load_once(text))
    except YAMLError:
        return True


def has_production(document: Any) -> bool:
    """The same of a kustomization that is read already."""
    components = document.get("components") if isinstance(document, dict) else None
    listed = components if isinstance(components, list) else []
    return any(str(component).rstrip("/").endswith(PRODUCTION) for component in listed)


def read_line(text: str, source: str) -> ImageLine:
    """The predictor's line in a kustomization's text.

    Raises: InputError.
    """
    lines = [line for line in parse_images(text, source) if line.name == IMAGE]
    if len(lines) != 1:
        raise InputError(f"{source} has {len(lines)} entries of image {IMAGE!r}, expected one")
    return lines[0]
