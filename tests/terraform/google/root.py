"""terraform/gke as its tests see it."""

import re
from pathlib import Path

ROOT_FOLDER = Path(__file__).parents[3] / "terraform" / "gke"
RESOURCE = re.compile(r'(?m)^resource "(\w+)" "(\w+)"')
MODULE = re.compile(r'(?m)^module "(\w+)"')


def list_resources(folder: Path = ROOT_FOLDER) -> set[str]:
    """Every resource and module of the root itself, as an expression names it."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.tf")))
    return {".".join(match) for match in RESOURCE.findall(text)} | {f"module.{name}" for name in MODULE.findall(text)}


def replace(folder: Path, file: str, old: str, new: str) -> None:
    """Changes one place of a file; the place must be there, and only once."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{file} holds {old!r} {text.count(old)} times"
    path.write_text(text.replace(old, new), encoding="utf-8")
