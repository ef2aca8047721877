"""How fast the memory grows, read off samples."""

import pytest

from bench.experiments.soak import fit_growth


def test_growth_is_the_slope_in_mebibytes_a_minute() -> None:
    assert fit_growth([(second, 100 + second / 60) for second in range(600)]) == pytest.approx(1)


def test_the_warm_up_does_not_count() -> None:
    warm = [(second, min(100 + second * 10, 200.0)) for second in range(600)]
    assert fit_growth(warm) == pytest.approx(0, abs=1e-6)
