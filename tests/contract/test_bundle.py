"""S4: a bundle that is not byte for byte what training sealed is refused, by name, before XGBoost sees any of it."""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import msgspec
import numpy as np
import pytest

from contract import bundle as bundle_module
from contract.bundle import (
    INFERENCE_NAME,
    MANIFEST_NAME,
    MODEL_NAME,
    NO_DIGEST,
    Bundle,
    digest_bytes,
    parse_manifest,
    read_bundle,
    read_manifest,
    seal_manifest,
)
from contract.compute import scoring
from contract.compute.scoring import ReferenceModel
from contract.errors import BundleError
from tests.contract.forging import seal_bytes, write_forged

FILES = (MANIFEST_NAME, MODEL_NAME, INFERENCE_NAME)


@pytest.fixture
def copy(bundle_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(bundle_folder, tmp_path / "bundle")


@pytest.fixture
def xgboost_reader() -> Iterator[mock.Mock]:
    """Stands before XGBoost's reader and counts who comes through."""
    with mock.patch.object(scoring, "load_booster", wraps=scoring.load_booster) as reader:
        yield reader


def refuse(folder: Path, reader: mock.Mock) -> str:
    """The one line that loading ends with; XGBoost was not asked."""
    with pytest.raises(BundleError) as refused:
        ReferenceModel.from_bundle(read_bundle(folder))
    assert not reader.called
    text = str(refused.value)
    assert len(text.splitlines()) == 1
    return text


def pick_file(random: np.random.Generator, folder: Path) -> tuple[Path, bytes]:
    path = folder / FILES[random.integers(len(FILES))]
    return path, path.read_bytes()


def test_the_digest_is_of_the_manifest_with_64_zeros_in_its_place(bundle_folder: Path) -> None:
    content = (bundle_folder / MANIFEST_NAME).read_bytes()
    stated = json.loads(content)["digest"]
    assert hashlib.sha256(content.replace(stated.encode(), b"0" * 64, 1)).hexdigest() == stated


def test_an_untouched_bundle_is_read_and_reaches_xgboost(copy: Path, xgboost_reader: mock.Mock) -> None:
    bundle = read_bundle(copy)
    ReferenceModel.from_bundle(bundle)
    assert xgboost_reader.call_count == 1
    assert bundle.files == {name: (copy / name).read_bytes() for name in (MODEL_NAME, INFERENCE_NAME)}
    assert read_manifest(copy) == bundle.manifest


@pytest.mark.parametrize("flips", [100, pytest.param(1500, marks=pytest.mark.slow)])
def test_every_flipped_bit_is_refused_by_the_files_name(copy: Path, xgboost_reader: mock.Mock, flips: int) -> None:
    random = np.random.default_rng(flips)
    for _ in range(flips):
        path, content = pick_file(random, copy)
        place, bit = int(random.integers(len(content))), 1 << int(random.integers(8))
        path.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
        assert path.name in refuse(copy, xgboost_reader)
        path.write_bytes(content)
    read_bundle(copy)


@pytest.mark.parametrize("cuts", [50, pytest.param(300, marks=pytest.mark.slow)])
def test_every_truncation_is_refused_by_the_files_name(copy: Path, xgboost_reader: mock.Mock, cuts: int) -> None:
    random = np.random.default_rng(cuts)
    for _ in range(cuts):
        path, content = pick_file(random, copy)
        path.write_bytes(content[: int(random.integers(len(content)))])
        assert path.name in refuse(copy, xgboost_reader)
        path.write_bytes(content)
    read_bundle(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(copy: Path, xgboost_reader: mock.Mock, name: str) -> None:
    (copy / name).unlink()
    assert f"{name} cannot be read: No such file or directory" in refuse(copy, xgboost_reader)


@pytest.mark.parametrize("name", ["model.pkl", ".hidden", "model.ubj.bak", "code.py"])
def test_an_extra_file_is_named(copy: Path, xgboost_reader: mock.Mock, name: str) -> None:
    (copy / name).write_bytes(b"x")
    assert f"has the file {name!r}, expected only" in refuse(copy, xgboost_reader)


def test_an_extra_folder_is_named(copy: Path, xgboost_reader: mock.Mock) -> None:
    (copy / "plugins").mkdir()
    assert "has the file 'plugins'" in refuse(copy, xgboost_reader)


def test_another_bundles_manifest_is_refused(
    copy: Path, xgboost_reader: mock.Mock, other_bundle: Bundle, tmp_path: Path
) -> None:
    other = write_forged(tmp_path / "other", other_bundle)
    shutil.copy(other / MANIFEST_NAME, copy / MANIFEST_NAME)
    assert "expected" in (text := refuse(copy, xgboost_reader))
    assert MODEL_NAME in text or INFERENCE_NAME in text


def test_a_model_of_the_same_size_with_other_bytes_is_refused(copy: Path, xgboost_reader: mock.Mock) -> None:
    content = (copy / MODEL_NAME).read_bytes()
    (copy / MODEL_NAME).write_bytes(content[::-1])
    assert f"{MODEL_NAME} has SHA-256 {digest_bytes(content[::-1])[:12]}" in refuse(copy, xgboost_reader)


@pytest.mark.parametrize("version", [0, 4, 99, "1", None])
def test_an_unknown_schema_version_is_named_before_any_field_is_looked_at(
    copy: Path, xgboost_reader: mock.Mock, version: object
) -> None:
    body = json.dumps({"schema_version": version, "a_field_of_the_future": 1}).encode()[1:]
    (copy / MANIFEST_NAME).write_bytes(seal_bytes(body))
    assert refuse(copy, xgboost_reader) == f"bundle.json has schema version {version}, expected 1, 2 or 3"


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (b'"schema_version": 1, "name": "\xff"}', "codec can't decode byte 0xff"),
        (b'"schema_version": 1, "name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "recursion"),
        (b'"schema_version": 1', "truncated"),
        (b'"schema_version": 1, "threshold": NaN}', "malformed"),
        (b'"schema_version": 1, "threshold": 1e999}', "out of range"),
        (b'"schema_version": 1}', "missing required field"),
        (b'"schema_version": 1, "shell": "rm"}', "shell"),
    ],
    ids=["not-utf-8", "deep", "cut-off", "nan", "infinite", "fields-missing", "unknown-field"],
)
def test_a_manifest_with_a_right_digest_and_wrong_content_is_refused(
    copy: Path, xgboost_reader: mock.Mock, body: bytes, cause: str
) -> None:
    (copy / MANIFEST_NAME).write_bytes(seal_bytes(body))
    text = refuse(copy, xgboost_reader)
    assert text.startswith("bundle.json does not follow its schema: ")
    assert cause in text


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"[1]", b'{"digest": "00"}', b"\x80\x04K\x01."])
def test_what_is_no_manifest_is_said_to_be_damaged(copy: Path, xgboost_reader: mock.Mock, content: bytes) -> None:
    (copy / MANIFEST_NAME).write_bytes(content)
    assert "does not open with its digest: it is damaged or not a bundle's" in refuse(copy, xgboost_reader)


def test_a_changed_digest_is_refused(copy: Path, xgboost_reader: mock.Mock) -> None:
    content = (copy / MANIFEST_NAME).read_bytes()
    stated = read_manifest(copy).digest.encode()
    (copy / MANIFEST_NAME).write_bytes(content.replace(stated, b"f" * 64))
    assert "has digest " in refuse(copy, xgboost_reader)


@pytest.mark.parametrize("field", ["threshold", "version"])
def test_an_edited_field_is_refused(copy: Path, xgboost_reader: mock.Mock, field: str) -> None:
    manifest = msgspec.json.decode((copy / MANIFEST_NAME).read_bytes())
    manifest[field] = 0.001 if field == "threshold" else "v2"
    (copy / MANIFEST_NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n")
    assert "it was changed" in refuse(copy, xgboost_reader)


@pytest.mark.parametrize(
    "names", [(), (INFERENCE_NAME,), (MODEL_NAME, "../passwd"), (MODEL_NAME, "/etc/passwd"), (MODEL_NAME, "model.pkl")]
)
def test_a_manifest_that_lists_other_files_than_a_bundles_is_refused(
    bundle: Bundle, xgboost_reader: mock.Mock, tmp_path: Path, names: tuple[str, ...]
) -> None:
    inner = {name: bundle.files.get(name, b"x") for name in names if "/" not in name}
    folder = write_forged(tmp_path / "forged", bundle, inner)
    if len(inner) < len(names):
        entries = dict.fromkeys(names, bundle.manifest.files[MODEL_NAME])
        (folder / MANIFEST_NAME).write_bytes(seal_manifest(msgspec.structs.replace(bundle.manifest, files=entries)))
    assert "lists the files" in refuse(folder, xgboost_reader)


def test_a_bundle_without_the_derived_artifact_is_whole(bundle: Bundle, tmp_path: Path) -> None:
    folder = write_forged(tmp_path / "plain", bundle, {MODEL_NAME: bundle.files[MODEL_NAME]})
    assert list(read_bundle(folder).files) == [MODEL_NAME]


def test_a_link_is_followed_and_what_it_leads_to_is_verified(
    copy: Path, xgboost_reader: mock.Mock, tmp_path: Path
) -> None:
    content = (copy / MODEL_NAME).read_bytes()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(content)
    (copy / MODEL_NAME).unlink()
    (copy / MODEL_NAME).symlink_to(elsewhere)
    read_bundle(copy)
    elsewhere.write_bytes(content[:-1] + b"x")
    assert f"{MODEL_NAME} has SHA-256" in refuse(copy, xgboost_reader)


@pytest.mark.parametrize("name", FILES)
def test_a_device_a_pipe_a_loop_and_a_folder_are_refused_without_reading(
    copy: Path, xgboost_reader: mock.Mock, name: str
) -> None:
    path = copy / name
    path.unlink()
    path.symlink_to("/dev/zero")
    assert f"{name} is not a regular file" in refuse(copy, xgboost_reader)
    path.unlink()
    os.mkfifo(path)
    assert f"{name} is not a regular file" in refuse(copy, xgboost_reader)
    path.unlink()
    path.mkdir()
    assert f"{name} is not a regular file" in refuse(copy, xgboost_reader)
    path.rmdir()
    path.symlink_to(name)
    assert f"{name} cannot be read: Too many levels of symbolic links" in refuse(copy, xgboost_reader)


@pytest.mark.parametrize("name", FILES)
def test_an_oversize_file_is_refused_without_reading(copy: Path, xgboost_reader: mock.Mock, name: str) -> None:
    with (copy / name).open("wb") as file:
        file.truncate(bundle_module.MAX_BYTES + 1)  # a hole: it takes no space
    assert f"{name} is larger than {bundle_module.MAX_BYTES} bytes" in refuse(copy, xgboost_reader)


def test_no_folder_and_no_bundle_are_told_apart_from_a_damaged_one(tmp_path: Path, xgboost_reader: mock.Mock) -> None:
    assert "absent/bundle.json cannot be read: No such file" in refuse(tmp_path / "absent", xgboost_reader)
    assert "bundle.json cannot be read: No such file" in refuse(tmp_path, xgboost_reader)
    (tmp_path / "file").write_bytes(b"x")
    assert "file/bundle.json cannot be read: Not a directory" in refuse(tmp_path / "file", xgboost_reader)


def test_what_was_sealed_is_read_back_and_the_digest_covers_all_of_it(bundle: Bundle, bundle_folder: Path) -> None:
    sealed = seal_manifest(bundle.manifest)
    parsed = parse_manifest(sealed)
    assert msgspec.structs.replace(parsed, digest=bundle.digest) == bundle.manifest
    assert parsed.digest == digest_bytes(sealed.replace(parsed.digest.encode(), NO_DIGEST.encode(), 1))
    assert bundle.digest.encode() in (bundle_folder / MANIFEST_NAME).read_bytes()[:100]
