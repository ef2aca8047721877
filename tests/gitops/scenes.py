"""What the checks look at: each overlay, alone and with components switched on, rendered by Kustomize."""

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from release.manifests.overlays import OVERLAYS, read_images
from release.manifests.render import Object, parse_objects, render_folder
from release.tools import ROOT

SCENES = Path(__file__).parent / "scenes.yaml"
README_EXAMPLE = re.compile(r"```yaml\npatches:\n(.*?)```", re.DOTALL)
README_OVERLAY = "lathe-test"  # the namespace that a README's example names


@dataclass(frozen=True)
class Recipe:
    """One overlay with components switched on and patches put on top; Argo CD's own folder without an overlay."""

    overlay: str | None
    components: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()  # objects that stand beside
    namespace: str | None = None  # another than the overlay's

    @property
    def name(self) -> str:
        return " + ".join([self.overlay or "argocd", *self.components])


@dataclass(frozen=True)
class Scene:
    """A rendered recipe."""

    recipe: Recipe
    text: str
    objects: tuple[Object, ...] = field(repr=False)
    is_released: bool = False

    @property
    def name(self) -> str:
        return self.recipe.name

    @property
    def environment(self) -> str:
        return self.recipe.overlay or "argocd"

    def pick(self, *kinds: str) -> list[Object]:
        """The objects of these kinds."""
        return [found for found in self.objects if found["kind"] in kinds]


def read_recipes(path: Path = SCENES) -> list[Recipe]:
    """The recipes of scenes.yaml."""
    return [read_recipe(entry) for entry in YAML(typ="safe").load(path)]


def read_recipe(entry: dict[str, Any]) -> Recipe:
    overlay = None if entry.get("argocd") else entry.get("overlay", "test")
    return Recipe(
        overlay,
        tuple(entry.get("components", ())),
        tuple(entry.get("patches", ())),
        tuple(entry.get("resources", ())),
        entry.get("namespace"),
    )


def make_scene(recipe: Recipe, folder: Path, root: Path = ROOT) -> Scene:
    """The recipe, written into a copy of `gitops` as a person would write it into the overlay, and rendered."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(root / "gitops", folder / "gitops")
    place = folder / (OVERLAYS / recipe.overlay if recipe.overlay else "gitops/argocd")
    if recipe != Recipe(recipe.overlay):
        switch_on(place / "kustomization.yaml", recipe)
    text = render_folder(place)
    is_released = bool(recipe.overlay) and all(line.is_released for line in read_images(folder, place.name))
    return Scene(recipe, text, tuple(parse_objects(text)), is_released)


def switch_on(path: Path, recipe: Recipe) -> None:
    """Adds the components, what their READMEs tell to patch, and the recipe's own patches."""
    yaml = YAML()
    document = yaml.load(path)
    document.setdefault("components", []).extend(f"../../components/{name}" for name in recipe.components)
    patches = document.setdefault("patches", [])
    for name in recipe.components:
        patches.extend(read_readme_patches(path.parents[2] / "components" / name.partition("/")[0], recipe))
    patches.extend(YAML(typ="safe").load(patch) if is_entry(patch) else {"patch": patch} for patch in recipe.patches)
    for number, text in enumerate(recipe.resources):
        path.with_name(f"beside-{number}.yaml").write_text(text, encoding="utf-8")
        document["resources"].append(f"beside-{number}.yaml")
    document["namespace"] = recipe.namespace or document["namespace"]
    if not document["components"]:
        del document["components"]
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(document, stream)


def is_entry(patch: str) -> bool:
    """Whether it is an entry of `patches:` with a target of its own, and not only an object."""
    return patch.startswith("target:")


def read_readme_patches(component: Path, recipe: Recipe) -> Iterator[Any]:
    """The patches of a README's example, for this overlay's namespace."""
    for block in README_EXAMPLE.findall((component / "README.md").read_text(encoding="utf-8")):
        yield from YAML(typ="safe").load(block.replace(README_OVERLAY, f"lathe-{recipe.overlay}"))


def make_scenes(folder: Path, recipes: Sequence[Recipe]) -> list[Scene]:
    return [make_scene(recipe, folder / str(number)) for number, recipe in enumerate(recipes)]
