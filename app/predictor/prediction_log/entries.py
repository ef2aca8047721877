"""What waits to be written to the prediction log, and how it becomes lines."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from contract.errors import ContractError
from contract.prediction_log import LEFT_OUT, LoggedLine, LoggedOutcome, LoggedPrediction
from contract.schema import Manifest

SLICE_ROWS = 64  # made into lines at once: each takes some 2 microseconds, in which the event loop waits


class RowEntry(msgspec.Struct, frozen=True, gc=False):
    """One scored row: `values` as the model has them, a category by its code."""

    time: float
    values: Mapping[str, float]
    score: float
    decision: bool | None
    receipt: bytes | None

    rows = 1


class TableEntry(msgspec.Struct, frozen=True, gc=False):
    """Scored rows of one request, columns and scores of shape (rows,)."""

    time: float
    values: Mapping[str, NDArray[np.float64]]
    scores: NDArray[np.float64]
    decisions: Sequence[bool | None]
    receipts: Sequence[bytes] | None

    @property
    def rows(self) -> int:
        return len(self.scores)


class OutcomeEntry(msgspec.Struct, frozen=True, gc=False):
    """One outcome that came back."""

    time: float
    receipt: bytes
    version: str
    truth: float

    rows = 1


Entry = RowEntry | TableEntry | OutcomeEntry


class LineMaker:
    """Makes lines of one model's entries, without the fields that are left out."""

    def __init__(self, manifest: Manifest, share: float, left_out: frozenset[str]) -> None:
        """Raises: ContractError if a field to leave out is none of the model's."""
        names = [column.name for column in manifest.schema.columns]
        if unknown := sorted(left_out - {*names, *LEFT_OUT}):
            raise ContractError(
                f"setting LATHE_PREDICTION_LOG_LEAVE_OUT names {unknown[0]!r}, which {manifest.name} does not have; "
                f"expected some of {', '.join((*names, *LEFT_OUT))}"
            )
        self._model = manifest.name
        self._share = share
        self._version = manifest.version
        self._columns = [column for column in manifest.schema.columns if column.name not in left_out]
        self._has_score = "score" not in left_out
        self._has_decision = "decision" not in left_out
        self.has_receipt = "receipt" not in left_out

    def make_lines(self, entry: Entry) -> Iterator[list[LoggedLine]]:
        """The lines of an entry, SLICE_ROWS at once."""
        if isinstance(entry, OutcomeEntry):
            yield [self._make_outcome(entry)]
        elif isinstance(entry, RowEntry):
            yield self._make_rows(
                entry.time,
                [[entry.values[column.name]] for column in self._columns],
                [entry.score],
                [entry.decision],
                None if entry.receipt is None else [entry.receipt],
            )
        else:
            for start in range(0, entry.rows, SLICE_ROWS):
                part = slice(start, start + SLICE_ROWS)
                yield self._make_rows(
                    entry.time,
                    [entry.values[column.name][part].tolist() for column in self._columns],
                    entry.scores[part].tolist(),
                    entry.decisions[part],
                    None if entry.receipts is None else entry.receipts[part],
                )

    def _make_outcome(self, entry: OutcomeEntry) -> LoggedOutcome:
        return LoggedOutcome(
            time=entry.time,
            model=self._model,
            version=entry.version,
            share=self._share,
            receipt=entry.receipt.hex(),
            outcome=entry.truth,
        )

    def _make_rows(
        self,
        time: float,
        columns: list[list[float]],
        scores: Sequence[float],
        decisions: Sequence[bool | None],
        receipts: Sequence[bytes] | None,
    ) -> list[LoggedLine]:
        shown = [self._show(values, column.categories) for values, column in zip(columns, self._columns, strict=True)]
        names = [column.name for column in self._columns]
        rows = zip(*shown, strict=True) if shown else [()] * len(scores)
        ids: list[str | msgspec.UnsetType] = [msgspec.UNSET] * len(scores)
        if receipts is not None and self.has_receipt:
            ids = [receipt.hex() for receipt in receipts]
        return [
            LoggedPrediction(
                time=time,
                model=self._model,
                version=self._version,
                share=self._share,
                row=dict(zip(names, row, strict=True)),
                score=score if self._has_score else msgspec.UNSET,
                decision=decision if self._has_decision else msgspec.UNSET,
                receipt=receipt,
            )
            for row, score, decision, receipt in zip(rows, scores, decisions, ids, strict=True)
        ]

    @staticmethod
    def _show(values: list[float], categories: Sequence[str]) -> Sequence[float | str | None]:
        """As they were sent, but None for NaN, which is what is missing."""
        if categories:
            return [None if value != value else categories[int(value)] for value in values]  # noqa: PLR0124 - as below
        return [None if value != value else value for value in values]  # noqa: PLR0124 - the quickest test of NaN
