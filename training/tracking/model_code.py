"""The code that a logged model brings along, under a name that no other version of it and no program of others has."""

import hashlib
import re
from pathlib import Path

import contract

CONTRACT = Path(contract.__path__[0])
LOADER = Path(__file__).with_name("loader.py")  # not imported: it imports MLflow, which takes seconds
_OUR_NAME = re.compile(r"^([ \t]*(?:from|import) )contract(?=[. ])", re.MULTILINE)


def list_sources() -> dict[str, str]:
    """The contract's modules and the loader, text by path below the package."""
    paths = {path.relative_to(CONTRACT).as_posix(): path for path in sorted(CONTRACT.rglob("*.py"))}
    return {name: path.read_text(encoding="utf-8") for name, path in {**paths, LOADER.name: LOADER}.items()}


def write_code(folder: Path) -> Path:
    """Writes the package into `folder`; its name has a digest over its content, so that two versions get on."""
    sources = list_sources()
    total = hashlib.sha256()
    for name, text in sources.items():
        total.update(f"{name}\0{text}\0".encode())
    package = folder / f"lathe_model_{total.hexdigest()[:12]}"
    for name, text in sources.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_OUR_NAME.sub(rf"\g<1>{package.name}", text), encoding="utf-8")
    return package
