"""The job that makes reports, as a process of its own over real logs."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from bench.errors import UnfitSystemError
from bench.experiments.hostile.memory_group import MemoryGroup
from contract.bundle import Bundle
from contract.prediction_log import LoggedLine
from tests.app.monitor.phone import find_wide
from tests.app.monitor.reports.logs import (
    NAME,
    Row,
    encode_lines,
    log_outcomes,
    log_rows,
    read_runs,
    run_job,
    start_job,
    write_log,
)
from tests.app.predictor.page.browsing import start_chromium
from tests.app.predictor.running import RunningServer
from tests.needs import leave_out, need_namespaces
from tests.patience import wait_until

pytestmark = pytest.mark.slow  # Evidently takes 13 s to import

MEMORY_BYTES = 512 * 1024 * 1024
PAGES = {"drift.html", "quality.html", "outcomes.html", "index.html"}
TORQUE = "torque_nm"


def list_requests(page: Path) -> list[str]:
    """What a browser that opens the page asks for beside it, and the errors that it has."""
    requested: list[str] = []
    with start_chromium() as chromium:
        opened = chromium.new_page()
        opened.on("request", lambda request: requested.append(request.url))
        opened.on("pageerror", lambda error: requested.append(str(error)))
        opened.goto(page.as_uri(), wait_until="networkidle")
    return [url for url in requested if url != page.as_uri() and not url.startswith(("data:", "blob:"))]


@pytest.fixture
def lines(bundle: Bundle, rows: list[Row], scores: list[float]) -> list[LoggedLine]:
    """Torque has drifted; two thirds of the rows have an outcome."""
    moved = [row | {TORQUE: row[TORQUE] + 10} for row in rows]
    outcomes = [float(score > 0.3) for score in scores[:2000]]
    return log_rows(bundle, moved, scores) + log_outcomes(bundle, outcomes)


def test_a_report_has_evidentlys_pages_and_the_guards_verdicts_without_a_network(
    tmp_path: Path, bundle_folder: Path, lines: list[LoggedLine]
) -> None:
    log, out = write_log(tmp_path / "log", lines), tmp_path / "reports"
    offline = need_namespaces("--map-root-user", "--net")
    code, output, errors = run_job(log, bundle_folder, out, "--rows", "2000", prefix=offline)
    assert (code, errors) == (0, "")
    assert "3,000 rows of" in output
    (run,) = read_runs(out)
    folder = out / run["folder"]
    assert {path.name for path in folder.iterdir()} == PAGES
    assert run["pages"] == {"drift": None, "quality": None, "outcomes": None}
    assert run["apart"] < 1e-12
    assert run["sampled"] == 2000
    verdicts = {column["name"]: column["verdict"] for column in run["columns"]}
    assert (verdicts[TORQUE], verdicts["type"]) == ("drift", "none")
    assert {one["name"]: one["value"] for one in run["quality"]}["recall"] > 0.5
    for page in PAGES:
        assert list_requests(folder / page) == []
    index = (out / "index.html").read_text()
    assert f'href="{run["folder"]}/index.html"' in index
    assert list_requests(out / "index.html") == []
    assert find_wide(out / "index.html", *(folder / page for page in PAGES)) == {}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda rows: [], id="an empty window"),
        pytest.param(lambda rows: rows[:1], id="one row"),
        pytest.param(lambda rows: [row | {TORQUE: None, "type": "M"} for row in rows], id="missing and constant"),
        pytest.param(lambda rows: [dict.fromkeys(row) for row in rows], id="nothing but missing values"),
        pytest.param(lambda rows: [{} for _ in rows], id="every column left out"),
    ],
)
def test_what_evidently_fails_at_is_unknown_and_no_error(
    tmp_path: Path, bundle_folder: Path, bundle: Bundle, rows: list[Row], scores: list[float], make: Any
) -> None:
    made = make(rows)
    log, out = write_log(tmp_path / "log", log_rows(bundle, made, scores[: len(made)])), tmp_path / "reports"
    code, _, errors = run_job(log, bundle_folder, out)
    assert code == 0, errors
    (run,) = read_runs(out)
    reasons = [reason for reason in run["pages"].values() if reason]
    assert not [reason for reason in reasons if "failed" in reason]
    assert {column["verdict"] for column in run["columns"] if column["name"] in (TORQUE, "type")} == {"unknown"}
    assert (out / run["folder"] / "index.html").exists()


def test_runs_add_up_to_a_trend_and_old_pages_are_removed(
    tmp_path: Path, bundle_folder: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    log, out = write_log(tmp_path / "log", log_rows(bundle, rows[:40], scores[:40])), tmp_path / "reports"
    for _ in range(2):
        assert run_job(log, bundle_folder, out, "--keep", "1")[0] == 0
    runs = read_runs(out)
    assert [path.name for path in sorted(out.glob("run-*"))] == [run["folder"] for run in runs[1:]]
    index = (out / "index.html").read_text()
    assert index.count("/index.html") == 1
    assert index.count("<circle") == 2 * len(runs[0]["columns"])


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--log", "NOWHERE"), 2, "NOWHERE is not there, expected the folder of a prediction log"),
        (("--log", "nowhere://log"), 2, "nowhere://log cannot be opened: "),
        (("--bundle", "NOWHERE"), 2, "NOWHERE/bundle.json cannot be read"),
    ],
)
def test_bad_input_is_told_in_one_line(
    tmp_path: Path, bundle_folder: Path, options: tuple[str, ...], code: int, message: str
) -> None:
    (tmp_path / "log").mkdir()
    found = run_job(tmp_path / "log", bundle_folder, tmp_path / "reports", *options)
    assert found[0] == code
    assert message in found[2]
    assert len(found[2].splitlines()) == 1
    assert not (tmp_path / "reports").exists()


def test_a_million_rows_are_reported_in_half_a_gibibyte(
    tmp_path: Path, bundle_folder: Path, bundle: Bundle, rows: list[Row], scores: list[float]
) -> None:
    """With a limit of the kernel on all that the job has in memory."""
    log, out = tmp_path / "log", tmp_path / "reports"
    log.mkdir()
    content = encode_lines(log_rows(bundle, rows, scores))
    with (log / NAME).open("wb") as file:
        for part in range(334):
            # each row has a receipt of its own
            file.write(content.replace(b'"receipt":"000000', b'"receipt":"%06x' % part))
        file.write(encode_lines(log_outcomes(bundle, [float(score > 0.3) for score in scores])))
    try:
        group = MemoryGroup(MEMORY_BYTES)
    except UnfitSystemError as error:
        leave_out(str(error))
    try:
        enter = f'echo $$ > {group.folder}/cgroup.procs; exec "$@"'
        code, output, errors = run_job(log, bundle_folder, out, prefix=["bash", "-c", enter, "bash"])
        assert group.count_killed() == 0
    finally:
        group.close()
    assert code == 0, errors
    assert "1,002,000 rows" in output
    (run,) = read_runs(out)
    assert run["pages"] == {"drift": None, "quality": None, "outcomes": None}
    assert run["sampled"] == 20_000


@pytest.fixture
def log(tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    folder.mkdir()
    return folder


@pytest.fixture
def server(bundle_folder: Path, tmp_path: Path, log: Path) -> Iterator[RunningServer]:
    """A predictor that logs every row."""
    running = RunningServer(bundle_folder, tmp_path / "stderr", prediction_log_folder=log)
    try:
        yield running.wait_until_ready()
    finally:
        running.kill()


def test_the_death_of_the_job_changes_nothing_for_predictions(
    tmp_path: Path, server: RunningServer, log: Path, bundle_folder: Path, rows: list[Row]
) -> None:
    out = tmp_path / "reports"

    def predict() -> list[Any]:
        answer = httpx.post(f"{server.url}/v1/predict", json={"rows": rows[:200]})
        assert answer.status_code == httpx.codes.OK
        return list(answer.json()["predictions"])

    before = predict()
    wait_until(lambda: any(path.stat().st_size for path in log.iterdir()), "the log")
    # two jobs: one is killed as soon as it runs, the other as soon as it writes
    for is_there in (lambda: True, lambda: any(out.glob(".run-*")) or any(out.glob("run-*"))):
        job = start_job(log, bundle_folder, out, "--until", "2999-01-01T00:00:00Z", "--hours", "8784")
        wait_until(is_there, "the job's work")
        job.send_signal(signal.SIGKILL)
        assert job.wait() == -signal.SIGKILL
        job.communicate()
        assert predict() == before
    assert httpx.get(f"{server.url}/readyz").status_code == httpx.codes.OK
    assert server.stop() == 0
    (tmp_path / "empty").mkdir()
    assert run_job(tmp_path / "empty", bundle_folder, out)[0] == 0
    assert list(out.glob(".run-*")) == []
