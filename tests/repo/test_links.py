"""Every link of the documents to a file of the project leads somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")


def list_documents() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split()


@pytest.mark.parametrize("document", list_documents())
def test_every_link_to_a_file_leads_to_one(document: str) -> None:
    path = ROOT / document
    targets = [one for one in LINK.findall(path.read_text(encoding="utf-8")) if "://" not in one]
    assert [one for one in targets if not (path.parent / one).exists()] == []


def test_links_are_found() -> None:
    assert LINK.findall("[a](docs/a.md#part) and ![b](b.png), [c](https://c.example)") == [
        "docs/a.md",
        "b.png",
        "https://c.example",
    ]
