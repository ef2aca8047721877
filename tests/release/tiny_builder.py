"""Stands in for `buildah` where only what comes after a build is tested: real labels and model, tiny environment."""

import itertools
import json
import os
import shutil
import sys
from pathlib import Path

from tests.release.images import make_environment, read_model, write_image

PACKAGES = "TINY_PACKAGES"  # JSON: what the image has installed
LABELS = {
    "VERSION": "org.opencontainers.image.version",
    "REVISION": "org.opencontainers.image.revision",
    "BUNDLE_DIGEST": "dev.lathe.bundle.digest",
}


def build(context: Path, arguments: list[str]) -> None:
    pairs = itertools.pairwise(arguments)
    given = dict(text.split("=", 1) for flag, text in pairs if flag == "--build-arg")
    packages = [tuple(pair) for pair in json.loads(os.environ[PACKAGES])]
    labels = {label: given[name] for name, label in LABELS.items()}
    write_image(
        context / "artifacts" / "built.tar",
        labels,
        [make_environment(packages), read_model(context / "artifacts" / "image")],
    )


def main() -> None:
    verb, *arguments = sys.argv[1:]
    if verb == "build":
        build(Path(arguments[-1]), arguments)
    elif verb == "push":
        shutil.copyfile("artifacts/built.tar", arguments[-1].removeprefix("docker-archive:"))


if __name__ == "__main__":
    main()
