"""Every route: its error shape, its headers, and counters that add up to the requests sent."""

import asyncio
import json
import random
import string
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.application import create_app
from app.predictor.scoring.loading import begin_loading
from app.predictor.settings import read_settings
from contract.bundle import Bundle
from tests.app.predictor.running import RunningServer, read_metrics

OK, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, CONFLICT, UNPROCESSABLE, UNAVAILABLE = 200, 403, 404, 405, 409, 422, 503


def assert_error_shape(answer: httpx.Response) -> None:
    """The one shape of every error, and the protocol's own under /v2."""
    told = answer.json()
    assert answer.status_code >= 400
    assert answer.headers["content-type"] == "application/json"
    assert told["request_id"] == answer.headers["x-request-id"]
    if answer.request.url.path.startswith("/v2"):
        assert isinstance(told["error"], str)
        assert isinstance(told["code"], str)
        assert told.keys() <= {"error", "code", "field", "request_id"}
    else:
        assert told.keys() == {"error", "request_id"}
        assert {"code", "message"} <= told["error"].keys() <= {"code", "message", "field"}
    assert len(answer.content) < 4096


def list_operations(client: httpx.Client, bundle: Bundle) -> list[tuple[str, str]]:
    document = client.get("/openapi.json").json()
    names = {"{name}": bundle.manifest.name, "{version}": bundle.manifest.version}
    operations = []
    for path, methods in document["paths"].items():
        filled = path
        for parameter, value in names.items():
            filled = filled.replace(parameter, value)
        operations += [(method.upper(), filled) for method in methods]
    return operations


def test_every_route_refuses_another_method_in_one_shape(client: httpx.Client, bundle: Bundle) -> None:
    operations = list_operations(client, bundle)
    assert ("POST", "/v1/predict") in operations
    for _, path in operations:
        for method in ("DELETE", "PATCH"):
            answer = client.request(method, path)
            assert answer.status_code == NOT_ALLOWED
            assert_error_shape(answer)


def test_every_post_route_refuses_nonsense_in_one_shape(client: httpx.Client, bundle: Bundle) -> None:
    for method, path in list_operations(client, bundle):
        if method != "POST":
            continue
        for body, content_type in ((b"{", "application/json"), (b"{}", "application/json"), (b"x", "text/html")):
            answer = client.post(path, content=body, headers={"content-type": content_type})
            assert answer.status_code in (400, 415, 422)
            assert_error_shape(answer)


def test_every_get_route_answers(client: httpx.Client, bundle: Bundle) -> None:
    for method, path in list_operations(client, bundle):
        if method == "GET":
            answer = client.get(path)
            assert answer.status_code == OK, path
            assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1/predict/", "/v2/models/other", "/v2/models/other/infer", "/%00", "/docs"]
)
def test_what_is_not_there_is_told_in_one_shape(client: httpx.Client, path: str) -> None:
    answer = client.get(path) if "infer" not in path else client.post(path, json={})
    assert answer.status_code == NOT_FOUND
    assert_error_shape(answer)


def test_readyz_reports_the_bundle(client: httpx.Client, bundle: Bundle) -> None:
    told = client.get("/readyz").json()
    manifest = bundle.manifest
    assert told == {"status": "ready", "name": manifest.name, "version": manifest.version, "digest": bundle.digest}


def test_the_model_card_holds_what_a_person_asks_for(client: httpx.Client, bundle: Bundle) -> None:
    card = client.get("/v1/model").json()
    assert card["digest"] == bundle.digest
    assert card["threshold"] == bundle.manifest.threshold
    assert card["engine"] == "onnxruntime"
    assert bundle.manifest.rows is not None
    assert card["rows"] is None  # the digests of the rows are the gate's
    assert 'lathe_engine_info{engine="onnxruntime",' in client.get("/metrics").text
    assert card["metrics"]["pr_auc"] == {"mean": 0.9, "low": 0.88, "high": 0.92}
    assert [column["name"] for column in card["schema"]["columns"]] == [c.name for c in bundle.manifest.schema.columns]


def test_the_document_shows_the_schema_with_examples_that_work(client: httpx.Client, bundle: Bundle) -> None:
    document = client.get("/openapi.json").json()
    properties = document["components"]["schemas"]["Row"]["properties"]
    assert list(properties) == [column.name for column in bundle.manifest.schema.columns]
    content = document["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        assert client.post("/v1/predict", json=example["value"]).status_code == OK


def count_by_status(samples: dict[str, float]) -> Counter[int]:
    """Requests counted so far, summed over the routes."""
    found = Counter[int]()
    for name, value in samples.items():
        if name.startswith("lathe_requests_total"):
            found[int(name.split('code="')[1].split('"')[0])] += int(value)
    return found


def test_counters_add_up_to_the_requests_sent(client: httpx.Client, bundle: Bundle, row: dict[str, Any]) -> None:
    before = read_metrics(client)
    answers: list[httpx.Response] = []

    def post(path: str, body: object, **headers: str) -> httpx.Response:
        answers.append(client.post(path, json=body, headers=headers))
        return answers[-1]

    bodies: list[object] = [row, {"rows": [row] * 3}, {"rows": [row] * 100}, {}, {"rows": []}]
    for body in bodies:
        post("/v1/predict", body)
    column = bundle.manifest.schema.columns[-1].name
    post("/v1/explain", row)
    post("/v1/sweep", {"row": row, "column": column})
    post("/v1/sweep", {"row": row, "column": "no such"})
    tensors = [
        {
            "name": one.name,
            "shape": [2],
            "datatype": "BYTES" if one.type == "category" else "FP64",
            "data": [row[one.name]] * 2,
        }
        for one in bundle.manifest.schema.columns
    ]
    post(f"/v2/models/{bundle.manifest.name}/infer", {"inputs": tensors})
    post(f"/v2/models/{bundle.manifest.name}/infer", {"inputs": tensors[1:]})
    lines = "".join(json.dumps(one) + "\n" for one in (row, {}, row)).encode()
    answers.append(client.post("/v1/batch", content=lines, headers={"content-type": "application/x-ndjson"}))
    receipt = post("/v1/predict", row, **{"x-lathe-receipt": "1"}).json()["predictions"][0]["receipt"]
    for told, outcome in ((receipt, False), (receipt, False), (receipt, True), ("forged", False)):
        post("/v1/feedback", {"receipt": told, "outcome": outcome})
    answers += [client.get(path) for path in ("/healthz", "/readyz", "/nothing", "/v1/model", "/v2")]
    after = read_metrics(client)

    def grown(prefix: str) -> float:
        return sum(value - before.get(name, 0) for name, value in after.items() if name.startswith(prefix))

    sent = Counter(answer.status_code for answer in answers)
    sent[OK] += 1  # the first scrape counts in the second
    assert count_by_status(after) - count_by_status(before) == sent
    assert sent.keys() == {OK, FORBIDDEN, NOT_FOUND, CONFLICT, UNPROCESSABLE}
    assert grown("lathe_request_duration_seconds_count") == sent.total()
    scored = 1 + 3 + 100 + 2 + 2 + 1  # explanations and sweeps are questions, not traffic
    assert grown("lathe_predicted_rows_total") == scored
    assert grown("lathe_score_rows_total") == scored
    assert grown("lathe_rejected_rows_total") == 1
    refused = [answer for answer in answers if answer.status_code in (FORBIDDEN, CONFLICT, UNPROCESSABLE)]
    assert grown("lathe_rejected_requests_total") == len(refused) == 6
    for name in ("lathe_receipts_total", "lathe_feedback_total", "lathe_feedback_duplicates_total"):
        assert grown(name) == 1, name
    features = {name.split('feature="')[1].split('"')[0] for name in after if name.startswith("lathe_feature_rows")}
    for feature in features:
        rows = {name for name in after if name.startswith("lathe_feature_rows") and f'feature="{feature}"' in name}
        assert sum(after[name] - before[name] for name in rows) == scored


def test_strange_paths_and_methods_make_no_new_series(client: httpx.Client) -> None:
    letters = random.Random(1)
    client.get("/first-unmatched")
    client.post("/first-unmatched")
    before = set(read_metrics(client))
    for _ in range(50):
        path = "".join(letters.choices(string.ascii_letters + "/-._~", k=12))
        client.request(letters.choice(["GET", "POST"]), "/x" + path)
    assert set(read_metrics(client)) == before


def test_a_forged_line_break_stays_inside_its_log_line(server: RunningServer, client: httpx.Client) -> None:
    client.post("/v1/predict", content=b"{", headers={"x-request-id": "logged-1"})
    client.get("/v1/%0d%0aforged", headers={"x-request-id": "forged"})
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert [line["status"] for line in lines if line.get("request_id") == "logged-1"] == [400]


def test_it_is_alive_but_not_ready_until_the_bundle_is_verified(bundle_folder: Path, row: dict[str, Any]) -> None:
    settings = read_settings(bundle=bundle_folder)
    app = create_app(settings)
    transport = httpx.ASGITransport(app)

    async def ask() -> None:
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get("/healthz")).status_code == OK
            for answer in (await client.get("/readyz"), await client.post("/v1/predict", json=row)):
                assert answer.status_code == UNAVAILABLE
                assert answer.headers["retry-after"] == "1"
                assert_error_shape(answer)
            assert (await client.get("/v1/model")).status_code == UNAVAILABLE
            assert 'lathe_ready{model_name="",model_version=""} 0.0' in (await client.get("/metrics")).text
            await app.load(begin_loading(settings))
            assert (await client.get("/readyz")).status_code == OK
            assert (await client.post("/v1/predict", json=row)).status_code == OK

    asyncio.run(ask())
