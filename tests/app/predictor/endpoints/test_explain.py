"""POST /v1/explain: the contributions add up to the score, feature by feature."""

import asyncio
import math
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.counters import Counters
from app.predictor.endpoints.explain import Explainer, group_features
from app.predictor.scoring.model import ServedModel
from contract.bundle import Bundle
from contract.compute.scoring import ReferenceModel
from tests.app.predictor.running import read_metrics

ROUTE = "/v1/explain"


def add_up(told: dict[str, Any]) -> float:
    return float(told["base"] + sum(one["contribution"] for one in told["contributions"]))


def explain_golden_row(bundle: Bundle, index: int) -> dict[str, Any]:
    """The answer for a golden row, without a server."""
    explainer = Explainer(BatchThreads(Counters([], []), 1, 8), ServedModel(bundle, 1))
    body = msgspec.json.encode(bundle.manifest.golden[index].row)
    return dict(msgspec.json.decode(asyncio.run(explainer.respond({}, body, "id"))))


def test_base_and_contributions_add_up_to_the_logit_of_the_score(client: httpx.Client, bundle: Bundle) -> None:
    for golden in bundle.manifest.golden[:8]:
        told = client.post(ROUTE, json=golden.row).json()
        assert told["score"] == pytest.approx(golden.score, abs=1e-6)
        assert 1 / (1 + math.exp(-add_up(told))) == pytest.approx(golden.score, abs=1e-4)
        assert told["decision"] is (told["score"] >= told["threshold"])


def test_contributions_are_xgboosts_own_scaled_by_the_calibration(
    client: httpx.Client, bundle: Bundle, row: dict[str, Any]
) -> None:
    told = client.post(ROUTE, json=row).json()
    reference = ReferenceModel.from_bundle(bundle)
    matrix = reference.plan.table_to_matrix({name: [value] for name, value in row.items()})
    expected = reference.explain_matrix(matrix)[0] * bundle.manifest.calibration.slope
    found = {one["feature"]: one["contribution"] for one in told["contributions"]}
    assert found.keys() == set(bundle.manifest.schema.features)
    np.testing.assert_allclose(
        [found[name] for name in bundle.manifest.schema.features], expected[:-1], rtol=1e-5, atol=1e-6
    )


def test_the_largest_contribution_stands_first_with_its_value(client: httpx.Client, row: dict[str, Any]) -> None:
    contributions = client.post(ROUTE, json=row).json()["contributions"]
    sizes = [abs(one["contribution"]) for one in contributions]
    assert sizes == sorted(sizes, reverse=True)
    values = {one["feature"]: one["value"] for one in contributions}
    assert values["type"] == row["type"]
    assert values["power_w"] == pytest.approx(row["torque_nm"] * row["rotational_speed_rpm"] * 2 * math.pi / 60)


def test_flags_of_one_column_are_one_contribution_and_a_number_needs_no_calibration(other_bundle: Bundle) -> None:
    told = explain_golden_row(other_bundle, 3)
    groups = group_features(other_bundle.manifest.schema)
    assert {one["feature"] for one in told["contributions"]} == groups.keys()
    assert max(len(places) for places in groups.values()) > 1
    score = other_bundle.manifest.golden[3].score
    total = add_up(told)
    expected = 1 / (1 + math.exp(-total)) if other_bundle.manifest.schema.task == "binary" else total
    assert expected == pytest.approx(score, rel=1e-4)


def test_an_explanation_is_no_traffic(lenient: httpx.Client, row: dict[str, Any]) -> None:
    before = read_metrics(lenient)
    lenient.post(ROUTE, json=row)
    told = lenient.post(ROUTE, json=row | {"type": "unheard of"}).json()
    assert told["warnings"] == [{"code": "unknown_category", "field": "type"}]
    after = read_metrics(lenient)
    changed = [name for name in after if "rows_total" in name or "unknown" in name if after[name] != before[name]]
    assert changed == []


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "malformed_json", None),
        (b"{}", "missing_field", "type"),
        (b'{"rows": [{}]}', "wrong_shape", "rows"),
        (b'{ "x": 1, "rows": []}', "wrong_shape", "rows"),
    ],
)
def test_what_predict_refuses_is_refused_here(client: httpx.Client, body: bytes, code: str, field: str | None) -> None:
    error = client.post(ROUTE, content=body).json()["error"]
    assert (error["code"], error.get("field")) == (code, field)
