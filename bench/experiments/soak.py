"""Many minutes of single rows and batches in turn: does the memory stay where it is?"""

import time
from collections.abc import Sequence

import numpy as np

from bench.experiments.experiment import Experiment, Outcome, Promise
from bench.model import ServedModel
from bench.run import SINGLE, load_cleanly
from bench.servers import Server, running
from bench.systems import System

PIECE_SECONDS = 5
WARM_SHARE = 0.1  # buffers and pools reach their size first
CONNECTIONS = 16
MOST_GROWTH = 1.0  # MiB a minute

Samples = Sequence[tuple[float, float]]


def fit_growth(samples: Samples) -> float:
    """MiB a minute: the slope of a straight line through (seconds, MiB), by least squares, without the warm-up."""
    seconds, mebibytes = np.array(samples).T
    settled = seconds >= seconds[0] + WARM_SHARE * (seconds[-1] - seconds[0])
    return float(np.polyfit(seconds[settled], mebibytes[settled], 1)[0] * 60)


def load_and_sample(server: Server, model: ServedModel, seconds: int) -> tuple[Samples, int]:
    """Memory after each piece of load, and how many requests were answered.

    Raises: UnfitSystemError if one was not answered with 2xx.
    """
    forms = [SINGLE, *server.system.batches]
    samples: list[tuple[float, float]] = []
    answered, start = 0, time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds or len(samples) <= 2 * len(forms):
        form = forms[len(samples) % len(forms)]
        answered += load_cleanly(server, model, form, CONNECTIONS, PIECE_SECONDS).requests
        samples.append((elapsed, server.resident_bytes() / 2**20))
    return samples, answered


def measure(system: System, model: ServedModel, seconds: int) -> Outcome:
    """Raises: UnfitSystemError if it loses a request."""
    with running(system, model) as server:
        before = server.resident_bytes() / 2**20
        samples, answered = load_and_sample(server, model, seconds)
    last, growth = samples[-1][1], fit_growth(samples)
    return Outcome(
        [f"{answered:,}", f"{before:.0f}", f"{samples[0][1]:.0f}", f"{last:.0f}", f"{growth:+.2f}"],
        [Promise(f"memory grows by at most {MOST_GROWTH} MiB a minute", f"{growth:+.2f}", growth <= MOST_GROWTH)],
    )


EXPERIMENT = Experiment(
    name="soak",
    about=(
        f"Single rows and 1,000-row batches in turn, {PIECE_SECONDS} s each, at {CONNECTIONS} connections, "
        "for {seconds} s. Growth is the slope of a line through the memory after each piece, without the first tenth."
    ),
    seconds=600,
    header=("requests", "MiB at rest", "MiB after the first piece", "MiB at the end", "growth, MiB a minute"),
    measure=measure,
    systems=("lathe",),
)
