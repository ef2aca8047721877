"""A secret as Kubernetes mounts it."""

import os
import secrets
from pathlib import Path


def swap_secret(folder: Path, content: str) -> Path:
    """Writes a file as Kubernetes mounts a secret: a link to a folder by a link that is replaced at once."""
    version = folder / f"..data-{secrets.token_hex(4)}"
    version.mkdir(parents=True)
    (version / "keys").write_text(content)
    link = folder / "..new"
    link.symlink_to(version.name)
    os.replace(link, folder / "..data")
    path = folder / "keys"
    if not path.is_symlink():
        path.symlink_to("..data/keys")
    return path
