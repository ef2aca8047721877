"""The champion in MLflow follows what was released; nothing that runs follows MLflow."""

import re
from pathlib import Path

from cli import console
from cli.errors import InputError
from contract.bundle import Bundle, read_bundle
from training.artifacts import Artifacts
from training.local.stages import open_tracker
from training.tracking.address import hide_password, tracking_uri
from training.tracking.record import RunRecord, describe_bundle

VERSION = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
HINT = "The release stands; run `python -m training champion --release {} --bundle FOLDER` when it is back"


def name_released(artifacts: Artifacts, folder: Path, release: str) -> None:
    """Moves the alias `champion` to the bundle, unless a higher release has it: that was an older line's patch.

    Raises: InputError, BundleError, OutsideError.
    """
    order = order_version(release)
    if order is None:
        raise InputError(f"release {release!r} is not usable, expected vMAJOR.MINOR.PATCH such as v1.2.3")
    bundle, uri = read_bundle(folder), tracking_uri(artifacts.root)
    with console.step(f"Asking MLflow at {hide_password(uri, uri)}"):
        tracker = open_tracker(artifacts.root, HINT.format(release))
        former = tracker.find_released(bundle.manifest.name)
        known = order_version(former) if former else None
        if former and known and known > order:
            console.print_done(f"the champion is of {former}, which is higher than {release}: it stays")
            return
        version = tracker.log_release(describe_release(bundle, release), folder, release)
    console.print_done(
        f"bundle {bundle.digest[:12]} of {release} is champion, version {version} of {bundle.manifest.name}"
    )


def describe_release(bundle: Bundle, release: str) -> RunRecord:
    """What the bundle itself knows of its training, for an MLflow that has not seen it."""
    manifest = bundle.manifest
    return RunRecord(
        digest=bundle.digest,
        name=manifest.name,
        version=manifest.version,
        revision="unknown",
        params=describe_bundle(bundle),
        metrics=manifest.metrics,
        folds=(),
        tags={"data.sha256": manifest.data.sha256, "lathe.release": release},
    )


def order_version(release: str) -> tuple[int, ...] | None:
    """What compares as versions do."""
    match = VERSION.fullmatch(release)
    return tuple(int(number) for number in match.groups()) if match else None
