"""The counts: a duration is in the first bucket that holds it, as Prometheus defines `le`."""

import math

import pytest

from app.predictor.counters import Counters, DurationCell
from contract.durations import DURATION_BUCKETS


@pytest.mark.parametrize("index", range(len(DURATION_BUCKETS)))
def test_a_duration_on_the_edge_of_a_bucket_is_counted_in_it_and_a_longer_one_in_the_next(index: int) -> None:
    edge = DURATION_BUCKETS[index]
    cell = DurationCell()
    cell.observe(edge)
    cell.observe(math.nextafter(edge, math.inf))
    assert [place for place, count in enumerate(cell.counts) if count] == [index, index + 1]
    assert sum(cell.counts) == 2
    assert cell.total_seconds == pytest.approx(2 * edge)


def test_rejections_and_rejected_rows_start_at_zero_and_add_up() -> None:
    counters = Counters(["/v1/predict"], ["too_large"], ["missing"])
    assert counters.rejected == {"too_large": 0}
    for _ in range(2):
        counters.count_rejection("too_large")
        counters.count_rejected_rows({"missing": 3, "range": 1})
    assert counters.rejected == {"too_large": 2}
    assert counters.rejected_rows == {"missing": 6, "range": 2}


def test_a_cell_is_the_same_for_the_same_route_and_status() -> None:
    counters = Counters(["/v1/predict"], [])
    cell = counters.duration_cell("/v1/predict", 422)
    assert cell is counters.duration_cell("/v1/predict", 422)
    assert cell is not counters.duration_cell("/v1/predict", 200)
