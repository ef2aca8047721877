"""What one step of a release writes the next one reads: each limit on both sides, at the limit and one above."""

import json
from pathlib import Path

import pytest

from cli.errors import InputError
from contract.approval import RECORD_NAME
from contract.report import REPORT_NAME
from release.documents import MAX_BYTES as MAX_DOCUMENT_BYTES
from release.documents import read_document, read_object, write_document
from release.github_release.assets import LIMITS, PAGE, PROVENANCE, SBOM, File, check_size, collect_files
from release.github_release.assets import MAX_BYTES as MAX_ASSET_BYTES
from release.github_release.dossier import read_dossier, read_image
from release.github_release.notes import CUT, MAX_BYTES, cut_changes, write_notes
from release.registry.registry import MAX_DOCUMENT_BYTES as MAX_REGISTRY_BYTES
from review.champion import ASSET, CHECKSUM
from tests.release.dossiers import DIGEST, Site

GITHUB_CHARACTERS = 125_000  # of a release's text
OVER = "4,194,305 bytes"


def fill(name: str, size: int) -> dict[str, str]:
    """A document that is written with that many bytes."""
    empty = len(json.dumps({name: ""}, indent=2)) + 1
    return {name: "x" * (size - empty)}


def test_a_document_of_the_largest_size_is_written_and_read_and_one_byte_more_by_neither(tmp_path: Path) -> None:
    path = tmp_path / "sbom.cdx.json"
    full = fill("bomFormat", MAX_DOCUMENT_BYTES)
    write_document(path, full)
    assert path.stat().st_size == MAX_DOCUMENT_BYTES
    assert json.loads(read_document(path)) == full == read_object(path, "")
    with pytest.raises(InputError, match=f"would have {OVER}, its readers take 4,194,304"):
        write_document(path, fill("bomFormat", MAX_DOCUMENT_BYTES + 1))
    assert json.loads(read_document(path)) == full
    with path.open("ab") as file:
        file.write(b" ")
    with pytest.raises(InputError, match=f"has {OVER}, expected at most 4,194,304"):
        read_object(path, "")


@pytest.mark.parametrize("name", [SBOM, PROVENANCE])
def test_what_publish_wrote_at_its_limit_is_announced(site: Site, name: str) -> None:
    path = site.artifacts / "release" / f"v1.2.3.{name}"
    write_document(path, fill("bomFormat", MAX_DOCUMENT_BYTES))
    files = collect_files(read_dossier("v1.2.3", site.artifacts), site.artifacts)
    assert {file.name: len(file.content) for file in files}[name] == MAX_DOCUMENT_BYTES
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InputError, match=f"{name} has {OVER}"):
        collect_files(read_dossier("v1.2.3", site.artifacts), site.artifacts)


def test_the_record_of_a_release_is_read_up_to_the_size_that_is_written(site: Site) -> None:
    path = site.artifacts / "release" / "v1.2.3.json"
    record = json.loads(path.read_text())
    room = MAX_DOCUMENT_BYTES - len(json.dumps({**record, "copies": [""]}, indent=2)) - 1
    write_document(path, {**record, "copies": ["x" * room]})
    assert path.stat().st_size == MAX_DOCUMENT_BYTES
    assert read_image(path, "v1.2.3").digest == DIGEST
    with pytest.raises(InputError, match=OVER):
        write_document(path, {**record, "copies": ["x" * (room + 1)]})


@pytest.mark.parametrize("name", [ASSET, CHECKSUM, REPORT_NAME, RECORD_NAME, PAGE])
def test_a_file_of_a_release_is_no_larger_than_its_readers_take(name: str) -> None:
    limit = LIMITS.get(name, MAX_ASSET_BYTES)
    content = bytes(limit + 1)
    assert check_size(File(name, content[:-1])).name == name
    with pytest.raises(InputError, match=rf"{name} would have {limit + 1:,} bytes, its readers take {limit:,}"):
        check_size(File(name, content))


def test_the_registry_takes_documents_as_large_as_ours() -> None:
    assert MAX_REGISTRY_BYTES == MAX_DOCUMENT_BYTES


@pytest.mark.parametrize("line", ["- Fewer alarms, ä.\n", "```\nfewer alarms\n```\n"])
def test_the_text_on_a_long_list_of_changes_is_cut_at_a_lines_end_and_taken_by_github(site: Site, line: str) -> None:
    changelog = f"# Changelog\n\n## 1.2.3 - 2026-11-21\n\n{line * 9000}\n"
    text = write_notes(read_dossier("v1.2.3", site.artifacts), changelog, "lathe-ml/lathe", "v1.2.2")
    assert len(text) <= GITHUB_CHARACTERS
    assert MAX_BYTES - 200 < len(text.encode()) <= MAX_BYTES
    assert "cosign verify" in text, "what follows the changes is whole"
    changes = text.partition("## What changed\n\n")[2].partition(CUT)[0]
    assert set(changes.splitlines()) <= set(line.splitlines())
    assert changes.count("```") % 2 == 0


def test_changes_at_the_limit_stay_whole_and_one_byte_more_is_cut() -> None:
    changes = "- one\n- two\n" + "x" * 100
    size = len(changes.encode())
    assert cut_changes(changes, size) == changes
    assert cut_changes(changes, size - 1) == f"- one\n- two{CUT}"
    assert cut_changes(changes, 10) == CUT
