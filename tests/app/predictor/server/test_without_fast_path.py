"""Without the fast path every request goes through ASGI, and every answer is the same."""

from typing import Any

import httpx
import pytest

from contract.bundle import Bundle
from tests.app.predictor.questions import Question, make_questions, read_lines
from tests.app.predictor.running import RunningServer, StartServer, dumps, read_sample
from tests.patience import LAST_RESORT_SECONDS

OFTEN = 20
VARYING = ("date", "x-request-id", "content-length")

pytestmark = pytest.mark.slow


def make_refused(row: dict[str, Any]) -> dict[str, Question]:
    name = next(name for name, value in row.items() if not isinstance(value, str))
    return {
        "no JSON": Question("/v1/predict", "application/json", b"{"),
        "another media type": Question("/v1/predict", "text/plain", dumps(row)),
        "a text for a number": Question("/v1/predict", "application/json", dumps(row | {name: "hot"})),
        "a field too many": Question("/v1/predict", "application/json", dumps(row | {"shift": "night"})),
        "a receipt of nobody": Question("/v1/feedback", "application/json", dumps({"receipt": "x", "outcome": True})),
        "a model of another name": Question("/v2/models/other/infer", "application/json", b"{}"),
    }


def put(server: RunningServer, question: Question) -> tuple[int, dict[str, str], Any]:
    with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as session:
        answer = session.post(question.target, content=question.body, headers={"content-type": question.content_type})
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    return answer.status_code, headers, read_lines(answer.content)


def test_every_answer_is_the_same_without_it(
    server: RunningServer, start_server: StartServer, bundle_folder: Any, bundle: Bundle
) -> None:
    plain = start_server(bundle_folder, fast_path=False).wait_until_ready()
    row = dict(bundle.manifest.golden[0].row)
    for what, question in {**make_questions(bundle, row), **make_refused(row)}.items():
        assert put(plain, question) == put(server, question), what


def test_many_rows_on_one_connection_are_counted_and_drained_without_it(
    start_server: StartServer, bundle_folder: Any, bundle: Bundle
) -> None:
    plain = start_server(bundle_folder, fast_path=False).wait_until_ready()
    body = dumps(dict(bundle.manifest.golden[0].row))
    with httpx.Client(base_url=plain.url, timeout=LAST_RESORT_SECONDS) as session:
        for _ in range(OFTEN):
            answer = session.post("/v1/predict", content=body, headers={"content-type": "application/json"})
            assert answer.json()["predictions"][0]["score"] == pytest.approx(bundle.manifest.golden[0].score, abs=1e-6)
    count = read_sample(plain, "lathe_requests_total", 'route="/v1/predict"', 'code="200"')
    assert count == OFTEN
    assert plain.stop() == 0
