"""How fast the error budget of an objective is used up, by the pairs of windows of the SRE Workbook, chapter 5."""

from typing import NamedTuple

from app.monitor.rules.objectives import Objectives
from app.monitor.rules.promql import MODEL, SERVICE, Record, by

PREDICTIONS = 'route=~"/v1/.*|/v2/.*"'
FAILED = 'code=~"5.."'
WINDOWS = ("5m", "30m", "1h", "6h", "3d")


class BurnRate(NamedTuple):
    """Fires while the budget of 30 days goes `factor` times too fast, over both windows."""

    factor: float
    long: str
    short: str
    hold: str
    severity: str


BURN_RATES = (
    BurnRate(14.4, "1h", "5m", "2m", "critical"),  # 2 % of the month's budget in an hour
    BurnRate(6, "6h", "30m", "15m", "critical"),  # 5 % in six hours
    BurnRate(1, "3d", "6h", "1h", "warning"),  # 10 % in three days
)


def list_ratios(objectives: Objectives) -> list[Record]:
    """Requests a second by model and version, and of the service across versions what share misses each objective."""
    return [record for window in WINDOWS for record in _list_window(objectives, window)]


def _list_window(objectives: Objectives, window: str) -> list[Record]:
    def rate(metric: str, *matchers: str) -> str:
        return f"{by(SERVICE)} (rate({metric}{{{', '.join(matchers)}}}[{window}]))"

    latency = objectives.latency
    route, bound = f'route="{latency.route}"', f'le="{latency.seconds}"'
    requests = rate("lathe_requests_total", PREDICTIONS)
    failed = f"({rate('lathe_requests_total', PREDICTIONS, FAILED)} or 0 * {requests})"
    timed = rate("lathe_request_duration_seconds_count", route)
    in_time = rate("lathe_request_duration_seconds_bucket", route, bound)
    return [
        Record(
            record=f"lathe:requests:rate{window}",
            expr=f"{by(MODEL)} (rate(lathe_requests_total{{{PREDICTIONS}}}[{window}]))",
        ),
        Record(record=f"lathe:availability_error_ratio:rate{window}", expr=f"{failed}\n/ ({requests} > 0)"),
        Record(record=f"lathe:latency_error_ratio:rate{window}", expr=f"1 - {in_time}\n/ ({timed} > 0)"),
    ]
