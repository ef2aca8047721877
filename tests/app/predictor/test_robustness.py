"""Experiments on whole processes: no unpickling, no network, no disk, no memory to waste, no waiting behind a batch."""

import contextlib
import itertools
import shutil
import statistics
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from tests.app.predictor.running import ROOT, RunningServer, StartServer, read_metrics
from tests.needs import need_namespaces
from tests.patience import LAST_RESORT_SECONDS, wait_until

pytestmark = pytest.mark.slow

OK = 200
MEGABYTE = 1024 * 1024

# counts what an audit hook sees of pickle over a start and some traffic
AUDITED = """
import asyncio, sys
seen = []
sys.addaudithook(lambda event, given: seen.append(given) if event == "pickle.find_class" else None)
import httpx
from pathlib import Path
from app.predictor.application import create_app
from app.predictor.scoring.loading import begin_loading
from app.predictor.settings import Settings

async def serve():
    settings = Settings(bundle=Path(sys.argv[1]))
    app = create_app(settings)
    manifest = await app.load(begin_loading(settings))
    row = dict(manifest.golden[0].row)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        for body in (row, {"rows": [row] * 100}, {}):
            print((await client.post("/v1/predict", json=body)).status_code)
        print((await client.get("/metrics")).status_code)

asyncio.run(serve())
print(len(seen))
"""


def resident_bytes(server: RunningServer) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def test_nothing_is_unpickled_over_start_and_traffic(bundle_folder: Path) -> None:
    finished = subprocess.run(
        [sys.executable, "-c", AUDITED, str(bundle_folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finished.stdout.split() == ["200", "200", "422", "200", "0"]


def test_a_corrupt_bundle_ends_the_process_with_one_line(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(bundle_folder, tmp_path / "bundle")
    model = folder / "model.ubj"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    server = start_server(folder, log_level="error")
    codes = set()

    def has_ended() -> bool:
        with contextlib.suppress(httpx.TransportError):
            codes.add(httpx.get(f"{server.url}/readyz").status_code)
        return server.process.poll() is not None

    wait_until(has_ended, "the end of the process")
    assert server.process.returncode == 2
    assert OK not in codes
    lines = server.log.read_text().splitlines()
    assert len(lines) == 1
    assert "model.ubj has SHA-256" in lines[0]


def test_it_starts_and_serves_without_any_network_and_on_a_read_only_disk(
    bundle_folder: Path, row: dict[str, Any], tmp_path: Path
) -> None:
    script = f"""
ip link set lo up 2>/dev/null || {sys.executable} -c "
import fcntl, socket, struct
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(s, 0x8914, struct.pack('16sh', b'lo', 1))"
mount -o remount,bind,ro / 2>/dev/null || mount --bind / / && mount -o remount,bind,ro /
touch {tmp_path}/writable 2>/dev/null && echo WRITABLE
{sys.executable} -m app.predictor --bundle {bundle_folder} --port 18099 &
{sys.executable} - <<'PY'
import httpx, time
for _ in range(400):
    try:
        if httpx.get("http://127.0.0.1:18099/readyz").status_code == 200:
            break
    except httpx.TransportError:
        pass
    time.sleep(0.05)
print("STATUS", httpx.post("http://127.0.0.1:18099/v1/predict", json={row!r}).status_code)
PY
kill %1
wait %1
echo EXIT $?
"""
    finished = subprocess.run(
        [*need_namespaces("--net", "--mount", "--map-root-user"), "bash", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LAST_RESORT_SECONDS,
    )
    assert finished.stdout.split() == ["STATUS", "200", "EXIT", "0"], finished.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_loses_log_lines_and_counts_them(start_server: StartServer, bundle_folder: Path, row: Any) -> None:
    shell = ["bash", "-c", 'exec "$@" 2>/dev/full', "bash"]
    server = start_server(bundle_folder, *shell, log_requests=True).wait_until_ready()
    with httpx.Client(base_url=server.url) as client:
        for _ in range(3):
            assert client.post("/v1/predict", json=row).status_code == OK
        dropped = [value for name, value in read_metrics(client).items() if name.startswith("lathe_dropped_log")]
    assert dropped[0] >= 3
    assert server.stop() == 0


def test_oversize_bodies_take_no_memory(start_server: StartServer, bundle_folder: Path) -> None:
    server = start_server(bundle_folder, max_body_bytes=4 * MEGABYTE).wait_until_ready()

    def chunks() -> Any:
        for _ in range(64):
            yield b" " * MEGABYTE

    with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as client:
        client.post("/v1/predict", json={})
        before = resident_bytes(server)
        for content in (b" " * 64 * MEGABYTE, chunks()):
            answer = client.post("/v1/predict", content=content, headers={"content-type": "application/json"})
            assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert resident_bytes(server) - before < 2 * 4 * MEGABYTE


def test_small_requests_do_not_wait_behind_batches(server: RunningServer, client: httpx.Client, row: Any) -> None:
    """That none queues behind one; how long they wait is measured by `bench experiment beside_batches`."""
    content = msgspec.json.encode({"rows": [row] * 10_000})
    answered, meanwhile = itertools.count(), []
    is_over = threading.Event()

    def send_batches() -> None:
        with httpx.Client(base_url=server.url, timeout=LAST_RESORT_SECONDS) as sender:
            for _ in range(20):
                before = next(answered)
                answer = sender.post("/v1/predict", content=content, headers={"content-type": "application/json"})
                assert answer.status_code == OK
                meanwhile.append(next(answered) - before - 1)
        is_over.set()

    thread = threading.Thread(target=send_batches)
    thread.start()
    while not is_over.is_set() and thread.is_alive():
        assert client.post("/v1/predict", json=row).status_code == OK
        next(answered)
    thread.join()
    assert is_over.is_set()
    print("answered during each batch:", meanwhile)
    assert statistics.median(meanwhile) >= 4  # a batch that held the event loop would let two through


def test_too_many_batches_are_turned_away_and_probes_are_not(
    start_server: StartServer, bundle_folder: Path, row: Any
) -> None:
    server = start_server(bundle_folder, max_waiting_batches=1, threads=1).wait_until_ready()
    statuses: list[int] = []
    content = msgspec.json.encode({"rows": [row] * 10_000})
    together = threading.Barrier(12)

    def send() -> None:
        together.wait(LAST_RESORT_SECONDS)
        answer = httpx.post(f"{server.url}/v1/predict", content=content, headers={"content-type": "application/json"})
        statuses.append(answer.status_code)
        if answer.status_code != OK:
            assert answer.headers["retry-after"] == "1"
            assert answer.json()["error"]["code"] == "overloaded"

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    assert httpx.get(f"{server.url}/healthz").status_code == OK
    for thread in threads:
        thread.join()
    assert set(statuses) == {OK, 503}
    with httpx.Client(base_url=server.url) as client:
        samples = read_metrics(client)
    shed = next(value for name, value in samples.items() if name.startswith("lathe_shed") and '"batches"' in name)
    assert shed == statuses.count(503)
