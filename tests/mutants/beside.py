"""Which test files stand beside a module: those that import it, the one of its name and the nearest folders first."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGES = ("app", "cli", "contract", "release", "review", "training")
FEWEST_FILES, MOST_FILES = 4, 8
ROUTES = {  # over HTTP, so without an import
    "app/predictor/inputs": (
        "tests/app/predictor/endpoints/test_infer.py",
        "tests/app/predictor/endpoints/test_upload.py",
        "tests/app/predictor/endpoints/test_explain.py",
    )
}


def find_tests(root: Path, module: str) -> list[str]:
    """Test files for the module at the path `module`, such as `contract/bundle.py`; paths are relative to `root`.

    Where few import it, also those that ask its routes or import a module which imports it, and so on; where none
    does, those of the folder that mirrors its own, or of the next above that has any.
    """
    names, found = {_name(module)}, list[str]()
    mirror, beside = Path("tests", module).parent, f"test_{Path(module).stem}"
    while len(found) < FEWEST_FILES:
        tests = [path for path, imported in _read_imports(root, "tests").items() if names & imported]
        tests.sort(key=lambda path: (Path(path).stem != beside, _distance(Path(path).parent, mirror), path))
        routes = ROUTES.get(Path(module).parent.as_posix(), ())
        found += [path for path in dict.fromkeys((*tests, *routes)) if path not in found]
        wider = names | {_name(path) for path, imported in _read_code(root).items() if names & imported}
        if wider == names:
            break
        names = wider
    return (found or list(_list_folder(root, mirror)))[:MOST_FILES]


def _name(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _list_folder(root: Path, folder: Path) -> Iterator[str]:
    while not (found := sorted((root / folder).glob("test_*.py"))) and folder != Path("tests"):
        folder = folder.parent
    yield from (path.relative_to(root).as_posix() for path in found)


def _distance(folder: Path, other: Path) -> int:
    """Folders between the two, up and down."""
    shared = sum(1 for a, b in zip(folder.parts, other.parts, strict=False) if a == b)
    return len(folder.parts) + len(other.parts) - 2 * shared


@cache
def _read_code(root: Path) -> dict[str, set[str]]:
    return {path: imported for package in PACKAGES for path, imported in _read_imports(root, package).items()}


@cache
def _read_imports(root: Path, package: str) -> dict[str, set[str]]:
    """What each module of the package, or each test file of `tests`, imports, as dotted names."""
    found = {}
    for path in sorted((root / package).rglob("test_*.py" if package == "tests" else "*.py")):
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        found[path.relative_to(root).as_posix()] = names
    return found
