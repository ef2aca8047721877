"""What an image's last layer may hold: the model's files, and nothing that only looks like them."""

import gzip
import io
import tarfile

import pytest

from cli.errors import RefusedError
from release.registry.contents import read_environment, read_labels, unpack_model
from review.approval.record import LIMITS_BYTES
from tests.release.images import pack_files

MODEL = {"srv/model/report.json": b"{}", "srv/model/bundle/bundle.json": b"{}"}


def pack_member(member: tarfile.TarInfo, content: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def make_member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.size, member.linkname = kind, size, "/etc/passwd"
    return member


@pytest.mark.parametrize("blob", [pack_files(MODEL), gzip.compress(pack_files(MODEL))], ids=["plain", "gzip"])
def test_the_models_files_are_read_by_their_names(blob: bytes) -> None:
    assert dict(unpack_model(blob, "x")) == {"report.json": b"{}", "bundle/bundle.json": b"{}"}


def test_the_folders_above_them_are_no_files() -> None:
    for name in ("srv", "srv/model", "srv/model/bundle", "./srv/model"):
        assert dict(unpack_model(pack_member(make_member(name, tarfile.DIRTYPE)), "x")) == {}


@pytest.mark.parametrize(
    "member",
    [
        make_member("srv/model/report.json", tarfile.SYMTYPE),
        make_member("srv/model/report.json", tarfile.LNKTYPE),
        make_member("srv/model/report.json", tarfile.FIFOTYPE),
        make_member("srv/model/.wh.report.json"),
        make_member("srv/model/bundle/.wh..wh..opq"),
        make_member("opt/venv/bin/python"),
        make_member("opt/venv", tarfile.DIRTYPE),
        make_member("/srv/model/report.json"),
    ],
    ids=lambda member: f"{member.name}-{member.type.decode()}",
)
def test_links_pipes_whiteouts_and_foreign_files_are_refused(member: tarfile.TarInfo) -> None:
    with pytest.raises(RefusedError, match="expected only a bundle and its report"):
        list(unpack_model(pack_member(member), "x"))


def test_more_than_a_model_can_have_is_refused_before_it_is_read() -> None:
    header = make_member("srv/model/bundle/model.ubj", size=LIMITS_BYTES + 1).tobuf()
    with pytest.raises(RefusedError, match="expected only a bundle and its report"):
        list(unpack_model(header, "x"))


def damage_gzip(content: bytes) -> bytes:
    packed = bytearray(gzip.compress(content))
    packed[len(packed) // 2 :] = b"\xff" * (len(packed) - len(packed) // 2)
    return bytes(packed)


LONG = pack_files({**MODEL, "srv/model/bundle/model.ubj": bytes(range(256)) * 200})


@pytest.mark.parametrize(
    "blob",
    [b"x" * 600, b"\x28\xb5\x2f\xfd" + b"x" * 600, gzip.compress(LONG)[:300], damage_gzip(LONG)],
    ids=["text", "zstd", "cut", "damaged"],
)
def test_what_is_no_layer_or_ends_too_early_is_refused(blob: bytes) -> None:
    with pytest.raises(RefusedError, match="no layer that can be read"):
        list(unpack_model(blob, "x"))


def test_labels_and_environment_may_be_missing() -> None:
    assert read_labels({}) == read_labels({"Labels": None}) == {}
    assert read_environment({"Env": ["A=b=c", "D"]}) == {"A": "b=c", "D": ""}
