"""Writes the Google provider's schema anew: `python -m tests.terraform.google.schema [--wheel FILE]`.

Takes the kinds that terraform/ uses out of the bindings on PyPI (bindings.txt names version and digest, 67 MB) into
provider/google.json, which the double serves.
"""

import argparse
import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from tests.terraform.google.bindings import read_kinds

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PUBLISHED = HERE / "provider" / "google.json"
BINDINGS = HERE / "bindings.txt"
KIND = re.compile(r'(?m)^\s*(resource|data|ephemeral)\s+"(google_\w+)"')
VERSION = re.compile(r"provider version ([\d.]+)")


def find_used(folder: Path = ROOT / "terraform") -> tuple[set[str], set[str]]:
    """The kinds of resources and of data sources that the configurations below `folder` name."""
    kinds = {match for path in folder.rglob("*.tf") for match in KIND.findall(path.read_text(encoding="utf-8"))}
    return {name for kind, name in kinds if kind == "resource"}, {name for kind, name in kinds if kind == "data"}


def fetch_wheel(folder: Path) -> Path:
    """Downloads the wheel, by its digest."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"]
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        command[0] = str(ROOT / ".tools" / "uv" / "bin" / "python")  # an environment of uv has no pip
    subprocess.run([*command, "--requirement", str(BINDINGS), "--dest", str(folder)], check=True)
    return next(folder.glob("*.whl"))


def read_wheel(wheel: Path, resources: set[str], data_sources: set[str]) -> dict[str, Any]:
    """The schema of the provider and of the wanted kinds.

    Raises: KeyError with the kinds that this version does not have, BindingsError.
    """
    names = {name.removeprefix("google_").replace("_", "-"): name for name in resources}
    names |= {f"data-{name.replace('_', '-')}": name for name in data_sources}
    texts: dict[str, str] = dict.fromkeys([*names, "provider"], "")
    declarations = dict(texts)
    version = ""
    with zipfile.ZipFile(wheel) as archive:
        bundle = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        content = archive.read(bundle)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        for member in tar:
            parts = member.name.split("/")
            wanted = len(parts) > 3 and parts[2] in texts and member.name.endswith((".js", ".d.ts"))
            if not wanted and member.name != "package/README.md":
                continue
            file = tar.extractfile(member)
            text = file.read().decode() if file else ""
            if wanted:
                (texts if member.name.endswith(".js") else declarations)[parts[2]] += f"\n{text}"
            elif found := VERSION.search(text):
                version = found[1]
    if missing := [name for folder, name in names.items() if not texts[folder]]:
        raise KeyError(f"google {version} has no {', '.join(sorted(missing))}")
    schemas = {folder: read_kinds(text, declarations[folder]) for folder, text in texts.items()}
    return {
        "version": version,
        "provider": schemas["provider"]["google"],
        "resources": {name: schemas[folder][name] for folder, name in names.items() if not folder.startswith("data-")},
        "data_sources": {name: schemas[folder][name] for folder, name in names.items() if folder.startswith("data-")},
    }


def write_schema(schema: dict[str, Any], path: Path = PUBLISHED) -> None:
    """One line a kind: a difference between two versions of the provider shows which kinds changed."""
    lines = [f'{{"version": {json.dumps(schema["version"])},', f'"provider": {_compact(schema["provider"])},']
    for part, end in (("resources", "},"), ("data_sources", "}}")):
        kinds = [f"{json.dumps(name)}: {_compact(kind)}" for name, kind in sorted(schema[part].items())]
        lines += [f"{json.dumps(part)}: {{", ",\n".join(kinds), end]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _compact(part: dict[str, Any]) -> str:
    return json.dumps(part, sort_keys=True, separators=(",", ":"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wheel", type=Path, help="the bindings, if they were downloaded already")
    parser.add_argument("--out", type=Path, default=PUBLISHED)
    options = parser.parse_args()
    resources, data_sources = find_used()
    with tempfile.TemporaryDirectory() as folder:
        schema = read_wheel(options.wheel or fetch_wheel(Path(folder)), resources, data_sources)
    write_schema(schema, options.out)
    counts = f"{len(schema['resources'])} resources, {len(schema['data_sources'])} data sources"
    print(f"google {schema['version']}: {counts}, {options.out.stat().st_size:,} bytes in {options.out}")


if __name__ == "__main__":
    main()
