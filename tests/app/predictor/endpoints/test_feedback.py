"""POST /v1/feedback on real servers: any replica counts, once, whatever was answered when."""

import asyncio
import json
import secrets
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from app.predictor.application import Application, create_app
from app.predictor.endpoints import feedback
from app.predictor.receipts.outcomes import ReportedOutcome
from app.predictor.scoring.model import ServedModel
from app.predictor.settings import read_settings
from contract.bundle import Bundle
from tests.app.predictor.running import RunningServer, StartServer, read_metrics
from tests.patience import LAST_RESORT_SECONDS, wait_until

ROUTE = "/v1/feedback"
ASKED = {"x-lathe-receipt": "1"}


def take_receipts(client: httpx.Client, body: object) -> list[dict[str, Any]]:
    return list(client.post("/v1/predict", json=body, headers=ASKED).json()["predictions"])


def tell(client: httpx.Client, receipt: str, outcome: object) -> httpx.Response:
    return client.post(ROUTE, json={"receipt": receipt, "outcome": outcome})


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("field")


def count(client: httpx.Client, name: str, *labels: str) -> float:
    return sum(
        value
        for key, value in read_metrics(client).items()
        if key.startswith(name) and all(label in key for label in labels)
    )


def test_a_receipt_is_given_only_when_it_is_asked_for(client: httpx.Client, row: dict[str, Any]) -> None:
    plain = client.post("/v1/predict", json=row).json()["predictions"][0]
    asked = take_receipts(client, row)[0]
    assert plain.keys() == {"score", "decision"}
    assert {name: asked[name] for name in plain} == plain
    assert asked["receipt"].startswith("r1.")
    assert client.post("/v1/predict", json=row, headers={"x-lathe-receipt": "no"}).json()["predictions"][0] == plain


@pytest.mark.parametrize("size", [2, 100])
def test_every_row_of_a_request_has_a_receipt_of_its_own(client: httpx.Client, row: dict[str, Any], size: int) -> None:
    before = count(client, "lathe_receipts_total")
    receipts = [one["receipt"] for one in take_receipts(client, {"rows": [row] * size})]
    assert len(set(receipts)) == size
    assert count(client, "lathe_receipts_total") - before == size
    outcomes = [{"receipt": receipt, "outcome": False} for receipt in receipts]
    entries = client.post(ROUTE, json={"feedback": outcomes}).json()["feedback"]
    assert [entry["duplicate"] for entry in entries] == [False] * size


def test_uploads_have_receipts_too(client: httpx.Client, row: dict[str, Any]) -> None:
    csv = ",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n"
    for accept in ("text/csv", "application/x-ndjson"):
        answer = client.post("/v1/batch", content=csv, headers=ASKED | {"content-type": "text/csv", "accept": accept})
        first = answer.text.splitlines()[1 if accept == "text/csv" else 0]
        receipt = first.rpartition(",")[2] if accept == "text/csv" else json.loads(first)["receipt"]
        assert tell(client, receipt, True).status_code == httpx.codes.OK


def test_an_outcome_becomes_a_confusion_count_of_its_version(
    client: httpx.Client, bundle: Bundle, row: dict[str, Any]
) -> None:
    prediction = take_receipts(client, row)[0]
    expected = "true_positive" if prediction["decision"] else "false_negative"
    labels = (f'outcome="{expected}"', f'model_version="{bundle.manifest.version}"')
    before = count(client, "lathe_feedback_total", *labels)
    answer = tell(client, prediction["receipt"], True).json()
    assert answer["feedback"] == [
        {
            "model_version": bundle.manifest.version,
            "score": prediction["score"],
            "decision": prediction["decision"],
            "outcome": expected,
            "duplicate": False,
        }
    ]
    assert count(client, "lathe_feedback_total", *labels) - before == 1


def test_telling_it_again_changes_nothing_and_another_outcome_is_refused(
    client: httpx.Client, row: dict[str, Any]
) -> None:
    receipt = take_receipts(client, row)[0]["receipt"]
    first = tell(client, receipt, True).json()["feedback"][0]
    before = count(client, "lathe_feedback_total")
    again = tell(client, receipt, True).json()["feedback"][0]
    assert again == first | {"duplicate": True}
    assert refusal(tell(client, receipt, False)) == (409, "feedback_conflict", None)
    assert count(client, "lathe_feedback_total") == before


def test_a_request_counts_wholly_or_not_at_all(client: httpx.Client, row: dict[str, Any]) -> None:
    receipts = [one["receipt"] for one in take_receipts(client, {"rows": [row] * 3})]
    before = count(client, "lathe_feedback_total")
    good = [{"receipt": receipt, "outcome": True} for receipt in receipts]
    forged = {"receipt": receipts[0][:-6] + "AAAAAA", "outcome": True}
    assert refusal(client.post(ROUTE, json={"feedback": [*good, forged]}))[1:] == (
        "receipt_invalid",
        "feedback[3].receipt",
    )
    split = [*good, {"receipt": receipts[0], "outcome": False}]
    assert refusal(client.post(ROUTE, json={"feedback": split}))[1] == "feedback_conflict"
    assert count(client, "lathe_feedback_total") == before
    assert client.post(ROUTE, json={"feedback": good + good}).status_code == httpx.codes.OK
    assert count(client, "lathe_feedback_total") == before + 3


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ("null", "wrong_type", None),
        ("{}", "missing_field", "receipt"),
        ('{"receipt": "x"}', "missing_field", "outcome"),
        ('{"receipt": "x", "outcome": 1}', "wrong_type", "outcome"),
        ('{"receipt": "x", "outcome": "yes"}', "wrong_type", "outcome"),
        ('{"receipt": "x", "outcome": null}', "wrong_type", "outcome"),
        ('{"receipt": 1, "outcome": true}', "wrong_type", "receipt"),
        ('{"receipt": "x", "outcome": true, "secret": 1}', "unknown_field", None),
        ('{"receipt": "x", "outcome": true}', "receipt_invalid", "receipt"),
        ('{"receipt": "x", "receipt": "x", "outcome": true}', "repeated_name", None),
        ('{"feedback": {}}', "wrong_type", "feedback"),
        ('{"feedback": []}', "no_rows", "feedback"),
        ('{"feedback": [], "more": 1}', "wrong_type", "feedback"),
        ('{"feedback": [1]}', "wrong_type", "feedback[0]"),
        ('{"feedback": [' + ",".join(["1"] * 1001) + "]}", "too_many_rows", "feedback"),
        # refused by what stands in the body, before half a second goes by over half a megabyte of it
        ('{"receipt": [' + "{}," * 1002 + '1], "receipt": "x", "outcome": true}', "too_many_rows", "feedback"),
        ('{"feedback": [' + "[]," * 160_000 + "1]}", "too_many_rows", "feedback"),
        ('{"receipt": "' + "x" * feedback.MAX_BODY_BYTES + '"}', "body_too_large", None),
    ],
)
def test_bad_feedback_is_refused_with_a_stable_code(
    client: httpx.Client, body: str, code: str, field: str | None
) -> None:
    answer = client.post(ROUTE, content=body, headers={"content-type": "application/json"})
    assert refusal(answer)[1:] == (code, field)
    assert "secret" not in answer.text


@pytest.mark.slow
def test_it_does_not_matter_which_replica_answered_or_whether_it_was_restarted(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path, row: dict[str, Any]
) -> None:
    key = tmp_path / "key"
    key.write_text(secrets.token_hex(32))
    first, second = (start_server(bundle_folder, receipt_key_file=key).wait_until_ready() for _ in range(2))
    with httpx.Client(base_url=first.url) as client:
        receipts = [one["receipt"] for one in take_receipts(client, {"rows": [row] * 2})]
    assert first.stop() == 0
    again = start_server(bundle_folder, receipt_key_file=key).wait_until_ready()
    for server, receipt in ((second, receipts[0]), (again, receipts[1])):
        with httpx.Client(base_url=server.url) as client:
            assert tell(client, receipt, True).status_code == httpx.codes.OK
            assert count(client, "lathe_feedback_total") == 1
        assert "no receipt key" not in server.log.read_text()
    stranger = start_server(bundle_folder).wait_until_ready()
    with httpx.Client(base_url=stranger.url) as client:
        assert refusal(tell(client, receipts[0], True)) == (403, "receipt_invalid", "receipt")
    assert stranger.log.read_text().count("no receipt key is set") == 1


@pytest.mark.slow
def test_a_folder_of_all_replicas_counts_an_outcome_once_over_the_fleet(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path, row: dict[str, Any]
) -> None:
    key, folder = tmp_path / "key", tmp_path / "feedback"
    key.write_text(secrets.token_hex(32))
    folder.mkdir()

    def start() -> RunningServer:
        return start_server(bundle_folder, receipt_key_file=key, feedback_folder=folder)

    first, second = start().wait_until_ready(), start().wait_until_ready()
    with httpx.Client(base_url=first.url) as client:
        receipts = [one["receipt"] for one in take_receipts(client, {"rows": [row] * 3})]
        assert tell(client, receipts[0], True).json()["feedback"][0]["duplicate"] is False
        before = count(client, "lathe_feedback_total")
    first.kill()  # as a node dies: nothing is written on the way out
    again = start().wait_until_ready()
    for server in (second, again):
        with httpx.Client(base_url=server.url) as client:
            assert tell(client, receipts[0], True).json()["feedback"][0]["duplicate"] is True
            assert refusal(tell(client, receipts[0], False)) == (409, "feedback_conflict", None)
            assert count(client, "lathe_feedback_duplicates_total") == 1
    asked = {"feedback": [{"receipt": receipt, "outcome": True} for receipt in receipts]}
    with ThreadPoolExecutor(8) as pool:  # a sender that retries at once, over both
        sent = [pool.submit(httpx.post, f"{server.url}{ROUTE}", json=asked) for server in (second, again) * 10]
        entries = [one.result().json()["feedback"] for one in sent]
    assert [sum(not entry[index]["duplicate"] for entry in entries) for index in range(3)] == [0, 1, 1]
    fleet = 0.0
    for server in (second, again):
        with httpx.Client(base_url=server.url) as client:
            fleet += count(client, "lathe_feedback_total")
    assert (before, fleet) == (1, 2)


@pytest.mark.slow
def test_replicas_that_contradict_each_other_lose_no_first_outcome(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path, row: dict[str, Any]
) -> None:
    key, folder = tmp_path / "key", tmp_path / "feedback"
    key.write_text(secrets.token_hex(32))
    folder.mkdir()
    servers = [
        start_server(bundle_folder, receipt_key_file=key, feedback_folder=folder).wait_until_ready() for _ in range(2)
    ]
    first, second = servers
    with httpx.Client(base_url=first.url) as client:
        receipts = [one["receipt"] for one in take_receipts(client, {"rows": [row] * 1000})]
    with ThreadPoolExecutor(1) as pool, httpx.Client(base_url=second.url) as other:
        body = {"feedback": [{"receipt": receipt, "outcome": True} for receipt in receipts]}
        sent = pool.submit(httpx.post, f"{first.url}{ROUTE}", json=body)
        wait_until(lambda: any(folder.glob("*/*")), "the first note")
        first.process.send_signal(signal.SIGSTOP)  # in the middle of the request, as a busy node does it
        try:
            answers = [tell(other, receipts[0], True), tell(other, receipts[-1], False)]
        finally:
            first.process.send_signal(signal.SIGCONT)
        # where the signal came too late, the whole request was noted, and stands
        assert (answers[1].status_code, sent.result().status_code) in ((200, 409), (409, 200))
    assert answers[0].json()["feedback"][0]["duplicate"] is True
    counted = 0.0
    for server in servers:
        with httpx.Client(base_url=server.url) as client:
            counted += count(client, "lathe_feedback_total")
    assert counted == sum(1 for _ in folder.glob("*/*"))
    assert counted >= 2  # what was called a duplicate was counted by the other


@pytest.mark.slow
def test_a_folder_that_goes_away_is_told_and_nothing_is_counted_until_it_is_back(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path, row: dict[str, Any]
) -> None:
    folder, away = tmp_path / "feedback", tmp_path / "away"
    folder.mkdir()
    server = start_server(bundle_folder, feedback_folder=folder).wait_until_ready()
    with httpx.Client(base_url=server.url) as client:
        receipt = take_receipts(client, row)[0]["receipt"]
        folder.rename(away)
        answer = tell(client, receipt, True)
        assert refusal(answer) == (503, "feedback_unavailable", None)
        assert answer.headers["retry-after"] == "1"
        assert client.post("/v1/predict", json=row).status_code == httpx.codes.OK
        assert count(client, "lathe_feedback_total") == 0
        away.rename(folder)
        assert tell(client, receipt, True).json()["feedback"][0]["duplicate"] is False
        assert count(client, "lathe_feedback_total") == 1
    assert "feedback_folder_failed" in server.log.read_text()
    assert str(folder) not in answer.text


@pytest.mark.slow
def test_a_feedback_folder_that_is_not_there_ends_the_start_with_one_line(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path
) -> None:
    server = start_server(bundle_folder, feedback_folder=tmp_path / "nowhere")
    assert server.process.wait(timeout=LAST_RESORT_SECONDS) == 2
    assert "nowhere cannot be written: No such file or directory" in server.log.read_text().splitlines()[-1]


def test_a_folder_that_hangs_is_told_in_time_and_what_it_took_counts_once(
    bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(read_settings(feedback_folder=tmp_path))
    hangs, use = threading.Event(), app.services.used_receipts.use

    def wait_and_use(labels: Sequence[ReportedOutcome]) -> list[bool]:
        hangs.wait(LAST_RESORT_SECONDS)
        return use(labels)

    monkeypatch.setattr(app.services.used_receipts, "use", wait_and_use)
    monkeypatch.setattr(feedback, "NOTE_SECONDS", 0.1)
    monkeypatch.setattr(feedback, "MAX_UNDER_WAY", 3)
    app.install_model(ServedModel(bundle, 1))
    golden = dict(bundle.manifest.golden[0].row)

    async def ask() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            given = await client.post("/v1/predict", json=golden, headers=ASKED)
            told = {"receipt": given.json()["predictions"][0]["receipt"], "outcome": True}
            for _ in range(4):
                assert refusal(await client.post(ROUTE, json=told)) == (503, "feedback_unavailable", None)
            hangs.set()
            monkeypatch.setattr(feedback, "NOTE_SECONDS", 10)
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})  # what goes on although nobody waits
            assert (await client.post(ROUTE, json=told)).json()["feedback"][0]["duplicate"] is True

    asyncio.run(ask())
    sums = app.services.feedback.versions[bundle.manifest.version]
    assert (sum(sums.outcomes.values()), sums.duplicates) == (1, 3)


@pytest.mark.slow
def test_a_short_receipt_key_ends_the_start_with_one_line(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("short")
    server = start_server(bundle_folder, receipt_key_file=key)
    assert server.process.wait(timeout=LAST_RESORT_SECONDS) == 2
    assert "at least 32 bytes" in server.log.read_text().splitlines()[-1]


def serve_here(bundle: Bundle) -> Application:
    app = create_app(read_settings())
    app.install_model(ServedModel(bundle, 1))
    return app


def test_another_dataset_is_labelled_by_its_own_kind_of_outcome(other_bundle: Bundle) -> None:
    app = serve_here(other_bundle)
    is_event = other_bundle.manifest.schema.task == "binary"
    golden = other_bundle.manifest.golden[0]

    async def ask() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answer = await client.post("/v1/predict", content=msgspec.json.encode(golden.row), headers=ASKED)
            receipt = answer.json()["predictions"][0]["receipt"]
            wrong = await client.post(ROUTE, json={"receipt": receipt, "outcome": 12.5 if is_event else True})
            assert wrong.json()["error"]["code"] == "wrong_type"
            right = await client.post(ROUTE, json={"receipt": receipt, "outcome": True if is_event else 12.5})
            assert right.json()["feedback"][0]["duplicate"] is False
            sums = app.services.feedback.versions[other_bundle.manifest.version]
            error = golden.score - (1.0 if is_event else 12.5)
            assert sums.absolute == pytest.approx(abs(error), rel=1e-5, abs=1e-5)
            assert sum(sums.squared.values()) == pytest.approx(error**2, rel=1e-5, abs=1e-5)
            assert sum(sums.outcomes.values()) == 1

    asyncio.run(ask())
