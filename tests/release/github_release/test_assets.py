"""The files of a release are the same bytes whoever packs them."""

import gzip
import time
from pathlib import Path

from release.github_release.assets import pack_bundle
from tests.patience import wait_until
from tests.review.worlds import read_folder


def test_the_archive_is_the_same_whoever_packs_it(bundle_folder: Path) -> None:
    files = read_folder(bundle_folder)
    first = pack_bundle(files)
    assert pack_bundle(dict(reversed(files.items()))) == first
    second = int(time.time())
    wait_until(lambda: int(time.time()) > second, "another second")  # gzip and tar write them
    assert pack_bundle(files) == first
    assert pack_bundle(files | {"model.ubj": b"other"}) != first
    assert len(first) < len(gzip.decompress(first))
