"""The monitor's image, run as the CronJob runs it: read-only, without privileges, without a network, in 512 MiB."""

import json
from pathlib import Path

import pytest

from tests.app.monitor.reports.logs import UNTIL, list_rows, log_rows, score_rows, write_log
from tests.image.conftest import Gated
from tests.image.containers import run, run_python
from tests.image.deployment import read_pod, translate_security
from training.data.dataset_file import load_dataset
from training.data.load import load_table

pytestmark = pytest.mark.slow

ROWS = 400
FIND_PROTOCOLS = """
import json
from fsspec.core import get_filesystem_class
print(json.dumps([get_filesystem_class(name).__module__ for name in ("s3", "gs")]))
"""


def test_a_report_is_made_of_a_log(monitor_image: str, gated: Gated, tmp_path: Path) -> None:
    bundle = gated.content
    table = load_table(load_dataset("ai4i"), "generator", tmp_path / "rejected.csv", rows=ROWS, seed=5)
    rows = list_rows(table)
    log = write_log(tmp_path / "log", log_rows(bundle, rows, score_rows(bundle, rows)))
    out = tmp_path / "reports"
    out.mkdir()
    out.chmod(0o777)  # whoever the container's user is here
    mounts = [f"--volume={gated.bundle}:/bundle:ro", f"--volume={log}:/log:ro", f"--volume={out}:/reports"]
    arguments = ("report", "--log=/log", "--bundle=/bundle", "--out=/reports", f"--until={UNTIL}")
    command = ("podman", "run", "--rm", "--network=none", *translate_security(read_pod()), *mounts, monitor_image)
    done = run(*command, *arguments, timeout=300)
    assert done.returncode == 0, done.stderr
    (written,) = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    assert written["rows"] == len(rows)
    assert (out / written["folder"] / "drift.html").stat().st_size > 1_000_000


def test_buckets_of_both_clouds_can_be_opened(monitor_image: str) -> None:
    assert run_python(monitor_image, FIND_PROTOCOLS) == ["s3fs.core", "gcsfs.core"]


def test_the_objectives_are_in_it(monitor_image: str) -> None:
    """A load test judges by them."""
    done = run("podman", "run", "--rm", "--network=none", monitor_image, "load", "--url=http://127.0.0.1:9")
    assert done.returncode == 4, done.stderr


def test_a_mistake_is_one_line_and_exit_code_2(monitor_image: str) -> None:
    done = run("podman", "run", "--rm", "--read-only", monitor_image, "report", "--log=/nowhere", "--bundle=/nowhere")
    assert done.returncode == 2
    assert [line for line in done.stderr.splitlines() if line.startswith("error: ")]
