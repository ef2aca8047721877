"""The project's own files as the repository's tests read them: by Git's list, Python as syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


def list_files(root: Path = ROOT) -> list[Path]:
    """Every file that Git tracks or would track."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.splitlines()
    return [root / name for name in sorted(set(found)) if (root / name).is_file()]


def list_python(root: Path, *folders: str) -> Iterator[tuple[str, ast.Module]]:
    """The module name and syntax tree of each Python file below the folders."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*.py")):
            name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def list_imports(tree: ast.Module) -> set[str]:
    """Every module a tree names in an import, wherever in the file it stands; type-checking blocks too."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            found |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return found
