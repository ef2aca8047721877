"""What a benchmark found, as it is kept in results.json: every run of every round, nothing averaged away."""

from pathlib import Path

import msgspec

from bench.machine import Machine
from bench.wrk import Load
from cli.errors import CommandError


class Settings(msgspec.Struct, frozen=True):
    """How it was measured; `seconds` is the length of one load."""

    form: str
    rounds: int
    seconds: int
    connections: tuple[int, ...]
    batch_rows: int
    batch_connections: int
    bundle: str  # name, version and digest
    trees: int


class Entry(msgspec.Struct, frozen=True):
    """A system as the table needs it."""

    name: str
    title: str
    kind: str
    environment_bytes: int
    row_bytes: int
    batch_bytes: dict[str, int]


class Run(msgspec.Struct, frozen=True):
    """One system in one round: started, compared, loaded, stopped."""

    system: str
    round: int
    cold_start_seconds: float
    worst_difference: float
    resident_bytes: int
    cpu_us_per_request: float
    loads: dict[str, Load]  # by connections
    batches: dict[str, Load]  # by form
    batch_cpu_us: dict[str, float] = {}  # processor time of one batch, by form


class Failure(msgspec.Struct, frozen=True):
    system: str
    message: str
    log: str


class Results(msgspec.Struct):
    machine: Machine
    settings: Settings
    entries: list[Entry]
    runs: list[Run]
    model_calls_us: dict[str, float]
    path_costs_us: dict[str, float]  # of Lathe's own path, by feature; empty if Lathe did not take part
    failures: list[Failure]


def write_results(results: Results, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))


def read_results(path: Path) -> Results:
    """Raises: CommandError if the file is not there or not a benchmark's."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Results)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}; run `python -m bench run` first") from error
    except msgspec.DecodeError as error:
        raise CommandError(f"{path} is not a benchmark's results: {error}") from error
