"""A tiny image of ours as an archive: an environment's metadata in one layer, the model in the last."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

SITE = "opt/venv/lib/python3.11/site-packages"
SETTINGS = {"LATHE_BUNDLE": "/srv/model/bundle"}


def write_image(
    path: Path,
    labels: Mapping[str, str],
    layers: Iterable[Mapping[str, bytes]],
    settings: Mapping[str, str] = SETTINGS,
) -> Path:
    """As `docker save` writes it; the same arguments give the same bytes."""
    packed = [pack_files(files) for files in layers]
    configuration = {
        "created": "1970-01-01T00:00:00Z",
        "architecture": "amd64",
        "os": "linux",
        "config": {"Labels": dict(labels), "Env": [f"{name}={value}" for name, value in settings.items()]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest(layer)}" for layer in packed]},
        "history": [{"created_by": "COPY", "created": "1970-01-01T00:00:00Z"} for _ in packed],
    }
    document = json.dumps(configuration).encode()
    names = [f"{digest(layer)}.tar" for layer in packed]
    manifest = [{"Config": f"{digest(document)}.json", "RepoTags": None, "Layers": names}]
    files = {"manifest.json": json.dumps(manifest).encode(), f"{digest(document)}.json": document}
    path.write_bytes(pack_files({**files, **dict(zip(names, packed, strict=True))}))
    return path


def make_environment(packages: Iterable[tuple[str, str]], python: str = "3.11.2") -> dict[str, bytes]:
    """The files that an installer leaves, as far as anybody reads them."""
    files = {"opt/venv/pyvenv.cfg": f"home = /usr/bin\nversion_info = {python}\n".encode()}
    for name, version in sorted(packages):
        text = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n\nDescription: {'x' * 50}\n"
        files[f"{SITE}/{name.replace('-', '_')}-{version}.dist-info/METADATA"] = text.encode()
    return files


def read_model(folder: Path) -> dict[str, bytes]:
    """What the Dockerfile's last COPY takes from the folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {f"srv/model/{path.relative_to(folder)}": path.read_bytes() for path in files}


def pack_files(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
