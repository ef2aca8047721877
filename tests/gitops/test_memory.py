"""The limits of the container are more than a real predictor takes under load (K7)."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.predictor.running import RunningServer, dumps
from tests.app.predictor.uploads import CSV, list_rows, to_csv, upload
from tests.gitops.findings import Pod, list_pods
from tests.gitops.references import list_variables, read_settings_of
from tests.gitops.scenes import Scene
from training.data.table import Table

HEADROOM = 1.3
SINGLES, BATCHES, ROUNDS = 2000, 8, 2
UPLOAD_BYTES = 24 * 1024 * 1024  # the answer is over what a spool keeps in memory
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "": 1}
# what of the pod's environment a process on this machine cannot have
ELSEWHERE = ("LATHE_HOST", "LATHE_PORT", "LATHE_API_KEYS_FILE", "LATHE_RECEIPT_KEY_FILE", "LATHE_DRAIN_SECONDS")


def read_quantity(text: str) -> int:
    number, unit = re.fullmatch(r"(\d+)(Ki|Mi|Gi|)", text).groups()  # type: ignore[union-attr]
    return int(number) * UNITS[unit]


def read_peak(process: int) -> int:
    """The most memory that the process ever had, in bytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


def is_enough(limit: int, peak: int) -> bool:
    return limit > HEADROOM * peak


@pytest.fixture(scope="module")
def pod(scenes: list[Scene]) -> Pod:
    return next(pod for scene in scenes for pod in list_pods(scene))


@pytest.fixture(scope="module")
def peak(
    pod: Pod, scenes: list[Scene], bundle_folder: Path, table: Table, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """Of a predictor with the pod's own settings, after single rows, the largest batches and uploads at once."""
    cores = int(pod.containers[0]["resources"]["limits"]["cpu"])
    given = {name: value for name, value in list_variables(pod, scenes[0]).items() if name not in ELSEWHERE}
    settings = {name.removeprefix("LATHE_").lower(): value or cores for name, value in given.items()}
    server = RunningServer(bundle_folder, tmp_path_factory.mktemp("log") / "stderr", **settings)
    try:
        server.wait_until_ready()
        with httpx.Client(base_url=server.url, timeout=300) as client:
            load_predictor(client, list_rows(table), read_settings_of(pod, scenes[0]).max_rows)
        yield read_peak(server.process.pid)
    finally:
        server.kill()


def load_predictor(client: httpx.Client, rows: list[dict[str, Any]], most: int) -> None:
    single, batch = dumps(rows[0]), dumps({"rows": (rows * (most // len(rows) + 1))[:most]})
    line = to_csv(rows)
    text = line + line.partition("\n")[2] * (UPLOAD_BYTES // len(line))
    with ThreadPoolExecutor(BATCHES + 2) as pool:
        for _ in range(ROUNDS):
            asked = [pool.submit(client.post, "/v1/predict", content=batch) for _ in range(BATCHES)]
            sent = [pool.submit(upload, client, text, CSV) for _ in range(2)]
            singles = [client.post("/v1/predict", content=single) for _ in range(SINGLES // ROUNDS)]
            answers = [future.result() for future in (*asked, *sent)] + singles
            assert {answer.status_code for answer in answers} == {httpx.codes.OK}


@pytest.mark.slow
def test_the_memory_limit_is_well_above_what_is_used(pod: Pod, peak: int, record_property: Any) -> None:
    limit = read_quantity(pod.containers[0]["resources"]["limits"]["memory"])
    record_property("peak_bytes", peak)
    assert peak > 80 * 2**20, "nothing was measured"
    assert is_enough(limit, peak), f"the limit is {limit / 2**20:.0f} MiB, the peak {peak / 2**20:.0f} MiB"


@pytest.mark.slow
def test_a_planted_smaller_limit_is_found(peak: int) -> None:
    assert not is_enough(read_quantity("128Mi"), peak)
