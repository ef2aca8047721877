"""A way to an environment's Service from where kubectl runs, for as long as it is asked."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.harness.errors import OutsideError

FORWARDING = re.compile(r"Forwarding from 127\.0\.0\.1:(?P<port>\d+) ")
END_SECONDS = 10


@contextmanager
def forward_service(kubectl: Sequence[str], environment: str) -> Iterator[str]:
    """The address of one of its pods; no proxy or other port of ours stands between.

    Raises: OutsideError.
    """
    command = [*kubectl, "port-forward", "--namespace", f"lathe-{environment}", "service/predictor", ":80"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        try:
            yield f"http://127.0.0.1:{find_port(process)}"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(END_SECONDS)


def find_port(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = process.stdout.readline()
    found = FORWARDING.match(said)
    if found is None:
        raise OutsideError(f"kubectl port-forward said {said.strip()!r}, expected an address of this machine")
    return found["port"]
