"""What a destroy knows of its cluster, kept for its next run: half a destroy takes the outputs away with it."""

from pathlib import Path

import msgspec

from cli.errors import InputError
from cli.files import read_file, write_file
from terraform.verbs.roots.root import Root
from terraform.verbs.roots.state import ClusterPlace, TerraformState, locate_cluster

MAX_BYTES = 64 * 1024


def find_place(root: Root, state: TerraformState) -> ClusterPlace | None:
    """From the state; what that does not say any more, from the record of the run before. Written down again.

    None where nothing was ever applied.

    Raises: InputError for a record that cannot be read.
    """
    before, now = read_place(_locate(root)), locate_cluster(root.cloud, root.environment, state)
    if before is None or now is None:
        place = now or before
    else:
        known = {key: value for key, value in msgspec.structs.asdict(now).items() if value}
        place = msgspec.structs.replace(before, **known)
    if place is not None:
        write_file(_locate(root), msgspec.json.encode(place))
    return place


def read_place(path: Path) -> ClusterPlace | None:
    """Raises: InputError."""
    if not path.is_file():
        return None
    try:
        return msgspec.json.decode(read_file(path, MAX_BYTES), type=ClusterPlace)
    except msgspec.DecodeError as error:
        raise InputError(f"{path} is no record of a destroy: {error}; delete it and run again") from error


def forget_place(root: Root) -> None:
    """Once nothing is left."""
    _locate(root).unlink(missing_ok=True)


def _locate(root: Root) -> Path:
    return root.records / f"{root.cloud}-{root.environment}.json"
