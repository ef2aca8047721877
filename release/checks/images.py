"""Which image each overlay really renders: a patch, a component or a second entry may say another than its lines do."""

from pathlib import Path
from typing import Any

from cli.errors import RefusedError
from release.manifests.environments import IMAGE, read_line
from release.manifests.overlays import KUSTOMIZATION, OVERLAYS, list_overlays
from release.manifests.render import Object, open_revision, parse_objects, render_folder


def describe_rendered(root: Path, revision: str) -> str:
    """Raises: RefusedError for an overlay that runs another image than it names, InputError, OutsideError."""
    with open_revision(revision, root) as tree:
        names = list_overlays(tree)
        for name in names:
            check_rendered(tree / OVERLAYS / name)
    return f"each of {', '.join(names)} runs what its lines name"


def check_rendered(folder: Path) -> None:
    """Raises: RefusedError, InputError, OutsideError."""
    line = read_line((folder / KUSTOMIZATION).read_text(encoding="utf-8"), f"{folder.name}/{KUSTOMIZATION}")
    expected = f"{line.repository}:{line.tag}{f'@{line.digest}' if line.digest else ''}"
    images = {image for one in parse_objects(render_folder(folder)) for image in list_images(one)}
    if images != {expected}:
        raise RefusedError(
            f"{folder.name} would run {' and '.join(sorted(images)) or 'no predictor'}, its lines name {expected}: "
            "a patch, a component or another entry of `images:` says otherwise"
        )


def list_images(one: Object) -> set[str]:
    """The images of the containers called as ours is, in whatever kind of object has pods."""
    spec: Any = one.get("spec") or {}
    pods = spec.get("template", {}).get("spec", {}) if isinstance(spec, dict) else {}
    return {str(box.get("image")) for box in pods.get("containers") or () if box.get("name") == IMAGE}
