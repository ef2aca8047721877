"""One reader for every bundle: what the folder's refuses, the one of archives and layers refuses in the same words."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import CommandError
from contract.bundle import (
    MANIFEST_NAME,
    MODEL_NAME,
    NO_DIGEST,
    Bundle,
    digest_bytes,
    open_bundle,
    read_bundle,
)
from contract.errors import BundleError
from contract.soundness import check_served
from review.bundle import verify_bundle

Edit = Callable[[dict[str, Any]], object]


def reseal(content: bytes, edit: Edit) -> bytes:
    """A manifest with something else in it and a digest that is right: by somebody who can count."""
    manifest = json.loads(content)
    edit(manifest)
    blank = json.dumps({**manifest, "digest": NO_DIGEST}, indent=2).encode() + b"\n"
    return blank.replace(NO_DIGEST.encode(), digest_bytes(blank).encode(), 1)


def refusal(read: Callable[[], Any]) -> str | None:
    """The words of a refusal, None if all is accepted."""
    try:
        found = read()
        check_served(found.manifest)
    except (BundleError, CommandError) as error:
        return str(error)
    return None


def read_each(files: dict[str, bytes], folder: Path) -> list[str | None]:
    """What each reader says: the predictor's and training's, an archive's, and the one of approvals and releases."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    own: list[Callable[[], Bundle]] = [lambda: read_bundle(folder), lambda: open_bundle(files)]
    said = [refusal(read) for read in own]
    said.append(refusal(lambda: verify_bundle(files, "X")))
    return [text and text.removeprefix("X: ").replace(f"{folder}/", "") for text in said]


PLANTED: dict[str, tuple[Edit, str]] = {
    "a later schema": (lambda found: found.update(schema_version=99), "has schema version 99, expected 1, 2 or 3"),
    "no schema version": (lambda found: found.pop("schema_version"), "has schema version None, expected 1, 2 or 3"),
    "another size": (lambda found: found["files"][MODEL_NAME].update(size_bytes=1), "bytes, expected 1"),
    "no golden rows": (lambda found: found.update(golden=[]), "has no golden rows"),
    "no list of golden rows": (lambda found: found.pop("golden"), "missing required field `golden`"),
    "an unknown field": (lambda found: found.update(weather="fine"), "unknown field `weather`"),
    "an unknown field within": (lambda found: found["schema"].update(weather="fine"), "unknown field `weather`"),
    "a slope that falls": (lambda found: found["calibration"].update(slope=-1.0), "expected one above 0"),
    "a threshold of 2": (lambda found: found.update(threshold=2.0), "its threshold is 2"),
    "a name of two lines": (lambda found: found.update(name="a\nb"), "expected one printable line"),
    "bins that do not sum": (lambda found: found["reference"]["score"].update(ratios=[0.5]), "sum to 0.5"),
}


@pytest.mark.parametrize("case", PLANTED)
def test_a_resealed_manifest_is_refused_by_every_reader_with_the_same_words(
    bundle_folder: Path, tmp_path: Path, case: str
) -> None:
    edit, words = PLANTED[case]
    files = {path.name: path.read_bytes() for path in bundle_folder.iterdir()}
    files[MANIFEST_NAME] = reseal(files[MANIFEST_NAME], edit)
    first, *others = read_each(files, tmp_path / "bundle")
    assert first is not None
    assert words in first
    assert others == [first, first]


@given(data=st.data())
def test_what_one_reader_accepts_all_accept(
    bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    files = {path.name: path.read_bytes() for path in bundle_folder.iterdir()}
    keys = sorted(json.loads(files[MANIFEST_NAME]))
    values: st.SearchStrategy[Any] = st.sampled_from([None, -1, 0, 1, 2, 3, "", "a", [], {}])
    edits = st.dictionaries(st.sampled_from([*keys, "weather"]), values, max_size=2)
    if changes := data.draw(edits):
        files[MANIFEST_NAME] = reseal(files[MANIFEST_NAME], lambda found: found.update(changes))
    name = data.draw(st.sampled_from(sorted(files)))
    content, change = files[name], data.draw(st.sampled_from(["keep", "flip", "cut", "drop", "copy"]))
    if change == "flip":
        place = data.draw(st.integers(0, len(content) - 1))
        files[name] = content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    elif change == "cut":
        files[name] = content[: data.draw(st.integers(0, len(content)))]
    elif change == "drop":
        del files[name]
    elif change == "copy":
        files["other.bin"] = content
    said = read_each(files, tmp_path_factory.getbasetemp() / "mutated")
    assert len({text is None for text in said}) == 1, said
