"""A canary is judged on evidence: the queries, asked of a real Prometheus that scrapes real predictors."""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.predictor.running import RunningServer, dumps
from tests.app.predictor.uploads import list_rows
from tests.gitops.prometheus import RunningPrometheus, check_rules
from tests.gitops.queries import fill_in, find_unknown, judge_answer, list_queries
from tests.gitops.scenes import Scene
from training.data.table import Table

NAMESPACE = "lathe-test"
ENOUGH, FEW = 900, 60
STABLE = "stable"
REFUSING = "refusing"  # one request at a time, and 503 for the others
CANARIES = ("like-stable", "one-row-only", REFUSING, "hardly-asked", "silent")


@pytest.fixture(scope="module")
def metrics(scenes: list[Scene]) -> dict[str, dict[str, Any]]:
    """The metrics of the analysis by name."""
    found = next(found for scene in scenes for found in scene.pick("AnalysisTemplate"))
    return {metric["name"]: metric for metric in found["spec"]["metrics"]}


@pytest.fixture(scope="module")
def verdicts(
    metrics: dict[str, dict[str, Any]], bundle_folder: Path, table: Table, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[tuple[str, str], tuple[str, list[float]]]]:
    """By canary and metric: the verdict, and what Prometheus answered."""
    folder = tmp_path_factory.mktemp("prometheus")
    with ExitStack() as stack:
        servers = {}
        for name in (STABLE, *CANARIES):
            settings = {"max_concurrency": 1} if name == REFUSING else {}
            servers[name] = RunningServer(bundle_folder, folder / f"{name}.log", **settings)
            stack.callback(servers[name].kill)
        ports = {name: server.wait_until_ready().port for name, server in servers.items()}
        prometheus = RunningPrometheus(folder, ports, NAMESPACE)
        stack.callback(prometheus.stop)
        prometheus.wait_for(lambda running: len(running.ask("up == 1")) == len(servers))
        rows = list_rows(table)
        ask_predictor(prometheus, servers[STABLE].url, rows[: 2 * ENOUGH : 2])  # the same traffic, shared
        ask_predictor(prometheus, servers["like-stable"].url, rows[1 : 2 * ENOUGH : 2])
        ask_predictor(prometheus, servers["one-row-only"].url, rows[:1] * ENOUGH)
        ask_predictor(prometheus, servers["hardly-asked"].url, rows[:FEW])
        ask_at_once(prometheus, servers[REFUSING].url, rows[:ENOUGH])
        prometheus.wait_for_scrapes()
        yield {
            (canary, name): judge(prometheus, metric, canary) for canary in CANARIES for name, metric in metrics.items()
        }


def ask_predictor(prometheus: RunningPrometheus, url: str, rows: list[dict[str, Any]]) -> None:
    """In two parts with scrapes between: a series that is new counts from its first scrape on."""
    with httpx.Client(base_url=url) as client:
        for part in (rows[:10], rows[10:]):
            for row in part:
                assert client.post("/v1/predict", content=dumps(row)).status_code == httpx.codes.OK
            prometheus.wait_for_scrapes()


def ask_at_once(prometheus: RunningPrometheus, url: str, rows: list[dict[str, Any]]) -> None:
    """More callers than it takes, again in two parts."""
    batch = dumps({"rows": rows})
    with httpx.Client(base_url=url) as client, ThreadPoolExecutor(8) as pool:
        for count in (40, ENOUGH):
            codes = set(pool.map(lambda _: client.post("/v1/predict", content=batch).status_code, range(count)))
            assert codes == {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}
            prometheus.wait_for_scrapes()


def judge(prometheus: RunningPrometheus, metric: dict[str, Any], canary: str) -> tuple[str, list[float]]:
    query = fill_in(
        metric["provider"]["prometheus"]["query"], canary_hash=canary, stable_hash=STABLE, namespace=NAMESPACE
    )
    result = prometheus.ask(query)
    return judge_answer(metric, result), result


@pytest.mark.slow
def test_a_canary_with_enough_traffic_like_the_stable_pods_passes(verdicts: dict[Any, Any]) -> None:
    judged = {name: found for (canary, name), found in verdicts.items() if canary == "like-stable"}
    assert len(judged) == 3
    assert {verdict for verdict, _ in judged.values()} == {"successful"}, judged
    assert all(len(result) == 1 and math.isfinite(result[0]) for _, result in judged.values()), judged


@pytest.mark.slow
def test_a_canary_whose_scores_moved_fails_by_them(verdicts: dict[Any, Any]) -> None:
    verdict, result = verdicts["one-row-only", "score-distribution"]
    assert verdict == "failed"
    assert result[0] > 0.2


@pytest.mark.slow
def test_a_canary_that_refuses_fails_by_its_errors(verdicts: dict[Any, Any]) -> None:
    verdict, result = verdicts[REFUSING, "errors"]
    assert verdict == "failed"
    assert 0.001 < result[0] <= 1


@pytest.mark.slow
@pytest.mark.parametrize("canary", ["hardly-asked", "silent"])
def test_too_little_evidence_is_inconclusive(verdicts: dict[Any, Any], canary: str) -> None:
    judged = [found for (name, _), found in verdicts.items() if name == canary]
    assert judged == [("inconclusive", [])] * 3


def test_every_query_parses_and_names_what_the_predictor_exports(scenes: list[Scene], tmp_path: Path) -> None:
    names = {"canary_hash": "abc", "stable_hash": "def", "namespace": NAMESPACE}
    asked = {f"{scene.name}: {name}": fill_in(text, **names) for scene in scenes for name, text in list_queries(scene)}
    assert len(asked) > 10
    done = check_rules(asked, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(asked)} rules found" in done.stdout
    assert {name: find_unknown(text) for name, text in asked.items() if find_unknown(text)} == {}


def test_a_planted_query_is_refused(tmp_path: Path) -> None:
    assert check_rules({"planted": "sum(rate(lathe_requests_total[5m])"}, tmp_path).returncode != 0
    assert find_unknown('sum(lathe_requests{route="/v1"})') == [
        "metric lathe_requests",
        "label route of lathe_requests",
    ]
    assert find_unknown('lathe_requests_total{path="/v1"}') == ["label path of lathe_requests_total"]


def test_a_condition_that_is_neither_true_is_inconclusive(metrics: dict[str, dict[str, Any]]) -> None:
    for metric in metrics.values():
        limit = float(metric["successCondition"].rpartition(" ")[2])
        answers: tuple[list[float], ...] = ([limit], [limit * 1.01], [], [math.nan])
        expected = ["successful", "failed", "inconclusive", "inconclusive"]
        assert [judge_answer(metric, answer) for answer in answers] == expected
