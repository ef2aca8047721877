"""The folders keep their form: overlays hold only differences, components say what they need, patches are strategic."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from release.manifests.overlays import list_overlays
from release.tools import ROOT

MOST_LINES = {"kustomization.yaml": 30, "other": 50}  # of an overlay's own files
MOST_LINES_ANYWHERE = 120
Find = Callable[[Path], Iterator[tuple[str, list[str]]]]
SHARED = "analysis"  # taken by both ways of the rollout
PARTS = ("**Needs**", "**Adds**", "**Switch on**")


def find_bad_overlays(gitops: Path) -> Iterator[tuple[str, list[str]]]:
    """Each file of an overlay: short, a kustomization or a patch that it names, and no object of its own."""
    for overlay in sorted((gitops / "overlays").iterdir()):
        kustomization = YAML(typ="safe").load(overlay / "kustomization.yaml")
        patches = [entry.get("path") for entry in kustomization.get("patches", [])]
        for path in sorted(overlay.rglob("*")):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            most = MOST_LINES.get(path.name, MOST_LINES["other"])
            problems = [f"{lines} lines, expected {most} or fewer"] if lines > most else []
            if path.name != "kustomization.yaml" and path.name not in patches:
                problems.append("it is no patch that the kustomization names")
            yield f"{overlay.name}/{path.name}", problems
        foreign = [name for name in kustomization["resources"] if not name.startswith("../../base")]
        yield overlay.name, [f"it brings {name}, expected only the base" for name in foreign]


def find_bad_components(gitops: Path) -> Iterator[tuple[str, list[str]]]:
    """Each component: a README that says what it needs, what it adds and how it is switched on."""
    for component in sorted(path for path in (gitops / "components").iterdir() if path.is_dir()):
        readme = component / "README.md"
        if not readme.exists():
            yield component.name, ["no README.md"]
            continue
        text = readme.read_text(encoding="utf-8")
        problems = [f"README.md does not say {part}" for part in PARTS if part.lower() not in text.lower()]
        kinds = [YAML(typ="safe").load(path)["kind"] for path in component.rglob("kustomization.yaml")]
        problems += [f"a kustomization is a {kind}, expected a Component" for kind in kinds if kind != "Component"]
        ways = [f"/{path.parent.name}" for path in component.glob("*/kustomization.yaml") if path.parent.name != SHARED]
        named = [f"../../components/{component.name}", *ways]
        problems += [f"README.md does not name {place}" for place in named if place not in text]
        yield component.name, problems


def find_long_files(gitops: Path) -> Iterator[tuple[str, list[str]]]:
    for path in sorted(gitops.rglob("*.yaml")):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        yield str(path.relative_to(gitops)), [f"{lines} lines"] if lines > MOST_LINES_ANYWHERE else []


CHECKS: tuple[Find, ...] = (find_bad_overlays, find_bad_components, find_long_files)
# a file below gitops, and what is put at its end: the check turns red
PLANTED: list[tuple[Find, str, str]] = [
    (find_bad_overlays, "overlays/test/kustomization.yaml", "#\n" * 30),
    (find_bad_overlays, "overlays/test/secret.yaml", "kind: Secret\n"),
    (find_bad_components, "components/planted/kustomization.yaml", "kind: Component\n"),
    (find_bad_components, "components/monitoring/more/kustomization.yaml", "kind: Kustomization\n"),
    (find_long_files, "base/deployment.yaml", "#\n" * 120),
]


@pytest.mark.parametrize("check", CHECKS)
def test_the_folders_keep_their_form(check: Find) -> None:
    findings = list(check(ROOT / "gitops"))
    assert [(name, problems) for name, problems in findings if problems] == []
    assert len(findings) >= len(list_overlays(ROOT))


@pytest.mark.parametrize(("check", "name", "text"), PLANTED)
def test_a_planted_file_is_found(tmp_path: Path, check: Find, name: str, text: str) -> None:
    gitops = shutil.copytree(ROOT / "gitops", tmp_path / "gitops")
    path = gitops / name
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)
    assert any(problems for _, problems in check(gitops))
