"""What the rules make of a fleet is what one process makes that saw every row, in a real Prometheus, to 1e-9.

Real predictors behind random routing; one restarts in place and keeps its address, one is killed and replaced.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from contract.psi import measure_psi
from tests.app.monitor.rules.promtool import write_rules
from tests.app.predictor.running import RunningServer, dumps, read_samples
from tests.app.predictor.uploads import list_rows
from tests.gitops.prometheus import RunningPrometheus
from training.data.table import Table

ROWS, SEED, EXACT = 1200, 19, 1e-9
SECONDS = 3  # between scrapes: at one a busy machine misses evaluations, whose rows no rule counts
RECORDS = [
    *(
        f"lathe:{name}:1h"
        for name in ("feature_psi", "feature_psi_low", "feature_psi_high", "score_psi", "score_psi_low")
    ),
    *(f"lathe:{name}:1h" for name in ("feature_total_rows", "score_total_rows")),
    *(f"lathe:slice_feature_psi{end}:1h" for end in ("", "_low")),
    *(
        f"lathe:{name}:sum1h"
        for name in ("feature_rows", "score_rows", "predicted_rows", "score_sum", "score_variance")
    ),
    *(f"lathe:{name}:sum1h" for name in ("slice_rows", "slice_score_sum", "slice_feature_rows")),
]


class Fleet:
    """Predictors at fixed addresses, as pods have them, and a Prometheus that scrapes them."""

    def __init__(self, stack: ExitStack, bundle: Path, folder: Path, size: int) -> None:
        self.bundle, self.folder, self.stack = bundle, folder, stack
        self.servers = [self.start(str(number)) for number in range(size + 1)]
        self.spare = self.servers.pop()  # takes the place of the one that is killed
        targets = {str(number): server.port for number, server in enumerate([*self.servers, self.spare])}
        self.prometheus = RunningPrometheus(
            folder, targets, "lathe-test", rules=write_rules(folder, RECORDS, SECONDS), seconds=SECONDS
        )
        stack.callback(self.prometheus.stop)
        self.prometheus.wait_for(lambda one: len(one.ask("up == 1")) == len(targets))

    def start(self, name: str, **settings: object) -> RunningServer:
        server = RunningServer(self.bundle, self.folder / f"{name}.log", **settings)
        self.stack.callback(server.kill)
        return server.wait_until_ready()

    def restart_in_place(self, number: int) -> None:
        self.wait_for_scrapes()
        before = self.servers[number]
        before.stop()
        self.servers[number] = self.start(f"{number}-again", port=before.port)

    def replace(self, number: int) -> None:
        self.wait_for_scrapes()
        self.servers[number].kill()
        self.servers[number] = self.spare

    def wait_for_scrapes(self) -> None:
        """Of those that live, and the step that counts them."""
        self.prometheus.wait_for_scrapes(2)


def send(urls: list[str], whole: str, rows: list[dict[str, Any]], random: Random) -> None:
    """Each row to one of the fleet, and to the process that sees all of them; some in batches."""
    with httpx.Client() as client:
        while rows:
            taken = random.choice((1, 1, 1, 20))
            body = dumps(rows[0] if taken == 1 else {"rows": rows[:taken]})
            for url in (random.choice(urls), whole):
                assert client.post(f"{url}/v1/predict", content=body).is_success
            rows = rows[taken:]


@contextmanager
def run_fleet(bundle: Path, table: Table, folder: Path, size: int) -> Iterator[tuple[Fleet, RunningServer]]:
    """All rows are answered in three parts, between which a pod restarts in place and another is replaced."""
    with ExitStack() as stack:
        whole = RunningServer(bundle, folder / "whole.log", linger_seconds=0)
        stack.callback(whole.kill)
        whole.wait_until_ready()
        fleet = Fleet(stack, bundle, folder, size)
        random, rows = Random(SEED), list_rows(table)[:ROWS]
        third = len(rows) // 3
        for part, change in enumerate((fleet.restart_in_place, fleet.replace, None)):
            end = (part + 1) * third if change else len(rows)
            send([server.url for server in fleet.servers], whole.url, rows[part * third : end], random)
            if change:
                change(random.randrange(size))
        fleet.wait_for_scrapes()
        yield fleet, whole


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 3, 10])
def test_the_fleet_counts_what_one_process_counts_that_saw_every_row(
    bundle_folder: Path, table: Table, tmp_path: Path, size: int
) -> None:
    with run_fleet(bundle_folder, table, tmp_path, size) as (fleet, whole):
        samples = read_samples(httpx.get(f"{whole.url}/metrics").text)
        fleet.prometheus.wait_for(lambda one: one.ask("sum(lathe:predicted_rows:sum1h)") == [ROWS])
        fleet.wait_for_scrapes()
        found = {name: fleet.prometheus.ask_series(name) for name in RECORDS}
    for record, metric in (
        ("feature_rows", "lathe_feature_rows_total"),
        ("score_rows", "lathe_score_rows_total"),
        ("predicted_rows", "lathe_predicted_rows_total"),
        ("score_sum", "lathe_score_sum_total"),
        ("score_variance", "lathe_score_variance_total"),
        ("slice_rows", "lathe_slice_rows_total"),
        ("slice_score_sum", "lathe_slice_score_sum_total"),
        ("slice_feature_rows", "lathe_slice_feature_rows_total"),
    ):
        expected = {without_place(one.labels): one.value for one in samples if one.name == metric}
        counted = {without_place(labels): value for labels, value in found[f"lathe:{record}:sum1h"]}
        assert counted == pytest.approx(expected, rel=EXACT, abs=EXACT), record
        assert counted
    indexes = measure_indexes(samples)
    psi = {labels["feature"]: value for labels, value in found["lathe:feature_psi:1h"]}
    low = {labels["feature"]: value for labels, value in found["lathe:feature_psi_low:1h"]}
    assert len(psi) == 10
    assert psi == pytest.approx({name: index.psi for name, index in indexes.items()}, rel=EXACT, abs=EXACT)
    assert low == pytest.approx({name: index.low for name, index in indexes.items()}, rel=EXACT, abs=EXACT)


def without_place(labels: dict[str, str]) -> frozenset[tuple[str, str]]:
    """What the predictor itself says."""
    return frozenset((name, value) for name, value in labels.items() if name not in {"__name__", "namespace"})


def measure_indexes(samples: list[Any]) -> dict[str, Any]:
    """By feature, from the counters of one process."""
    rows = next(one.value for one in samples if one.name == "lathe_reference_rows")
    counts: dict[str, dict[str, float]] = {}
    ratios: dict[str, dict[str, float]] = {}
    for one in samples:
        if one.name == "lathe_feature_rows_total":
            counts.setdefault(one.labels["feature"], {})[one.labels["bin"]] = one.value
        if one.name == "lathe_feature_reference_ratio":
            ratios.setdefault(one.labels["feature"], {})[one.labels["bin"]] = one.value
    return {
        name: measure_psi([counts[name][bin] for bin in shares], list(shares.values()), rows)
        for name, shares in ratios.items()
    }
