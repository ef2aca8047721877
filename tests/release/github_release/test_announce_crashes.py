"""An announcement that is killed at any step is finished by the next one."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from release.tools import ROOT
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.release.dossiers import (
    NAMES,
    OWNER,
    WRITER,
    Site,
)

pytestmark = pytest.mark.slow  # each drives real repositories and servers


def start_server(folder: Path, given: dict[str, Any]) -> tuple["subprocess.Popen[str]", str]:
    (folder / "state.json").write_text(json.dumps(given))
    command = [sys.executable, "-m", "tests.review.github_server", "--state", str(folder / "state.json")]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    return server, server.stdout.readline().strip().partition("=")[2]


def start_verb(site: Site, api: str) -> "subprocess.Popen[str]":
    code = (
        "import sys; from pathlib import Path; from release.github_release.announcement import announce_version; "
        "announce_version('v1.2.3', Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    command = [sys.executable, "-c", code, str(site.artifacts), str(site.clone)]
    known = {name: value for name, value in os.environ.items() if not name.startswith("GITHUB_")}
    given = {"GITHUB_API_URL": api, "GITHUB_TOKEN": WRITER, "GITHUB_REPOSITORY": OWNER, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=ROOT, env={**known, **given}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


ORDER = [  # in which they come
    "/releases$",
    *(f"name={name}$" for name in ("bundle.tar.gz", "bundle.tar.gz.sha256", "report.json", "approval.json")),
    *(f"name={name}$" for name in ("sbom.cdx.json", "provenance.json")),
    r"/releases/\d+$",
]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("path", ORDER)
def test_killed_at_any_step_the_next_run_finishes(site: Site, tmp_path: Path, path: str, moment: str) -> None:
    method = "PATCH" if path == ORDER[-1] else "POST"
    plant = {"method": method, "path": path, "hang": moment}
    server, api = start_server(tmp_path, {"git": str(site.origin), "plants": [plant]})
    try:
        killed = start_verb(site, api)
        wait_for_request(api, method, path, moment)
        killed.send_signal(signal.SIGKILL)
        killed.communicate(timeout=LAST_RESORT_SECONDS)
        again = start_verb(site, api)
        said, _ = again.communicate(timeout=LAST_RESORT_SECONDS)
        assert again.returncode == 0, said
        record = httpx.get(f"{api}/_record", timeout=LAST_RESORT_SECONDS).json()
    finally:
        server.terminate()
        server.wait(LAST_RESORT_SECONDS)
        server.stdout.close() if server.stdout else None
    [release] = record["releases"]
    assert release["draft"] is False
    assert {asset["name"] for asset in release["assets"] if asset["state"] == "uploaded"} == NAMES
    assert len(release["assets"]) == len(NAMES)
    assert record["violations"] == []


def wait_for_request(api: str, method: str, path: str, moment: str) -> None:
    """Until the server has it, and, for `after`, has done it."""

    def has_come() -> bool:
        record = httpx.get(f"{api}/_record", timeout=LAST_RESORT_SECONDS).json()
        seen = [one for one in record["requests"] if one.startswith(method) and re.search(path, one)]
        return bool(seen) and (moment == "before" or len(record["writes"]) > ORDER.index(path))

    wait_until(has_come, f"{method} {path}")
