"""The list of what an image installs: uv's from the lock, reduced to this image, and compared with the image.

cyclonedx-python-lib does not write what it has read, drops members it does not know without a word, and takes 0.3 s to
import (docs/decisions/0015-where-a-library-was-tried.md).
"""

import re
import tarfile
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker

from cli.errors import InputError, OutsideError, RefusedError
from release.documents import read_object

MARKER = "uv:package:marker"
METADATA = re.compile(r"(\./)?opt/venv/lib/python[\d.]+/site-packages/[^/]+\.dist-info/METADATA")
SETTINGS = re.compile(r"(\./)?opt/venv/pyvenv\.cfg")
PYTHON = re.compile(rb"^version(?:_info)? *= *(\d+\.\d+\.\d+)", re.MULTILINE)
LAYERS = re.compile(r"[^/]+\.tar(\.gz)?|[0-9a-f]{64}/layer\.tar|blobs/sha256/[0-9a-f]{64}")


@dataclass(frozen=True)
class InstalledPackages:
    """The image's /opt/venv: its Python, and each distribution's name with its version."""

    python: str
    packages: frozenset[tuple[str, str]]


def compose_sbom(path: Path, archive: Path) -> dict[str, Any]:
    """uv's list without what the lock keeps for other platforms, once it is what the archive's image has installed.

    Raises: InputError, OutsideError if one cannot be read, RefusedError if they differ.
    """
    listed = read_object(path, "run `make sbom`")
    installed = read_environment(archive)
    try:
        components = [one for one in listed["components"] if is_for(one, installed.python)]
        wanted = {(normalise_name(one["name"]), one["version"]) for one in components}
    except (AttributeError, KeyError, TypeError, InvalidMarker) as error:
        raise InputError(f"{path} is no CycloneDX list of components: {error!r}; run `make sbom`") from error
    for names, text in ((installed.packages - wanted, "which the lock has not"), (wanted - installed.packages, "")):
        if names:
            name, version = min(names)
            place = "the image has" if text else "the image lacks"
            raise RefusedError(f"{place} {name} {version} {text or 'of the lock'} ({len(names)} in all): build it anew")
    kept = {one.get("bom-ref") for one in listed["components"] if one not in components}
    dependencies = [
        {**one, "dependsOn": [name for name in one.get("dependsOn", []) if name not in kept]}
        for one in listed.get("dependencies", [])
        if one.get("ref") not in kept
    ]
    return {**listed, "components": components, "dependencies": dependencies}


def is_for(component: dict[str, Any], python: str) -> bool:
    """Whether the lock wants a component on Linux with that Python."""
    markers = [one["value"] for one in component.get("properties", []) if one["name"] == MARKER]
    short = ".".join(python.split(".")[:2])
    platform = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    environment = {**platform, "python_full_version": python, "python_version": short}
    return all(Marker(text).evaluate(environment) for text in markers)


def list_components(sbom: Any) -> set[tuple[str, str]]:
    """Name and version of each component; none of what is no CycloneDX."""
    if not isinstance(sbom, dict) or sbom.get("bomFormat") != "CycloneDX":
        return set()
    components = [one for one in sbom.get("components") or () if isinstance(one, dict)]
    return {(normalise_name(str(one.get("name"))), str(one.get("version"))) for one in components}


def read_environment(archive: Path) -> InstalledPackages:
    """From every layer of the image's archive, by the metadata that installers leave.

    Raises: OutsideError.
    """
    packages, python = set(), ""
    try:
        with tarfile.open(archive) as image:
            for member in image:
                if not member.isfile() or not LAYERS.fullmatch(member.name) or member.size < 1024:
                    continue
                installed, version = read_layer(image, member)
                packages |= installed
                python = version or python
    except (tarfile.TarError, OSError, EOFError, KeyError) as error:
        raise OutsideError(f"{archive} is no image's archive that can be read: {error!r}") from error
    if not python or not packages:
        raise OutsideError(f"{archive} has no environment in /opt/venv: the Dockerfile puts it there")
    return InstalledPackages(python, frozenset(packages))


def read_layer(image: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[set[tuple[str, str]], str]:
    """What one layer adds to the environment: distributions, and the version of Python or nothing."""
    packages: set[tuple[str, str]] = set()
    python = ""
    file = image.extractfile(member)
    try:
        layer = tarfile.open(fileobj=file, mode="r:*")  # noqa: SIM115 - closed below
    except tarfile.ReadError:  # a configuration between the layers
        return packages, python
    with layer:
        for entry in layer:
            if not entry.isfile():
                continue
            if METADATA.fullmatch(entry.name):
                headers = BytesHeaderParser().parse(layer.extractfile(entry))  # type: ignore[arg-type]
                packages.add((normalise_name(str(headers["Name"])), str(headers["Version"])))
            elif SETTINGS.fullmatch(entry.name):
                content = layer.extractfile(entry)
                match = PYTHON.search(content.read() if content else b"")
                python = match[1].decode() if match else python
    return packages, python


def normalise_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
