"""Whether every way that serves gives the margins of XGBoost, to the last bit.

The sums are float32 additions in one order, so there is nothing to tolerate: where one bit differs, something else is
computed, and the scores near the threshold may decide otherwise.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from contract.compute.engine import FEW_ROWS, Engine, Margins
from contract.compute.plan import Matrix

SIZES = (1, FEW_ROWS)  # rows in one call: alone, and in the largest company


class EngineParity(msgspec.Struct, frozen=True):
    """Rows compared, those of them with other bits on some way, and the largest difference between margins."""

    rows: int
    unequal: int
    worst: float  # NaN if a margin is

    @property
    def is_exact(self) -> bool:
        return self.unequal == 0

    def __str__(self) -> str:
        """Such as `3 of 10,000 rows differ, by up to 1.2e-06`."""
        if self.is_exact:
            return f"{self.rows:,} rows, every bit the same"
        return f"{self.unequal:,} of {self.rows:,} rows differ, by up to {self.worst:.2g}"


def compare_engines(engine: Engine, matrix: Matrix, sizes: Sequence[int] = SIZES) -> EngineParity:
    """Holds every row of `matrix`, (rows, features), in calls of each of `sizes` rows against XGBoost on one thread.

    The ways are those of a request: single rows and a few by `engine.name`, many by XGBoost on all threads.
    """
    exact = engine.compute_exact(matrix)
    unequal, differences = np.zeros(len(matrix), dtype=bool), [0.0]
    for computed in (engine.compute_many(matrix), *_compute_few(engine, matrix, sizes)):
        unequal |= computed.view(np.uint32) != exact.view(np.uint32)
        differences.append(float(np.abs(computed - exact).max(initial=0.0)))
    return EngineParity(len(matrix), int(np.count_nonzero(unequal)), float(np.max(differences)))


def _compute_few(engine: Engine, matrix: Matrix, sizes: Sequence[int]) -> Iterator[Margins]:
    vectors = [row.tobytes() for row in np.ascontiguousarray(matrix)]
    for size in sizes:
        calls = [engine.compute_margins(vectors[start : start + size]) for start in range(0, len(vectors), size)]
        yield np.array([margin for call in calls for margin in call], dtype=np.float32)
    parts = [engine.compute_few(matrix[start : start + FEW_ROWS]) for start in range(0, len(matrix), FEW_ROWS)]
    yield np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)
