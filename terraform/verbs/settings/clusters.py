"""The address of production's cluster where Argo CD reads it; every other byte of both files stays."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from yaml import MappingNode, ScalarNode, SequenceNode

from cli.errors import InputError
from cli.files import write_file
from release.manifests.image_lines import find_value, replace_scalar
from release.manifests.loading import LOADER, YAMLError

ENVIRONMENTS = Path("gitops/argocd/environments.yaml")
PROJECT = Path("gitops/argocd/projects/production.yaml")


def write_clusters(checkout: Path, environment: str, server: str) -> list[Path]:
    """Writes the cluster's address for an environment of Argo CD's, such as prod-eks; the files that changed.

    Raises: InputError if a file does not name the environment once.
    """
    namespace = f"lathe-{environment}"
    changed = []
    for path, key, value in ((ENVIRONMENTS, "environment", environment), (PROJECT, "namespace", namespace)):
        text = _read(checkout / path)
        written = change_server(text, key, value, server, str(path))
        if written != text:
            write_file(checkout / path, written.encode())
            changed.append(path)
    return changed


def change_server(text: str, key: str, value: str, server: str, source: str) -> str:
    """The text with another `server` in the one entry whose `key` has this value.

    Raises: InputError.
    """
    try:
        root = yaml.compose(text, LOADER)
    except YAMLError as error:
        raise InputError(f"{source} is not YAML: {' '.join(str(error).split())}") from error
    found = [node for node in _list_mappings(root) if _has(node, key, value) and find_value(node, "server") is not None]
    if len(found) != 1:
        raise InputError(f"{source} has {len(found)} entries with {key} {value!r} and a server, expected one")
    node: ScalarNode = find_value(found[0], "server")
    if node.value == server:
        return text
    edit = replace_scalar(node, server)
    return text[: edit.start] + edit.text + text[edit.end :]


def _has(mapping: MappingNode, key: str, value: str) -> bool:
    node = find_value(mapping, key)
    return isinstance(node, ScalarNode) and node.value == value


def _list_mappings(node: object) -> Iterator[MappingNode]:
    if isinstance(node, MappingNode):
        yield node
        for _, value in node.value:
            yield from _list_mappings(value)
    elif isinstance(node, SequenceNode):
        for entry in node.value:
            yield from _list_mappings(entry)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}; run this in a checkout of the repository") from error
