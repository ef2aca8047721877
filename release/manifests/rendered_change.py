"""What a commit of ours does to an environment as rendered: shown before it, compared with a former state after."""

from pathlib import Path

from cli import console
from cli.errors import CommandError
from release.git.clone import Clone
from release.manifests.compared_sides import compare_overlays
from release.manifests.overlays import OVERLAYS
from release.manifests.render import open_revision, render_folder
from release.manifests.summary import print_comparisons

ELSEWHERE = ("gitops/argocd/",)  # what no overlay renders


def print_difference(root: Path, environment: str, old: str, new: str) -> None:
    """What would change in the cluster; nothing was pushed.

    Raises: InputError, OutsideError.
    """
    with open_revision(old, root) as before, open_revision(new, root) as after:
        comparison = compare_overlays((environment, before), (environment, after), f"{environment}, not pushed")
    print_comparisons([comparison])


def prove_return(root: Path, environment: str, former: str, commit: str, former_path: str = "") -> bool | None:
    """Says whether the environment renders as it did at `former`, or what else changed; None if it cannot be rendered.

    `former_path` is where its kustomization was then, if its folder had another name.

    The commit is pushed by then: nothing here may end the command.
    """
    try:
        is_same = render_text(root, environment, former, former_path) == render_text(root, environment, commit)
        name = Clone(root).ask("rev-parse", "--short=10", former)
        if is_same:
            console.print_done(f"it renders byte for byte as at {name}")
        else:
            files = ", ".join(list_changes(root, environment, former, commit)) or "nothing that Git knows of"
            console.print_warning(f"it does not render as at {name}, because more changed since: {files}")
    except CommandError as error:
        console.print_warning(f"the rollback is pushed, but what it renders to could not be compared: {error}")
        return None
    return is_same


def render_text(root: Path, environment: str, revision: str, path: str = "") -> str:
    with open_revision(revision, root) as tree:
        return render_folder(tree / Path(path).parent if path else tree / OVERLAYS / environment)


def list_changes(root: Path, environment: str, old: str, new: str) -> list[str]:
    """The files below gitops, between two commits, that may change what the environment renders to."""
    names = Clone(root).ask("diff", "--name-only", old, new, "--", "gitops").splitlines()
    own = f"{OVERLAYS.as_posix()}/{environment}/"
    others = (f"{OVERLAYS.as_posix()}/", *ELSEWHERE)
    return [name for name in names if name.startswith(own) or not name.startswith(others)]
