"""`mlflow models serve` beside the predictor: the same rows, the same scores, decisions and refusals.

`python -m pytest -s` on this file prints the table; with DATA= it is of the published rows.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from contract.bundle import read_bundle
from contract.dataset import Dataset
from tests.app.predictor.running import RunningServer
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port
from tests.training.tracking.elsewhere import load_elsewhere
from training.artifacts import Artifacts
from training.data.load import load_table
from training.data.table import Table
from training.local.pipeline import make_candidate
from training.packaging.package import raw_row
from training.params import Params
from training.tracking.record import read_record
from training.tracking.tracker import Tracker

ROWS = 200
SHOWN = 8
ODD: tuple[dict[str, Any], ...] = (
    {"type": "X"}, {"type": "l"}, {"type": None}, {"type": " M "}, {"type": ""}, {"type": 1}, {"torque_nm": None},
    {"torque_nm": 58}, {"torque_nm": "58"}, {"torque_nm": True}, {"torque_nm": 201}, {"tool_wear_min": 1.5},
    {"tool_wear_min": 191.0}, {"rotational_speed_rpm": 0}, {"air_temperature_k": 1e300},
)  # fmt: skip # a table


class ModelServer:
    """`mlflow models serve` in a process group of its own, in a folder that has nothing of this project."""

    def __init__(self, model: str, uri: str, folder: Path) -> None:
        self.port = take_free_port()
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        options = ["--env-manager", "local", "--host", "127.0.0.1", "--port", str(self.port)]
        self.log = (folder / "serve.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", "models", "serve", "-m", model, *options],
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=folder,
            env={**clean, "MLFLOW_TRACKING_URI": uri, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        )

    def is_up(self) -> bool:
        assert self.process.poll() is None, Path(self.log.name).read_text()
        with contextlib.suppress(httpx.HTTPError):
            return httpx.get(f"http://127.0.0.1:{self.port}/ping", trust_env=False).status_code == 200
        return False

    def ask(self, body: dict[str, Any]) -> httpx.Response:
        return httpx.post(f"http://127.0.0.1:{self.port}/invocations", json=body, trust_env=False)

    def stop(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=LAST_RESORT_SECONDS)
        self.log.close()


@pytest.fixture(scope="module")
def rows(ai4i: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("rows")
    source = os.environ.get("DATA")
    if source:
        return load_table(ai4i, source, folder / "rejected.csv")
    return load_table(ai4i, "generator", folder / "rejected.csv", rows=3000, seed=3)


@pytest.fixture(scope="module")
def artifacts(rows: Table, small_params: Params, tmp_path_factory: pytest.TempPathFactory) -> Artifacts:
    """A trained bundle that is champion in MLflow's file."""
    artifacts = Artifacts(tmp_path_factory.mktemp("served") / "artifacts")
    bundle = make_candidate(artifacts, rows, small_params)
    tracker = Tracker(f"sqlite:///{artifacts.root}/mlflow.db", artifacts.root)
    tracker.log_training(read_record(artifacts.candidate, bundle.digest), artifacts.candidate)
    assert tracker.name_champion(bundle)
    return artifacts


@pytest.fixture(scope="module")
def predictor(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    server = RunningServer(artifacts.candidate, tmp_path_factory.mktemp("predictor") / "log")
    try:
        yield server.wait_until_ready()
    finally:
        server.kill()


@pytest.fixture(scope="module")
def server(artifacts: Artifacts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelServer]:
    folder = tmp_path_factory.mktemp("serving")
    started = ModelServer("models:/ai4i@champion", f"sqlite:///{artifacts.root}/mlflow.db", folder)
    try:
        wait_until(started.is_up, "the start of `mlflow models serve`")
        yield started
    finally:
        started.stop()


def list_rows(table: Table) -> list[dict[str, Any]]:
    """ROWS good rows over the whole table, and each odd one in a good row's place."""
    cases = np.flatnonzero(table.target == 1)[: SHOWN // 2]
    others = np.linspace(0, len(table) - 1, ROWS - len(cases)).astype(int)
    good = [raw_row(table, int(place)) for place in (*cases, *others)]
    return good + [{**good[place], **odd} for place, odd in enumerate(ODD)]


def ask_predictor(predictor: RunningServer, row: dict[str, Any]) -> dict[str, Any] | str:
    """Score and decision, or why the row is refused."""
    answer = httpx.post(f"{predictor.url}/v1/predict", json={"rows": [row]}, trust_env=False)
    if answer.status_code == 422:
        return str(answer.json()["error"]["message"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["predictions"][0])


@pytest.mark.slow
def test_the_loader_and_mlflows_server_answer_as_the_predictor(
    artifacts: Artifacts, predictor: RunningServer, server: ModelServer, rows: Table, tmp_path: Path
) -> None:
    asked = list_rows(rows)
    uri = f"sqlite:///{artifacts.root}/mlflow.db"
    loaded = load_elsewhere("models:/ai4i@champion", [[row] for row in asked], tmp_path, MLFLOW_TRACKING_URI=uri)[
        "answers"
    ]
    differences, refused = [], 0
    for place, (row, found) in enumerate(zip(asked, loaded, strict=True)):
        expected = ask_predictor(predictor, row)
        served = server.ask({"dataframe_records": [row]})
        if isinstance(expected, str):
            refused += 1
            assert found == expected, row
            assert served.status_code == 400
            assert served.json()["message"].endswith(f"Error: {expected}")
        else:
            assert served.status_code == 200, served.text
            [answer] = served.json()["predictions"]
            differences += [abs(found[0]["score"] - expected["score"]), abs(answer["score"] - expected["score"])]
            assert found[0]["decision"] == answer["decision"] == expected["decision"]
        if place < SHOWN or place >= ROWS:
            show(row, expected, found)
    print(f"{len(asked)} rows, {refused} refused by all three, largest difference {max(differences):.1e}")
    assert refused >= 10
    assert max(differences) <= 1e-6


def show(row: dict[str, Any], expected: dict[str, Any] | str, found: Any) -> None:
    if isinstance(expected, str):
        print(f"  refused by all: {expected}")
    else:
        values = " ".join(f"{value!s:>7}" for value in row.values())
        print(
            f"{values} | predictor {expected['score']:.9f} {expected['decision']!s:5} | MLflow {found[0]['score']:.9f}"
        )


@pytest.mark.slow
def test_every_form_of_json_gives_the_same_scores_and_csv_is_refused_by_name(
    artifacts: Artifacts, server: ModelServer, rows: Table
) -> None:
    golden = read_bundle(artifacts.candidate).manifest.golden[:5]
    records = [entry.row for entry in golden]
    names = list(records[0])
    split = {"columns": names, "data": [list(row.values()) for row in records]}
    for body in ({"dataframe_records": records}, {"dataframe_split": split}, {"inputs": records}):
        scores = [one["score"] for one in server.ask(body).json()["predictions"]]
        assert scores == pytest.approx([entry.score for entry in golden], abs=1e-6)
    text = "\n".join([",".join(names), ",".join(map(str, records[0].values()))])
    headers = {"Content-Type": "text/csv"}
    url = f"http://127.0.0.1:{server.port}/invocations"
    refused = httpx.post(url, content=text, headers=headers, trust_env=False)
    assert refused.status_code == 400
    assert "some of the inputs types are not DataType" in refused.text


@pytest.mark.slow
def test_mlflows_own_verbs_take_the_model(artifacts: Artifacts, rows: Table, tmp_path: Path) -> None:
    row = read_bundle(artifacts.candidate).manifest.golden[0]
    (tmp_path / "rows.json").write_bytes(
        httpx.Request("POST", "http://x", json={"dataframe_records": [row.row]}).content
    )
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment = {**clean, "MLFLOW_TRACKING_URI": f"sqlite:///{artifacts.root}/mlflow.db"}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "mlflow", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    model = "models:/ai4i@champion"
    run("models", "predict", "-m", model, "-i", "rows.json", "-o", "out.json", "--env-manager", "local")
    assert f'"score": {row.score:.4f}'[:-1] in (tmp_path / "out.json").read_text()
    run("artifacts", "download", "-u", model, "-d", "fetched")
    assert read_bundle(tmp_path / "fetched" / "data" / "bundle").digest == read_bundle(artifacts.candidate).digest
