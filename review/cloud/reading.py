"""Plans and costs as the jobs of terraform.yml left them, read up to a limit."""

from pathlib import Path
from typing import TypeVar

import msgspec

from cli.errors import InputError
from contract.cloud_costs import CloudCosts
from contract.cloud_plan import CloudPlan

MAX_BYTES = 5_000_000
T = TypeVar("T")


def read_plans(folder: Path) -> list[CloudPlan]:
    """Each plan in the folder, in the order of their environments.

    Raises: InputError for one that is none.
    """
    return sorted((read(path, CloudPlan) for path in folder.glob("*.plan.json")), key=lambda plan: plan.name)


def read_costs(folder: Path) -> CloudCosts | None:
    """None without costs.json."""
    path = folder / "costs.json"
    return read(path, CloudCosts) if path.is_file() else None


def read(path: Path, kind: type[T]) -> T:
    """Raises: InputError."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(f"{path}: {path.stat().st_size:,} bytes, expected at most {MAX_BYTES:,}")
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not what `make cloud-plan` or `make cloud-costs` writes: {error}") from error
