"""The prediction log of real predictors: what stands in it, what it never holds up, and how it fails."""

import csv
import io
import json
import math
import signal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.bundle import Bundle
from contract.prediction_log import LoggedLine, LoggedOutcome, LoggedPrediction, bound_share, is_chosen
from tests.app.predictor.running import RunningServer, StartServer, read_sample
from tests.patience import LAST_RESORT_SECONDS, wait_until

DROPPED = "lathe_prediction_log_dropped_rows_total"
ASKED = {"x-lathe-receipt": "1"}

pytestmark = pytest.mark.slow  # a server each

decode = msgspec.json.Decoder(LoggedLine).decode


def read_lines(folder: Path) -> list[LoggedLine]:
    return [decode(line) for path in sorted(folder.iterdir()) for line in path.read_bytes().splitlines()]


def read_predictions(folder: Path) -> list[LoggedPrediction]:
    return [line for line in read_lines(folder) if isinstance(line, LoggedPrediction)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "predictions"
    made.mkdir()
    return made


def start_logging(start_server: StartServer, bundle_folder: Path, folder: Path, **more: object) -> RunningServer:
    return start_server(bundle_folder, prediction_log_folder=folder, **more).wait_until_ready()


def count_logged(server: RunningServer) -> float:
    return read_sample(server, "lathe_prediction_log_rows_total")


def post(server: RunningServer, body: object, **headers: str) -> list[dict[str, Any]]:
    answer = httpx.post(f"{server.url}/v1/predict", json=body, headers=headers, timeout=LAST_RESORT_SECONDS)
    assert answer.status_code == httpx.codes.OK
    return list(answer.json()["predictions"])


def write_csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def make_tensors(rows: list[dict[str, Any]], bundle: Bundle) -> dict[str, Any]:
    kinds = {"number": "FP64", "integer": "INT64", "category": "BYTES"}
    inputs = [
        {
            "name": column.name,
            "shape": [len(rows)],
            "datatype": kinds[column.type],
            "data": [row[column.name] for row in rows],
        }
        for column in bundle.manifest.schema.columns
    ]
    return {"inputs": inputs}


def test_every_row_of_every_route_is_logged_as_it_was_scored(
    start_server: StartServer, bundle_folder: Path, bundle: Bundle, folder: Path
) -> None:
    server = start_logging(start_server, bundle_folder, folder)
    golden = [dict(entry.row) for entry in bundle.manifest.golden]
    for row in golden:
        post(server, row)
    post(server, {"rows": golden})  # a few
    post(server, {"rows": golden * 20})  # many
    httpx.post(f"{server.url}/v1/batch", content=write_csv(golden), headers={"content-type": "text/csv"})
    name = bundle.manifest.name
    answer = httpx.post(f"{server.url}/v2/models/{name}/infer", json=make_tensors(golden, bundle))
    assert answer.status_code == httpx.codes.OK
    httpx.post(f"{server.url}/v1/explain", json=golden[0])  # is not counted as traffic, so not logged
    assert server.stop() == 0
    logged = read_predictions(folder)
    assert len(logged) == len(golden) * 24
    assert {(line.model, line.version, line.share) for line in logged} == {(name, bundle.manifest.version, 1.0)}
    expected = {json.dumps(entry.row, sort_keys=True): entry.score for entry in bundle.manifest.golden}
    for line in logged:
        assert isinstance(line.score, float)
        assert math.isclose(line.score, expected[json.dumps(tidy(line.row, bundle), sort_keys=True)], abs_tol=1e-6)
        assert line.decision is (line.score >= (bundle.manifest.threshold or 0))
        assert line.receipt is msgspec.UNSET


def tidy(row: dict[str, Any], bundle: Bundle) -> dict[str, Any]:
    """With integers as the golden rows have them."""
    golden = bundle.manifest.golden[0].row
    return {name: int(value) if isinstance(golden[name], int) else value for name, value in row.items()}


def test_outcomes_are_logged_by_the_receipts_id_once(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], folder: Path
) -> None:
    server = start_logging(start_server, bundle_folder, folder)
    receipts = [one["receipt"] for one in post(server, {"rows": [row] * 3}, **ASKED) + post(server, row, **ASKED)]
    labels = [{"receipt": receipt, "outcome": index == 0} for index, receipt in enumerate(receipts)]
    for _ in range(2):
        httpx.post(f"{server.url}/v1/feedback", json={"feedback": labels}).raise_for_status()
    assert server.stop() == 0
    ids = {line.receipt for line in read_predictions(folder)}
    outcomes = [line for line in read_lines(folder) if isinstance(line, LoggedOutcome)]
    assert len(ids) == len(outcomes) == 4
    assert {line.receipt for line in outcomes} == ids
    assert sorted(line.outcome for line in outcomes) == [0.0, 0.0, 0.0, 1.0]


def test_what_is_missing_is_null(
    start_server: StartServer, lenient_folder: Path, row: dict[str, Any], folder: Path
) -> None:
    server = start_logging(start_server, lenient_folder, folder)
    category = next(name for name, value in row.items() if isinstance(value, str))
    post(server, row | {category: "never seen"})
    post(server, {"rows": [row, row | {category: "never seen"}]})
    assert server.stop() == 0
    assert [line.row[category] for line in read_predictions(folder)] == [None, row[category], None]


def test_fields_that_are_left_out_stand_nowhere_in_the_log(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], folder: Path
) -> None:
    first, *rest = row
    server = start_logging(start_server, bundle_folder, folder, prediction_log_leave_out=f"{first},receipt,score")
    receipts = [one["receipt"] for one in post(server, row, **ASKED) + post(server, {"rows": [row] * 2}, **ASKED)]
    labels = [{"receipt": receipt, "outcome": True} for receipt in receipts]
    httpx.post(f"{server.url}/v1/feedback", json={"feedback": labels}).raise_for_status()
    assert server.stop() == 0
    lines = [json.loads(line) for path in folder.iterdir() for line in path.read_bytes().splitlines()]
    assert [set(line) for line in lines] == [{"kind", "time", "model", "version", "share", "row", "decision"}] * 3
    assert all(list(line["row"]) == rest for line in lines)


def test_a_field_that_the_model_does_not_have_ends_the_start_in_one_line(
    start_server: StartServer, bundle_folder: Path, folder: Path
) -> None:
    server = start_server(bundle_folder, prediction_log_folder=folder, prediction_log_leave_out="colour")
    assert server.process.wait(LAST_RESORT_SECONDS) == 2
    last = server.log.read_text().splitlines()[-1]
    assert last.startswith("setting LATHE_PREDICTION_LOG_LEAVE_OUT names 'colour', which ")
    assert "Traceback" not in server.log.read_text()


def test_a_folder_that_is_not_there_ends_the_start_in_one_line(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path
) -> None:
    server = start_server(bundle_folder, prediction_log_folder=tmp_path / "nowhere")
    assert server.process.wait(LAST_RESORT_SECONDS) == 2
    assert server.log.read_text().splitlines()[-1].endswith("is no folder, expected one that can be written")


def test_the_share_is_chosen_by_the_receipt_so_that_any_replica_knows_an_outcomes_row(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text("k" * 32)
    settings = {"prediction_log_share": 0.25, "receipt_key_file": key}
    one, other = (start_logging(start_server, bundle_folder, folder, **settings) for _ in range(2))
    receipts = [found["receipt"] for found in post(one, {"rows": [row] * 400}, **ASKED)]
    receipts += [post(one, row, **ASKED)[0]["receipt"] for _ in range(40)]
    labels = [{"receipt": receipt, "outcome": False} for receipt in receipts]
    httpx.post(f"{other.url}/v1/feedback", json={"feedback": labels}).raise_for_status()
    post(one, {"rows": [row] * 400})  # without a receipt
    assert [server.stop() for server in (one, other)] == [0, 0]
    predictions = read_predictions(folder)
    with_receipt = {line.receipt for line in predictions} - {msgspec.UNSET}
    assert {line.receipt for line in read_lines(folder) if isinstance(line, LoggedOutcome)} == with_receipt
    assert abs(len(with_receipt) - 110) <= 4
    assert abs(len(predictions) - len(with_receipt) - 100) <= 4
    assert {line.share for line in read_lines(folder)} == {0.25}


@given(
    share=st.sampled_from([0.01, 0.05, 0.1, 0.5]),
    first=st.integers(0, 2**64),
    period=st.integers(1, 50),
)
def test_a_share_of_every_periodic_part_of_the_traffic_is_chosen(share: float, first: int, period: int) -> None:
    """Twenty machines that send in turn are all in a share of one in twenty."""
    bound = bound_share(share)
    rows = 20_000
    chosen = sum(is_chosen(first + index * period, bound) for index in range(rows))
    assert abs(chosen / rows - share) < share / 2


def test_a_log_whose_disk_is_full_counts_what_it_drops_and_answers_go_on(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], folder: Path
) -> None:
    """The limit on a file's size fails a write as a full disk does."""
    server = start_server(bundle_folder, "prlimit", "--fsize=20000", prediction_log_folder=folder).wait_until_ready()
    post(server, {"rows": [row] * 1000})
    wait_until(lambda: read_sample(server, DROPPED, 'reason="write"') > 0, "a dropped row")
    post(server, {"rows": [row] * 1000})
    wait_until(lambda: count_logged(server) + read_sample(server, DROPPED) == 2000, "every row")
    assert server.stop() == 0
    assert all(path.read_bytes().endswith(b"}\n") for path in folder.iterdir())
    said = [line for line in server.log.read_text().splitlines() if "prediction_log_failed" in line]
    assert len(said) == 1


def test_a_log_whose_folder_is_gone_counts_what_it_drops_until_it_is_back(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], folder: Path
) -> None:
    server = start_logging(start_server, bundle_folder, folder)
    post(server, row)
    wait_until(lambda: count_logged(server) == 1, "the first row in the log")
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    post(server, row)
    wait_until(lambda: read_sample(server, DROPPED, 'reason="write"') == 1, "the dropped row")
    folder.mkdir()

    def is_logged() -> bool:
        post(server, row)
        return count_logged(server) > 1

    wait_until(is_logged, "a row in the new folder")
    assert server.stop() == 0
    assert server.log.read_text().count("prediction_log_failed") == 1


def test_what_does_not_fit_into_the_queue_is_dropped_and_counted_and_still_answered(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], folder: Path
) -> None:
    server = start_logging(start_server, bundle_folder, folder, prediction_log_queue_rows=10)
    assert len(post(server, {"rows": [row] * 11})) == 11
    assert read_sample(server, DROPPED, 'reason="queue"') == 11
    assert server.stop() == 0
    assert read_lines(folder) == []


def test_a_killed_predictor_leaves_whole_lines_but_perhaps_the_last(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any], folder: Path
) -> None:
    server = start_logging(start_server, bundle_folder, folder)
    post(server, {"rows": [row] * 500})
    wait_until(lambda: count_logged(server) == 500, "the rows in the log")
    assert server.stop(signal.SIGKILL) == -signal.SIGKILL
    assert len(read_predictions(folder)) == 500


def test_without_a_folder_there_is_no_log_and_no_metric(server: RunningServer, row: dict[str, Any]) -> None:
    post(server, row)
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    assert [line for line in lines if line.startswith("lathe_prediction_log")] == []
