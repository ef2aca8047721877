"""The roots of Terraform as the checks see them: a copy of each, so that nothing is written beside the sources."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hcl2

from cli.errors import OutsideError
from terraform.verbs.program import Terraform
from tests.repo.sources import ROOT

FOLDER = ROOT / "terraform"
# what Terraform says where a provider is neither in a mirror nor to be had from the registry
NO_PROVIDER = re.compile(r"Failed to (query available provider packages|install provider)|Could not retrieve the list")
SECONDS = 900


@dataclass(frozen=True)
class Root:
    """A folder that `terraform plan` runs in; `name` is its path below that folder, such as eks."""

    name: str
    folder: Path

    def list_files(self, *patterns: str) -> list[Path]:
        """Of the root and of its modules."""
        return sorted(
            path for pattern in patterns for path in self.folder.rglob(pattern) if ".terraform" not in path.parts
        )


@dataclass(frozen=True)
class Block:
    """`labels` are those behind the kind, as ("aws_vpc", "this") of a resource."""

    kind: str
    labels: tuple[str, ...]
    content: dict[str, Any]
    file: str


def list_roots(folder: Path = FOLDER) -> list[Root]:
    """The topmost folders that hold .tf files: what lies below one of them is its module."""
    found: list[Root] = []
    for path in sorted(path.parent for path in folder.rglob("*.tf") if ".terraform" not in path.parts):
        if not any(path.is_relative_to(root.folder) for root in found):
            found.append(Root(str(path.relative_to(folder)), path))
    return found


def copy_root(root: Root, target: Path) -> Root:
    """With what lies beside it, where its modules may be; without what an earlier `terraform init` left there."""
    beside = root.folder.parents[len(Path(root.name).parts) - 1]
    left_out = shutil.ignore_patterns(".terraform", "*.tfstate*", "*.tfplan", "*.py", "__pycache__")
    shutil.copytree(beside, target, ignore=left_out, dirs_exist_ok=True)
    return Root(root.name, target / root.name)


def list_blocks(root: Root, *, modules: bool = False) -> Iterator[Block]:
    """Every block of the root's own files, those of its modules too if asked for."""
    paths = root.list_files("*.tf") if modules else sorted(root.folder.glob("*.tf"))
    for path in paths:
        content = hcl2.loads(path.read_text(encoding="utf-8"))
        for kind, blocks in content.items():
            for block in blocks if isinstance(blocks, list) else []:
                labels, inner = unwrap(block)
                yield Block(kind, labels, inner, str(path.relative_to(root.folder)))


def unwrap(block: dict[str, Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The labels of a block, which the parser nests around its content in quotes."""
    labels: list[str] = []
    while len(block) == 1 and next(iter(block)).startswith('"'):
        name, block = next(iter(block.items()))
        labels.append(name.strip('"'))
    return tuple(labels), block


def initialise(root: Root, terraform: Terraform) -> str:
    """Why the root's providers are not to be had here, or nothing.

    Raises: OutsideError for anything else that `terraform init` refuses.
    """
    try:
        terraform.run(root.folder, "init", "-backend=false", "-no-color", seconds=SECONDS)
    except OutsideError as error:
        if NO_PROVIDER.search(str(error)):
            return f"its providers are neither in a mirror nor to be had from the registry: {error}"
        raise
    return ""
