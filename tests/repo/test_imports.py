"""The direction of imports, and where the heavy ones may stand."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.sources import ROOT, list_imports, list_python

# a package of ours: what of ours it may import
ALLOWED = {
    "contract": ("contract",),
    "app.predictor": ("contract", "app.predictor"),
    "cli": ("contract.errors", "cli"),
    "training": ("contract", "cli", "training"),
    "release": ("contract", "cli", "release", "review"),  # approvals and GitHub's one client are review's
    "review": ("contract", "cli", "review"),
}
SOURCES = ("contract", "cli", "app", "training", "release", "review")
OURS = (*SOURCES, "bench", "tests")
# an unstable or heavy package: the only modules that may import it
HOMES = {
    "mlflow": {"training.tracking"},  # and the modules in it
    "prometheus_client": {"app.predictor.metrics", "app.predictor.scrapes"},  # the values, and their text
    "evidently": set(),
}
BANNED_IN_APP = {"pandas", "mlflow", "evidently", "sklearn", "matplotlib", "scipy", "pickle", "joblib", "cloudpickle"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}


# within release each folder may import only those before it
RELEASE_ORDER = (
    "git", "manifests", "image", "registry", "history", "github_release", "checks", "publishing",
    "live", "promotion", "commands",
)  # fmt: skip


def find_backward_imports(root: Path) -> Iterator[str]:
    for module, tree in list_python(root, "release"):
        for imported in list_imports(tree):
            here, there = (f"{name}..".split(".")[1] for name in (module, imported))
            if not imported.startswith("release.") or there not in RELEASE_ORDER or here in {"cli", there}:
                continue
            if here not in RELEASE_ORDER or RELEASE_ORDER.index(there) > RELEASE_ORDER.index(here):
                yield f"{module} imports {imported}"


def find_wrong_imports(root: Path) -> Iterator[str]:
    for module, tree in list_python(root, *SOURCES):
        package = next((name for name in ALLOWED if module == name or module.startswith(f"{name}.")), None)
        for imported in list_imports(tree):
            top = imported.partition(".")[0]
            if imported.startswith("."):  # where it leads cannot be read off the line
                yield f"{module} imports {imported}, by a relative name"
            if package and top in OURS and not is_within(imported, ALLOWED[package]):
                yield f"{module} imports {imported}"
            if module.startswith(("app.", "contract.")) and top in BANNED_IN_APP:
                yield f"{module} imports {imported}"
            if top in HOMES and not is_within(module, tuple(HOMES[top])):
                yield f"{module} imports {imported}"


def is_within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def find_cycle(root: Path) -> list[str]:
    """A chain of modules that import each other at the top of their files, or nothing."""
    trees = dict(list_python(root, *SOURCES))
    graph = {name: {target for target in top_imports(tree) if target in trees} - {name} for name, tree in trees.items()}
    done: set[str] = set()

    def visit(name: str, chain: list[str]) -> list[str]:
        if name in chain:
            return [*chain[chain.index(name) :], name]
        if name in done:
            return []
        for target in sorted(graph[name]):
            if cycle := visit(target, [*chain, name]):
                return cycle
        done.add(name)
        return []

    return next((cycle for name in sorted(graph) if (cycle := visit(name, []))), [])


def top_imports(tree: ast.Module) -> set[str]:
    body = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return list_imports(ast.Module(body=list(body), type_ignores=[]))


def plant(root: Path, module: str, code: str) -> None:
    path = root.joinpath(*module.split(".")).with_suffix(".py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")


def test_imports_point_to_the_contract() -> None:
    assert list(find_wrong_imports(ROOT)) == []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("contract.schema", "import training.model.train"),
        ("contract.schema", "from app.predictor import model"),
        ("app.predictor.scoring.model", "from training.data.table import Table"),
        ("app.predictor.scoring.model", "def load():\n    import pandas"),
        ("training.model.train", "from app.predictor.scoring.model import ServedModel"),
        ("training.model.train", "import mlflow"),
        ("app.predictor.routes", "from prometheus_client import Counter"),
        ("app.predictor.engine", "import pickle"),
        ("contract.schema", "from ..predictor import model"),
        ("app.predictor.scoring.model", "from . import engine"),
        ("release.image.image", "from app.predictor.settings import Settings"),
        ("release.image.image", "from training.gate import judge"),
        ("review.comment.text", "from training.report.document import Report"),
        ("cli.main", "from contract.bundle import read_bundle"),
        ("app.predictor.settings", "from cli.errors import InputError"),
        ("review.report", "import release.versions"),
    ],
)
def test_a_planted_wrong_import_is_found(tmp_path: Path, module: str, code: str) -> None:
    plant(tmp_path, module, code)
    assert list(find_wrong_imports(tmp_path))


def test_the_folders_of_release_import_only_those_before_them() -> None:
    assert {path.name for path in (ROOT / "release").iterdir() if (path / "__init__.py").is_file()} == {*RELEASE_ORDER}
    assert list(find_backward_imports(ROOT)) == []


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("release.git.remote", "from release.manifests.overlays import read_images"),
        ("release.history.moves", "def bump():\n    from release.promotion import bump"),
        ("release.versions", "import release.git.clone"),
    ],
)
def test_a_planted_backward_import_is_found(tmp_path: Path, module: str, code: str) -> None:
    plant(tmp_path, module, code)
    assert list(find_backward_imports(tmp_path))


def test_there_are_no_import_cycles() -> None:
    assert find_cycle(ROOT) == []


def test_a_planted_cycle_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "training.one", "import training.two")
    plant(tmp_path, "training.two", "from training import one")
    assert find_cycle(tmp_path) == ["training.one", "training.two", "training.one"]


def test_all_of_our_modules_were_read() -> None:
    names = {name for name, _ in list_python(ROOT, *SOURCES)}
    assert len(names) > 60
    assert {"contract.bundle", "app.predictor.server.server", "training.gate.judge", "release.cli"} <= names


def find_vague_names(root: Path) -> list[str]:
    return [name for name, _ in list_python(root, *OURS) if name.rpartition(".")[2] in VAGUE_NAMES]


def test_a_file_name_says_what_is_in_it() -> None:
    assert find_vague_names(ROOT) == []


def test_a_planted_vague_name_is_found(tmp_path: Path) -> None:
    plant(tmp_path, "training.data.helpers", "")
    assert find_vague_names(tmp_path) == ["training.data.helpers"]


def test_every_module_says_its_place_in_the_flow() -> None:
    silent = [name for name, tree in list_python(ROOT, *OURS[:7]) if tree.body and not ast.get_docstring(tree)]
    assert silent == []
