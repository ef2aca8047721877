"""The drift that a promotion shows is the index of its formula, over all pods, also in bins that training never saw."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from contract.psi import FEWEST_ROWS, measure_psi
from release.live.live_metrics import list_lines, read_live
from release.live.prometheus import Prometheus
from tests.app.monitor.rules.promtool import write_rules
from tests.gitops.prometheus import RunningPrometheus
from tests.harness.loopback import QuietHandler, serve_until_end
from tests.patience import wait_until

BUNDLE = "c" * 64
REFERENCE_ROWS = 8137
# the share of each bin in training, and the rows that came: a seldom bin that fills, one that training never saw
FEATURES = {
    "torque": ([0.6, 0.35, 0.05], [40_000, 40_000, 20_000]),
    "speed": ([0.9995, 0.0005, 0.0], [90_000, 9_000, 1_000]),
    "wear": ([0.5, 0.3, 0.2], [50_000, 30_000, 20_000]),
    "seldom": ([0.5, 0.5, 0.0], [FEWEST_ROWS // 4, 0, 0]),
}


class Exporter:
    """Metrics as a predictor has them: no row at first, then all of them."""

    def __init__(self) -> None:
        self.has_rows = False
        self.has_reference_rows = True
        self.started = time.time()

    def render(self) -> str:
        lines = [f'lathe_model_info{{model_version="1",digest="{BUNDLE}"}} 1', 'lathe_ready{model_version="1"} 1']
        lines.append(f"process_start_time_seconds {self.started}")
        if self.has_reference_rows:
            lines.append(f'lathe_reference_rows{{model_version="1"}} {REFERENCE_ROWS}')
        for feature, (shares, rows) in FEATURES.items():
            for number, (share, count) in enumerate(zip(shares, rows, strict=True)):
                labels = f'model_version="1",feature="{feature}",bin="{number}"'
                lines.append(f"lathe_feature_rows_total{{{labels}}} {count if self.has_rows else 0}")
                alerts = "show" if feature == "wear" else "alert"
                lines.append(f'lathe_feature_reference_ratio{{{labels},drift="{alerts}"}} {share}')
        return "\n".join(lines) + "\n"


@contextmanager
def scrape(exporter: Exporter, folder: Path, *, rules: Path | None = None) -> Iterator[Prometheus]:
    """A Prometheus that saw the exporter as two pods, before and after the rows came."""

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            body = exporter.render().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with serve_until_end(server):
        running = RunningPrometheus(
            folder, dict.fromkeys(("one", "two"), server.server_port), "lathe-test", rules=rules
        )
        try:
            running.wait_for(lambda one: one.ask("up") == [1.0, 1.0])
            running.wait_for_scrapes()
            exporter.has_rows = True
            running.wait_for_scrapes()
            yield Prometheus(running.url)
        finally:
            running.stop()


@pytest.mark.slow
def test_drift_is_the_index_of_the_rows_that_came_to_all_pods(tmp_path: Path) -> None:
    with scrape(Exporter(), tmp_path) as prometheus:
        live = read_live(prometheus, "test", BUNDLE, 600.0)
    assert live.reference_rows == REFERENCE_ROWS
    found = {one.feature: one.index.psi for one in live.drift}
    expected = {
        name: measure_psi([2 * count for count in FEATURES[name][1]], FEATURES[name][0], REFERENCE_ROWS).psi
        for name in ("speed", "torque", "wear")
    }
    assert found == pytest.approx(expected, rel=0.01, abs=1e-4)  # increase() extrapolates the counts
    assert [one.feature for one in live.drift] == ["speed", "torque", "wear"]
    assert {one.feature for one in live.drift if one.alerts} == {"speed", "torque"}

    assert dict(list_lines(live, str))["Counted by"].startswith("increase(), which extrapolates")


@pytest.mark.slow
def test_drift_is_exact_where_the_rules_count_a_step_at_a_time(tmp_path: Path) -> None:
    """A promotion's text and the alert are then of the same rows."""
    rules = write_rules(tmp_path, ["lathe:feature_rows:step"])
    with scrape(Exporter(), tmp_path, rules=rules) as prometheus:
        total = 'sum(sum_over_time(lathe:feature_rows:step{feature="torque"}[10m]))'
        wait_until(lambda: list(prometheus.ask(total).values()) == [200_000], "the rules to count every row")
        live = read_live(prometheus, "test", BUNDLE, 600.0)
    found = {one.feature: one.index for one in live.drift}
    expected = {
        name: measure_psi([2 * count for count in FEATURES[name][1]], FEATURES[name][0], REFERENCE_ROWS)
        for name in ("speed", "torque", "wear")
    }
    assert {name: index.rows for name, index in found.items()} == dict.fromkeys(expected, 200_000)
    assert {name: index.low for name, index in found.items()} == pytest.approx(
        {name: index.low for name, index in expected.items()}, abs=1e-12
    )
    assert "Counted by" not in dict(list_lines(live, str))


@pytest.mark.slow
def test_drift_is_unknown_where_the_pods_do_not_say_how_many_rows_the_reference_has(tmp_path: Path) -> None:
    exporter = Exporter()
    exporter.has_reference_rows = False
    with scrape(exporter, tmp_path) as prometheus:
        live = read_live(prometheus, "test", BUNDLE, 600.0)
    lines = dict(list_lines(live, str))
    assert lines["Drift (PSI), farthest first"] == "unknown: no pod exports lathe_reference_rows"
