"""The drift that a promotion shows is the PSI of its formula, also in bins that training seldom or never saw."""

import math
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from release.live.live_metrics import ENOUGH_ROWS, read_live
from release.live.prometheus import Prometheus
from tests.gitops.prometheus import RunningPrometheus

BUNDLE = "c" * 64
LEAST_SHARE = 1e-4  # of a bin that training never saw
# the share of each bin in training, and the rows that came: a seldom bin that fills, one that training never saw
FEATURES = {
    "torque": ([0.6, 0.35, 0.05], [40_000, 40_000, 20_000]),
    "speed": ([0.9995, 0.0005, 0.0], [90_000, 9_000, 1_000]),
    "wear": ([0.5, 0.3, 0.2], [50_000, 30_000, 20_000]),
    "seldom": ([0.5, 0.5, 0.0], [ENOUGH_ROWS - 100, 0, 0]),
}


class Exporter:
    """Metrics as a predictor has them: no row at first, then all of them."""

    def __init__(self) -> None:
        self.has_rows = False

    def render(self) -> str:
        lines = [f'lathe_model_info{{model_version="1",digest="{BUNDLE}"}} 1']
        for feature, (shares, rows) in FEATURES.items():
            for number, (share, count) in enumerate(zip(shares, rows, strict=True)):
                labels = f'model_version="1",feature="{feature}",bin="{number}"'
                lines.append(f"lathe_feature_rows_total{{{labels}}} {count if self.has_rows else 0}")
                alerts = "show" if feature == "wear" else "alert"
                lines.append(f'lathe_feature_reference_ratio{{{labels},drift="{alerts}"}} {share}')
        return "\n".join(lines) + "\n"


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[Prometheus]:
    exporter = Exporter()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = exporter.render().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """The test says it all."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    running = RunningPrometheus(tmp_path, {"stable": server.server_port}, "lathe-test")
    try:
        running.wait_for(lambda one: one.ask("up") == [1.0])
        running.wait_for_scrapes()
        exporter.has_rows = True
        running.wait_for_scrapes()
        yield Prometheus(running.url)
    finally:
        running.stop()
        server.shutdown()
        server.server_close()
        thread.join()


def compute_psi(shares: list[float], rows: list[int]) -> float:
    """The population stability index: the sum over bins of (p - q) ln(p / q)."""
    pairs = [(count / sum(rows), max(share, LEAST_SHARE)) for share, count in zip(shares, rows, strict=True)]
    return sum((p - q) * math.log(p / q) for p, q in pairs)


@pytest.mark.slow
def test_drift_is_the_psi_of_the_rows_that_came(prometheus: Prometheus) -> None:
    live = read_live(prometheus, "test", BUNDLE, 600.0)
    found = {one.feature: one.psi for one in live.drift}
    expected = {name: compute_psi(*FEATURES[name]) for name in ("speed", "torque", "wear")}
    assert found == pytest.approx(expected, rel=0.01, abs=1e-4)
    assert [one.feature for one in live.drift] == [
        "speed",
        "torque",
        "wear",
    ]
    assert {one.feature for one in live.drift if one.alerts} == {"speed", "torque"}
