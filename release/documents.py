"""JSON documents that appear whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any


def write_document(path: Path, document: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(f"{json.dumps(document, indent=2)}\n", encoding="utf-8")
    part.replace(path)
