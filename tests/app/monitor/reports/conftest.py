"""Rows to report, with the scores of the small bundle."""

import pytest

from contract.bundle import Bundle
from tests.app.monitor.reports.logs import Row, list_rows, score_rows
from training.data.table import Table


@pytest.fixture(scope="session")
def rows(table: Table) -> list[Row]:
    """Rows that the bundle was trained on."""
    return list_rows(table)


@pytest.fixture(scope="session")
def scores(bundle: Bundle, rows: list[Row]) -> list[float]:
    return score_rows(bundle, rows)
