"""JSON documents that appear whole or not at all, none larger than whoever reads it takes."""

import json
from pathlib import Path
from typing import Any

from cli.errors import InputError
from cli.files import read_file, write_file

MAX_BYTES = 4 * 1024 * 1024  # of a record, SBOM or provenance; the largest of ours has 0.2 MB


def write_document(path: Path, document: Any) -> None:
    """Raises: InputError if `read_document` would refuse it."""
    content = f"{json.dumps(document, indent=2)}\n".encode()
    if len(content) > MAX_BYTES:
        raise InputError(f"{path} would have {len(content):,} bytes, its readers take {MAX_BYTES:,}: list less")
    write_file(path, content)


def read_document(path: Path) -> bytes:
    """What `write_document` wrote.

    Raises: InputError if it cannot be read or is larger than that writes.
    """
    return read_file(path, MAX_BYTES)


def read_object(path: Path, hint: str) -> dict[str, Any]:
    """The JSON object that another program wrote; `hint` says how to get it.

    Raises: InputError.
    """
    if not path.is_file():
        raise InputError(f"{path} is not there; {hint}")
    try:
        document = json.loads(read_document(path))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}; {hint}") from error
    if not isinstance(document, dict):
        raise InputError(f"{path} holds a {type(document).__name__}, expected an object; {hint}")
    return document
