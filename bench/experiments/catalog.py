"""The experiments by name, as the command line offers them."""

from bench.experiments import (
    beside_batches,
    corrupt_bundle,
    hostile_memory,
    malformed,
    overload,
    oversize_body,
    rolling_restart,
    slow_clients,
    soak,
)
from bench.experiments.experiment import Experiment
from cli.errors import CommandError

MODULES = (
    rolling_restart,
    slow_clients,
    overload,
    beside_batches,
    oversize_body,
    malformed,
    corrupt_bundle,
    hostile_memory,
    soak,
)
EXPERIMENTS: dict[str, Experiment] = {module.EXPERIMENT.name: module.EXPERIMENT for module in MODULES}


def find_experiment(name: str) -> Experiment:
    """Raises: CommandError for a name that is not known."""
    if name not in EXPERIMENTS:
        raise CommandError(f"experiment {name!r} is not known, expected one of {', '.join(EXPERIMENTS)}")
    return EXPERIMENTS[name]
