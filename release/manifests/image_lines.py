"""The two lines of an overlay that a release moves, `newTag` and `digest`; every other byte of the file stays."""

from dataclasses import dataclass
from typing import Any

import yaml
from yaml import MappingNode, Node, ScalarNode, SequenceNode

from cli.errors import InputError
from release.manifests.loading import LOADER, YAMLError, load_once
from release.manifests.overlays import NOT_RELEASED, parse_images

SOURCE = "kustomization.yaml"


@dataclass(frozen=True)
class Edit:
    """Characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def change_images(text: str, image: str = "predictor", *, tag: str, digest: str) -> str:
    """The kustomization's text with another version of one image, by the places where YAML's own parser found the two.

    Raises: InputError if the file cannot be read, or if those lines cannot be changed alone.
    """
    parse_images(text, SOURCE)
    entry = find_entry(text, image)
    edits = [*edit_tag(text, entry, tag), *edit_digest(text, entry, digest)]
    changed = text
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        changed = changed[: edit.start] + edit.text + changed[edit.end :]
    check_change(text, changed, image, tag=tag, digest=digest)
    return changed


def find_entry(text: str, image: str) -> MappingNode:
    """The one entry of `images:` with that name, as the parser sees it.

    Raises: InputError.
    """
    root = yaml.compose(text, LOADER)
    images = find_value(root, "images") if isinstance(root, MappingNode) else None
    entries = [entry for entry in images.value if is_named(entry, image)] if isinstance(images, SequenceNode) else []
    if len(entries) != 1:
        raise InputError(f"{SOURCE} has {len(entries)} entries of image {image!r} below `images:`, expected one")
    entry: MappingNode = entries[0]
    return entry


def is_named(entry: Node, image: str) -> bool:
    name = find_value(entry, "name") if isinstance(entry, MappingNode) else None
    return name is not None and name.value == image


def find_value(mapping: MappingNode, key: str) -> Any:
    return next((value for name, value in mapping.value if name.value == key), None)


def edit_tag(text: str, entry: MappingNode, tag: str) -> list[Edit]:
    """The tag, and the remark beside it that there was no release yet."""
    node: ScalarNode = find_value(entry, "newTag")
    end = find_line_end(text, node.end_mark.index)
    remark = text[node.end_mark.index : end]
    edits = [replace_scalar(node, tag)]
    if remark.strip().removeprefix("#").strip() == NOT_RELEASED:
        edits.append(Edit(node.end_mark.index, end, ""))
    return edits


def edit_digest(text: str, entry: MappingNode, digest: str) -> list[Edit]:
    """The digest, on a line of its own below the tag where there was none."""
    if node := find_value(entry, "digest"):
        return [replace_scalar(node, digest)]
    tag: ScalarNode = find_value(entry, "newTag")
    quoted = quote_scalar(tag, digest)
    if entry.flow_style:
        return [Edit(tag.end_mark.index, tag.end_mark.index, f", digest: {quoted}")]
    key = next(name for name, _ in entry.value if name.value == "newTag")
    end = find_line_end(text, tag.end_mark.index)
    newline = "\r\n" if "\r\n" in text else "\n"
    return [Edit(end, end, f"{newline}{' ' * key.start_mark.column}digest: {quoted}")]


def replace_scalar(node: ScalarNode, value: str) -> Edit:
    return Edit(node.start_mark.index, node.end_mark.index, quote_scalar(node, value))


def quote_scalar(node: ScalarNode, value: str) -> str:
    """The value in the quotes that the node has."""
    quote = node.style if node.style in ("'", '"') else ""
    return f"{quote}{value}{quote}"


def find_line_end(text: str, start: int) -> int:
    """Where the line ends, before its line break."""
    ends = [end for end in (text.find("\r\n", start), text.find("\n", start)) if end >= 0]
    return min(ends, default=len(text))


def check_change(old: str, new: str, image: str, *, tag: str, digest: str) -> None:
    """Reads both again: an anchor or a strange layout must not carry the change to another place.

    Raises: InputError.
    """
    expected = load_text(old)
    for entry in expected["images"]:
        if entry["name"] == image:
            entry.update(newTag=tag, digest=digest)
    try:
        is_alone = load_text(new) == expected
    except YAMLError:
        is_alone = False
    if not is_alone:
        raise InputError(f"newTag and digest of {image!r} in {SOURCE} cannot be changed alone; write them plainly")
    parse_images(new, SOURCE)


def load_text(text: str) -> Any:
    return load_once(text)
