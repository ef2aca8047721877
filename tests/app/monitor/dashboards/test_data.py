"""In a real Prometheus that scrapes real predictors, every query of every dashboard returns data."""

import httpx
import pytest

from app.monitor.watch.laptop import Laptop
from tests.app.monitor.dashboards.answers import OF_ALERTS, ask, wait_for_every_query

pytestmark = pytest.mark.slow


def test_every_query_returns_data(laptop: Laptop) -> None:
    places = wait_for_every_query(laptop)
    assert set(OF_ALERTS) <= set(places)


def test_what_is_shown_is_of_every_predictor_and_of_both_versions(laptop: Laptop) -> None:
    wait_for_every_query(laptop)
    of_model = '{namespace="lathe-test", model_name="ai4i"}'
    with httpx.Client(base_url=laptop.prometheus) as client:
        assert len(ask(client, f"lathe_model_info{of_model}")) == len(laptop.predictors) == 3
        assert len(ask(client, f"count by (model_version) (lathe_model_info{of_model})")) == 2
        assert len(ask(client, f"count by (model_version) (lathe:feature_psi:1h{of_model})")) == 2
