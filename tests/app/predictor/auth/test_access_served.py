"""API keys on a real server: which routes need one, what its limits answer, what metrics tell of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.predictor.auth.key_file import make_key
from contract.bundle import Bundle
from tests.app.predictor.running import RunningServer, StartServer, read_metrics
from tests.app.predictor.secrets_folder import swap_secret
from tests.patience import LAST_RESORT_SECONDS, wait_until

pytestmark = pytest.mark.slow  # a server of its own for each test


@pytest.fixture(scope="module")
def keys() -> dict[str, tuple[str, str]]:
    return {name: make_key(name) for name in ("press", "slow", "rows", "labels")}


@pytest.fixture(scope="module")
def locked(
    bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory, keys: dict[str, tuple[str, str]]
) -> Iterator[RunningServer]:
    """A server with keys."""
    folder = tmp_path_factory.mktemp("locked")
    options = {"slow": " requests_per_second=0.01", "rows": " rows_per_second=0.5", "labels": " allow=feedback"}
    (folder / "keys").write_text("".join(f"{line}{options.get(name, '')}\n" for name, (_, line) in keys.items()))
    running = RunningServer(bundle_folder, folder / "log", api_keys_file=folder / "keys", host="0.0.0.0")  # noqa: S104 - as in the cluster
    try:
        yield running.wait_until_ready()
    finally:
        running.kill()


@pytest.fixture
def session(locked: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=locked.url, timeout=LAST_RESORT_SECONDS) as client:
        yield client


def test_every_asking_route_needs_a_key_and_no_other_does(session: httpx.Client, bundle: Bundle, row: Any) -> None:
    document = session.get("/openapi.json").json()
    assert document["components"]["securitySchemes"]
    names = {"{name}": bundle.manifest.name, "{version}": bundle.manifest.version}
    asking = set()
    for path, operations in document["paths"].items():
        filled = path
        for parameter, value in names.items():
            filled = filled.replace(parameter, value)
        if "get" in operations:
            assert session.get(filled).status_code == httpx.codes.OK, path
        if "post" in operations:
            asking.add(path)
            answer = session.post(filled, json=row)
            assert answer.status_code == httpx.codes.UNAUTHORIZED, path
            assert answer.headers["www-authenticate"] == "Bearer"
            told = answer.json()
            assert (told.get("code") or told["error"]["code"]) == "unauthorized"
    assert {"/v1/predict", "/v1/explain", "/v1/sweep", "/v1/batch", "/v1/feedback"} < asking
    assert session.get("/").status_code == httpx.codes.OK


def test_a_key_opens_every_route(session: httpx.Client, keys: dict[str, tuple[str, str]], row: Any) -> None:
    headers = {"x-api-key": keys["press"][0]}
    for path in ("/v1/predict", "/v1/explain"):
        assert session.post(path, json=row, headers=headers).status_code == httpx.codes.OK
    csv = ",".join(row) + "\n" + ",".join(map(str, row.values()))
    uploaded = session.post("/v1/batch", content=csv, headers=headers | {"content-type": "text/csv"})
    assert uploaded.status_code == httpx.codes.OK
    labels = {"authorization": f"Bearer {keys['labels'][0]}"}
    assert session.post("/v1/predict", json=row, headers=labels).json()["error"]["code"] == "forbidden"
    assert session.post("/v1/feedback", json={}, headers=labels).json()["error"]["code"] == "missing_field"


def test_a_limit_answers_429_with_retry_after(
    session: httpx.Client, keys: dict[str, tuple[str, str]], row: Any
) -> None:
    headers = {"x-api-key": keys["slow"][0]}
    assert session.post("/v1/predict", json=row, headers=headers).status_code == httpx.codes.OK
    answer = session.post("/v1/predict", json=row, headers=headers)
    assert answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert answer.json()["error"]["code"] == "rate_limited"
    assert 90 <= int(answer.headers["retry-after"]) <= 100


def test_rows_are_paid_after_they_were_answered(
    session: httpx.Client, keys: dict[str, tuple[str, str]], row: Any
) -> None:
    headers = {"x-api-key": keys["rows"][0]}
    assert session.post("/v1/predict", json={"rows": [row] * 5}, headers=headers).status_code == httpx.codes.OK
    answer = session.post("/v1/predict", json=row, headers=headers)
    assert answer.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert 8 <= int(answer.headers["retry-after"]) <= 10


def test_metrics_tell_keys_by_name(session: httpx.Client, keys: dict[str, tuple[str, str]], row: Any) -> None:
    before = read_metrics(session)
    headers = {"x-api-key": keys["press"][0]}
    session.post("/v1/predict", json={"rows": [row] * 70}, headers=headers)
    session.post("/v1/predict", json=row, headers=headers)
    session.post("/v1/predict", json=row, headers={"x-api-key": "lathe.forged." + "a" * 43})
    after = read_metrics(session)

    def grown(*parts: str) -> float:
        names = [name for name in after if all(part in name for part in parts)]
        assert names
        return sum(after[name] - before[name] for name in names)

    assert grown("lathe_key_requests_total", 'key="press"', 'answer="accepted"') == 2
    assert grown("lathe_key_rows_total", 'key="press"') == 71
    assert grown("lathe_rejected_requests_total", "unauthorized") == 1
    assert not any("forged" in name for name in after)
    assert {name for name in after if "lathe_key_reloads_total" in name}


def test_with_keys_an_open_address_needs_no_warning(locked: RunningServer, keys: dict[str, tuple[str, str]]) -> None:
    log = locked.log.read_text()
    assert '"level":"warning"' not in log
    assert not any(key in log for key, _ in keys.values())


def test_a_revoked_key_is_refused_while_it_runs(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path, row: Any
) -> None:
    (old, old_line), (new, new_line) = make_key("old"), make_key("new")
    path = swap_secret(tmp_path / "secret", old_line)
    server = start_server(bundle_folder, api_keys_file=path).wait_until_ready()
    with httpx.Client(base_url=server.url) as client:

        def ask(key: str) -> int:
            return client.post("/v1/predict", json=row, headers={"x-api-key": key}).status_code

        assert ask(old) == httpx.codes.OK
        swap_secret(tmp_path / "secret", new_line)
        wait_until(lambda: ask(old) == httpx.codes.UNAUTHORIZED, "the end of the old key")
        assert ask(new) == httpx.codes.OK
        swap_secret(tmp_path / "secret", "broken 2911")
        wait_until(lambda: ask(new) == httpx.codes.OK and '"level":"error"' in server.log.read_text(), "the error")
        assert ask(new) == httpx.codes.OK
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    assert {line["reason"] for line in lines if line["level"] == "error"} == {
        f"key file {path}, line 1: expected NAME:blake2b$SALT$HASH as `app.predictor.auth.keys new` prints it"
    }


def test_a_bad_key_file_ends_the_start_with_one_line(
    start_server: StartServer, bundle_folder: Path, tmp_path: Path
) -> None:
    server = start_server(bundle_folder, api_keys_file=tmp_path / "none")
    assert server.process.wait(timeout=LAST_RESORT_SECONDS) == 2
    assert (
        server.log.read_text().splitlines()[-1]
        == f"key file {tmp_path / 'none'} cannot be read: No such file or directory"
    )
