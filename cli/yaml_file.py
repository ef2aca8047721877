"""YAML 1.2 as plain data, in bounds: a file that is endless, nested or repeated beyond reason is one line."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, NodeEvent, ScalarEvent
from ruamel.yaml.reader import ReaderError

from cli.errors import InputError

Kind = TypeVar("Kind")

MAX_BYTES = 1024 * 1024  # the largest of ours has 5 kB
MAX_DEPTH = 40
MAX_NODES = 200_000  # with each alias as often as it is used
MAX_NUMBER_DIGITS = 300  # no float has more before its point
MAX_TRIED = 1000  # keys of a mapping
MAX_SHOWN = 100  # characters of a key
HIDDEN_KEY = "[...]"
_STEP = re.compile(r"\.(?P<name>[^.\[\]`]+)|\[(?P<index>\d+)\]|\[\.\.\.\]")
# what the library lets through of what a file may hold: a date that is none, a list as a key, numbers beyond reason
_UNEXPECTED = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError, AssertionError)


def read_yaml(path: Path) -> Any:
    """Plain data from a YAML 1.2 file.

    Raises: InputError if it cannot be read, is not YAML, or is larger or deeper than any of ours would be.
    """
    content = _read_bounded(path)
    try:
        text = content.decode("utf-8-sig")
        for problem in _find_excess(text):
            raise InputError(f"{path} {problem}")
        return YAML(typ="safe", pure=True).load(text)
    except MarkedYAMLError as error:
        place = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{path} is not YAML: {_first_line(error.problem or error)}{place}") from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path} is not YAML: line {line} is not UTF-8; save it as UTF-8") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"the character U+{ord(text[error.position]):04X}, which YAML does not allow; write the line again"
        raise InputError(f"{path} is not YAML: line {line} holds {found}") from error
    except (YAMLError, *_UNEXPECTED) as error:
        raise InputError(f"{path} is not YAML: {_first_line(error)}") from error


def read_struct(path: Path, kind: type[Kind]) -> Kind:
    """A YAML file as a struct of `kind`, nothing unknown and nothing missing.

    Raises: InputError that names the file and the place in it.
    """
    data = read_yaml(path)
    try:
        return msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        raise InputError(f"{path}: {_name_keys(_first_line(error), data, kind)}") from error
    except _UNEXPECTED as error:
        raise InputError(f"{path}: {_first_line(error)}") from error


def _name_keys(message: str, data: Any, kind: type[Kind]) -> str:
    """The message with each mapping's key in its path, which msgspec writes as `[...]`.

    It is the key with which alone in its mapping the same is refused; `data` keeps no other.
    """
    named, value = message, data
    for step in _STEP.finditer(message.rpartition("`$")[2]):
        try:
            if step[0] == HIDDEN_KEY:
                key = _find_key(message, data, kind, value)
                named = named.replace(HIDDEN_KEY, f"[{str(key)[:MAX_SHOWN]!r}]", 1)
            else:
                key = int(step["index"]) if step["index"] else step["name"]
            value = value[key]
        except (LookupError, TypeError):
            break
    return named


def _find_key(message: str, data: Any, kind: type[Kind], mapping: dict[Any, Any]) -> Any:
    """Raises: LookupError if it cannot be found."""
    inside = list(mapping.items())
    for key, value in inside[:MAX_TRIED]:
        mapping.clear()
        mapping[key] = value
        try:
            msgspec.convert(data, kind)
        except msgspec.ValidationError as error:
            if _first_line(error) == message:
                return key
    raise LookupError


def _read_bounded(path: Path) -> bytes:
    try:
        # without O_NONBLOCK the opening of a pipe waits for somebody who writes
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise InputError(f"{path} is no regular file, expected YAML")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} has more than {MAX_BYTES:,} bytes, which no file of this kind needs")
    return content


def _find_excess(text: str) -> Iterator[str]:
    """What would cost memory or time without end, found before anything is built of it."""
    nodes = 0
    sizes: dict[str | None, int] = {}
    opened: list[tuple[str | None, int]] = []
    for event in YAML(typ="safe", pure=True).parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            nodes += sizes.get(event.anchor, 0)
        elif isinstance(event, NodeEvent):
            nodes += 1
        if isinstance(event, CollectionStartEvent):
            opened.append((event.anchor, nodes))
            if len(opened) > MAX_DEPTH:
                yield f"is nested deeper than {MAX_DEPTH} levels in line {line}"
        elif isinstance(event, CollectionEndEvent):
            anchor, before = opened.pop()
            sizes[anchor] = nodes - before + 1
        elif isinstance(event, ScalarEvent):
            sizes[event.anchor] = 1
            if event.style is None and len(event.value) > MAX_NUMBER_DIGITS and event.value[:1] in "+-.0123456789":
                found = f"{len(event.value):,} digits in line {line}"
                yield f"has a number of {found}, expected at most {MAX_NUMBER_DIGITS}"
        if nodes > MAX_NODES:
            yield f"holds more than {MAX_NODES:,} values in line {line}, with its aliases as often as they stand there"


def _first_line(error: object) -> str:
    lines = str(error).splitlines()
    return lines[0][:300] if lines else type(error).__name__
