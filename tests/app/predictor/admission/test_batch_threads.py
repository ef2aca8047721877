"""Room for batches, and the threads that score them."""

import asyncio
import os
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.admission.batch_threads import BATCH_NICENESS, BatchThreads
from app.predictor.application import create_app
from app.predictor.counters import Counters
from app.predictor.endpoints.infer import infer_paths
from app.predictor.http.errors import NotServingError
from app.predictor.scoring.model import ServedModel
from app.predictor.settings import read_settings
from contract.bundle import Bundle
from tests.app.predictor.running import StartServer


def test_a_batch_takes_its_room_at_once_and_gives_it_back() -> None:
    counters = Counters([], [])
    threads = BatchThreads(counters, 1, max_waiting=2)
    may_end = threading.Event()

    async def run() -> None:
        under_way = [threads.run(may_end.wait) for _ in range(2)]
        assert not threads.has_room()
        with pytest.raises(NotServingError):
            threads.run(may_end.wait)
        assert counters.shed["batches"] == 1
        may_end.set()
        await asyncio.gather(*under_way)
        assert threads.waiting == 0
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)
        await asyncio.sleep(0)
        assert threads.waiting == 0

    asyncio.run(run())


@pytest.mark.parametrize("form", ["records", "tensor"])
@pytest.mark.parametrize("rows", [64, 200, 2000])
def test_many_rows_are_scored_in_a_batch_thread(
    bundle: Bundle, row: dict[str, Any], form: str, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(read_settings())
    model = ServedModel(bundle, 1)
    app.install_model(model)
    seen = []
    predict = model.engine.predict

    def watch(*given: Any) -> Any:
        seen.append(threading.current_thread().name.partition("_")[0])
        return predict(*given)

    monkeypatch.setattr(model.engine, "predict", watch)
    values = [0.0, *list(row.values())[1:]] * rows
    tensor = {"name": "rows", "shape": [rows, len(row)], "datatype": "FP64", "data": values}
    asked: dict[str, tuple[str, object]] = {
        "records": ("/v1/predict", {"rows": [row] * rows}),
        "tensor": (infer_paths(bundle.manifest)[0], {"inputs": [tensor]}),
    }
    path, body = asked[form]

    async def ask() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return (await client.post(path, json=body)).status_code

    assert asyncio.run(ask()) == httpx.codes.OK
    assert seen == ([] if rows == 64 else ["batch"])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="niceness is of the whole process there")
def test_batch_threads_let_the_event_loop_go_first(
    start_server: StartServer, bundle_folder: Path, row: dict[str, Any]
) -> None:
    server = start_server(bundle_folder, threads=1).wait_until_ready()
    assert httpx.post(f"{server.url}/v1/predict", json={"rows": [row] * 100}).status_code == httpx.codes.OK
    tasks = [int(task.name) for task in Path(f"/proc/{server.process.pid}/task").iterdir()]
    niceness = {task: os.getpriority(os.PRIO_PROCESS, task) for task in tasks}
    loop = niceness[server.process.pid]
    assert set(niceness.values()) == {loop, loop + BATCH_NICENESS}
    assert list(niceness.values()).count(loop + BATCH_NICENESS) == 1
