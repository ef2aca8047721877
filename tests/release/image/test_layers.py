"""What a built image's archive tells of its layers."""

import json
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from cli.errors import OutsideError
from release.image.layers import describe_step, read_image


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/bin/sh -c #(nop) COPY dir:2cae7e2b8501d01b75b8363b in /opt/venv ", "COPY /opt/venv"),
        ("COPY /opt/venv /opt/venv # buildkit", "COPY /opt/venv /opt/venv"),
        ("RUN |1 A=b /bin/sh -c true # buildkit", "true"),
        ("", "the base"),
    ],
)
def test_a_step_is_shown_as_the_dockerfile_has_it(text: str, shown: str) -> None:
    assert describe_step(text) == shown


def write_archive(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return path


def test_an_archive_tells_layers_sizes_and_labels(tmp_path: Path) -> None:
    history = [{"created_by": "ADD x"}, {"created_by": "ENV", "empty_layer": True}, {"created_by": "COPY y"}]
    configuration = {
        "created": "1970-01-01T00:00:00Z",
        "config": {"Labels": {"a": "b"}},
        "rootfs": {"diff_ids": ["sha256:1", "sha256:2"]},
        "history": history,
    }
    manifest = [{"Config": "abc.json", "Layers": ["1.tar", "2.tar"]}]
    files = {"manifest.json": json.dumps(manifest).encode(), "abc.json": json.dumps(configuration).encode()}
    image = read_image(write_archive(tmp_path / "image.tar", {**files, "1.tar": b"x" * 30, "2.tar": b"x" * 12}))
    told = [(layer.digest, layer.size_bytes, layer.made_by) for layer in image.layers]
    assert told == [("sha256:1", 30, "ADD x"), ("sha256:2", 12, "COPY y")]
    assert (image.digest, image.size_bytes, image.labels) == ("sha256:abc", 42, {"a": "b"})


@pytest.mark.parametrize("files", [{}, {"manifest.json": b"[]"}, {"manifest.json": b"{"}])
def test_another_archive_is_no_image(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(OutsideError, match="is not an image's archive"):
        read_image(write_archive(tmp_path / "image.tar", files))
