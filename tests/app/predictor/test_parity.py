"""Many thousand rows, served on every path, have the scores that XGBoost gives them."""

import http.client
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from contract.bundle import Bundle
from contract.compute.scoring import PARITY_TOLERANCE, ReferenceModel
from contract.dataset import Dataset
from tests.app.predictor.running import RunningServer
from tests.app.predictor.uploads import list_rows, read_lines, to_csv, upload
from tests.patience import LAST_RESORT_SECONDS
from training.data.load import load_table

pytestmark = pytest.mark.slow

ROWS = 100_000
ONE_BY_ONE = 20_000
REQUEST_ROWS = 10_000


@pytest.fixture(scope="module")
def rows(ai4i: Dataset, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    table = load_table(ai4i, "generator", tmp_path_factory.mktemp("rejected") / "rows.csv", rows=ROWS, seed=11)
    return list_rows(table)


@pytest.fixture(scope="module")
def expected(bundle: Bundle, rows: list[dict[str, Any]]) -> np.ndarray:
    return ReferenceModel.from_bundle(bundle).score_table({name: [row[name] for row in rows] for name in rows[0]})


def check(found: list[float], expected: np.ndarray) -> None:
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, atol=PARITY_TOLERANCE, rtol=0)


def test_one_by_one(server: RunningServer, rows: list[dict[str, Any]], expected: np.ndarray) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LAST_RESORT_SECONDS)
    found = []
    for row in rows[:ONE_BY_ONE]:
        connection.request("POST", "/v1/predict", json.dumps(row), {"content-type": "application/json"})
        found.append(json.loads(connection.getresponse().read())["predictions"][0]["score"])
    connection.close()
    check(found, expected[:ONE_BY_ONE])


def test_as_batches(client: httpx.Client, rows: list[dict[str, Any]], expected: np.ndarray) -> None:
    found = []
    for start in range(0, ROWS, REQUEST_ROWS):
        answer = client.post("/v1/predict", json={"rows": rows[start : start + REQUEST_ROWS]})
        found += [one["score"] for one in answer.json()["predictions"]]
    check(found, expected)


def test_as_tensors(client: httpx.Client, bundle: Bundle, rows: list[dict[str, Any]], expected: np.ndarray) -> None:
    kinds = {"category": "BYTES", "integer": "INT64", "number": "FP64"}
    found = []
    for start in range(0, ROWS, REQUEST_ROWS):
        part = rows[start : start + REQUEST_ROWS]
        inputs = [
            {"name": c.name, "shape": [len(part)], "datatype": kinds[c.type], "data": [row[c.name] for row in part]}
            for c in bundle.manifest.schema.columns
        ]
        answer = client.post(f"/v2/models/{bundle.manifest.name}/infer", json={"inputs": inputs})
        found += answer.json()["outputs"][0]["data"]
    check(found, expected)


def test_as_one_upload(client: httpx.Client, rows: list[dict[str, Any]], expected: np.ndarray) -> None:
    lines, summary = read_lines(upload(client, to_csv(rows)))
    assert summary["scored"] == ROWS
    check([line["score"] for line in lines], expected)


def test_a_score_off_by_more_than_the_tolerance_is_found(expected: np.ndarray) -> None:
    moved = expected.copy()
    moved[ROWS // 2] += 2 * PARITY_TOLERANCE
    with pytest.raises(AssertionError):
        check(moved.tolist(), expected)


def test_the_rows_lie_on_both_sides_of_the_threshold(bundle_folder: Path, bundle: Bundle, expected: np.ndarray) -> None:
    assert bundle.manifest.threshold is not None, bundle_folder
    assert 1000 < np.count_nonzero(expected >= bundle.manifest.threshold) < ROWS // 2
