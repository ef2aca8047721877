"""The load generator: wrk with one thread, and what it printed as numbers."""

import re
import subprocess
from pathlib import Path

import msgspec

from bench.environments import require_program
from cli.errors import CommandError

SCRIPT = Path(__file__).parent / "post.lua"
TIMEOUT_SECONDS = 10
_UNIT_MS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}
_PERCENTILE = re.compile(r"^\s+(50|90|99)%\s+([\d.]+)(us|ms|s|m|h)\s*$", re.MULTILINE)
_TOTAL = re.compile(r"^\s+(\d+) requests in ([\d.]+)(us|ms|s|m|h),", re.MULTILINE)
_RATE = re.compile(r"^Requests/sec:\s+([\d.]+)", re.MULTILINE)
_STATUS = re.compile(r"^\s+Non-2xx or 3xx responses: (\d+)", re.MULTILINE)
_SOCKET = re.compile(r"^\s+Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", re.MULTILINE)


class Load(msgspec.Struct, frozen=True):
    """One run of wrk. Latencies are of all answers, refused ones included."""

    requests: int
    seconds: float
    requests_per_second: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    bad_statuses: int = 0
    socket_errors: int = 0

    @property
    def is_clean(self) -> bool:
        return self.requests > 0 and self.bad_statuses == 0 and self.socket_errors == 0


def parse_load(text: str) -> Load:
    """Raises: CommandError if `text` is not the whole output of `wrk --latency`."""
    percentiles = {rank: float(value) * _UNIT_MS[unit] for rank, value, unit in _PERCENTILE.findall(text)}
    total, rate = _TOTAL.search(text), _RATE.search(text)
    if total is None or rate is None or len(percentiles) != 3:
        raise CommandError(f"wrk's output has no totals or percentiles: {text.strip()[-300:] or 'it is empty'}")
    status, sockets = _STATUS.search(text), _SOCKET.search(text)
    return Load(
        requests=int(total[1]),
        seconds=float(total[2]) * _UNIT_MS[total[3]] / 1000.0,
        requests_per_second=float(rate[1]),
        p50_ms=percentiles["50"],
        p90_ms=percentiles["90"],
        p99_ms=percentiles["99"],
        bad_statuses=int(status[1]) if status else 0,
        socket_errors=sum(map(int, sockets.groups())) if sockets else 0,
    )


def wrk_command(url: str, bodies: Path, connections: int, seconds: int) -> list[str]:
    load = ["-t1", f"-c{connections}", f"-d{seconds}s", f"--timeout={TIMEOUT_SECONDS}s", "--latency"]
    return [require_program("wrk"), *load, "-s", str(SCRIPT), url, "--", str(bodies)]


def run_wrk(url: str, bodies: Path, connections: int, seconds: int) -> Load:
    """Loads `url` with the lines of `bodies` as POST bodies.

    Raises: CommandError if wrk itself fails.
    """
    command = wrk_command(url, bodies, connections, seconds)
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    if done.returncode:
        raise CommandError(f"wrk ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")
    return parse_load(done.stdout)
