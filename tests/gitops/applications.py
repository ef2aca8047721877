"""What an ApplicationSet becomes, by Go's own template engine: .ci/go/applications."""

import json
import subprocess
from typing import Any

from release.manifests.render import Object
from release.tools import TOOLS
from tests.patience import LAST_RESORT_SECONDS


def generate_applications(found: Object) -> list[dict[str, Any]]:
    """One Application for each element of its list."""
    command = [TOOLS / "applications"]
    done = subprocess.run(
        command, input=json.dumps(found).encode(), capture_output=True, timeout=LAST_RESORT_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    applications: list[dict[str, Any]] = json.loads(done.stdout)
    return applications
