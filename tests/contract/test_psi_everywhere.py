"""One formula: the index of Python, of the page's JavaScript and of the canary's PromQL are the same number."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.psi import StabilityIndex, measure_psi
from tests.gitops.prometheus import RunningPrometheus
from tests.gitops.queries import fill_in
from tests.needs import need_program
from tests.repo.sources import ROOT

PAGE = ROOT / "app" / "predictor" / "page"
TEMPLATE = ROOT / "gitops" / "components" / "rollout" / "analysis" / "analysistemplate.yaml"
ENOUGH = 500  # below, the canary is not judged
EXACT = 1e-12
NONE = "absent(vector(1))"  # an empty vector

Case = tuple[list[int], list[float], int]
PLANTED: dict[str, Case] = {
    "no difference": ([100, 200, 200], [0.2, 0.4, 0.4], 8137),
    "an empty bin": ([400, 400, 0], [0.4, 0.4, 0.2], 8137),
    "a bin that the reference never saw": ([400, 100, 50], [0.5, 0.5, 0.0], 8137),
    "a bin that is empty on both sides": ([400, 400, 0], [0.5, 0.5, 0.0], 8137),
    "all in one bin": ([0, 0, 900], [0.6, 0.3, 0.1], 8137),
    "far fewer rows of reference": ([400_000, 500_000, 100_000], [0.5, 0.25, 0.25], 4),
    "far more rows of reference": ([200, 100, 300], [0.5, 0.3, 0.2], 10**9),
    "one bin": ([700], [1.0], 100),
}


@st.composite
def cases(draw: st.DrawFn) -> Case:
    bins = draw(st.integers(1, 12))
    size = draw(st.sampled_from([1, 100, 10**7]))
    counts = draw(st.lists(st.integers(0, size), min_size=bins, max_size=bins).filter(any))
    weights = draw(st.lists(st.integers(0, 50), min_size=bins, max_size=bins).filter(any))
    return counts, [weight / sum(weights) for weight in weights], draw(st.integers(1, 10**8))


@pytest.fixture(scope="module")
def ask_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., dict[str, Any]]]:
    """The page's own files, in a Node that answers line by line."""
    folder = tmp_path_factory.mktemp("page")
    for path in (PAGE / "drift.js", PAGE / "prometheus.js", Path(__file__).parent / "psi_in_node.mjs"):
        shutil.copy(path, folder)
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    with subprocess.Popen(
        [need_program("node"), "psi_in_node.mjs"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout

        def ask(*given: Any) -> dict[str, Any]:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(given) + "\n")
            process.stdin.flush()
            found: dict[str, Any] = json.loads(process.stdout.readline())
            return found

        yield ask
        process.stdin.close()


def check_javascript(ask_node: Callable[..., dict[str, Any]], case: Case) -> None:
    index = measure_psi(*case)
    found = ask_node(*case, 0.1)
    expected = {name: getattr(index, name) for name in ("rows", "psi", "bias", "corrected", "low", "high")}
    expected["standardError"] = index.standard_error
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=EXACT, abs=EXACT)
    assert found["fromMetrics"] == pytest.approx(index.corrected, rel=EXACT, abs=EXACT)
    assert found["verdict"] == index.judge(0.1)


@pytest.mark.parametrize("case", PLANTED.values(), ids=PLANTED)
def test_the_page_computes_the_same_index(ask_node: Callable[..., dict[str, Any]], case: Case) -> None:
    check_javascript(ask_node, case)


@settings(deadline=None)
@given(case=cases())
def test_the_page_computes_the_same_index_of_any_counts(ask_node: Callable[..., dict[str, Any]], case: Case) -> None:
    check_javascript(ask_node, case)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPrometheus]:
    """One without targets: the counts stand in the query."""
    running = RunningPrometheus(tmp_path_factory.mktemp("prometheus"), {}, "lathe-test")
    try:
        running.wait_for(lambda one: one.ask("vector(1)") == [1.0])
        yield running
    finally:
        running.stop()


def write_vector(values: list[Any]) -> str:
    return " or ".join(f'label_replace(vector({value!r}), "bin", "{bin}", "", "")' for bin, value in enumerate(values))


def write_query(canary: Case, stable: Case, *, is_recorded: bool = True) -> str:
    """The template's own query with each selector replaced by a vector of numbers, and nothing else.

    `is_recorded`: whether the rules that count a step at a time are installed; the other counts then have no say.
    """
    found = next(iter(yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8"))))["spec"]["metrics"]
    query = next(one for one in found if one["name"] == "score-distribution")["provider"]["prometheus"]["query"]
    query = fill_in(query, canary_hash="canary", stable_hash="stable", namespace="lathe-test")
    for name, (counts, ratios, rows) in (("canary", canary), ("stable", stable)):
        labels = rf'\{{namespace="lathe-test", rollouts_pod_template_hash="{name}"\}}'
        for selector, values in (
            (rf"sum_over_time\(lathe:score_rows:step{labels}\[10m\]\)", write_vector(counts) if is_recorded else NONE),
            (rf"increase\(lathe_score_rows_total{labels}\[10m\]\)", write_vector([7] if is_recorded else counts)),
            (f"lathe_score_reference_ratio{labels}", write_vector(ratios)),
            (f"lathe_score_reference_rows{labels}", f"vector({rows})"),
        ):
            query, replaced = re.subn(selector, f"({values})", query)
            assert replaced
    assert "lathe_" not in query
    assert "lathe:" not in query
    return query


def check_promql(prometheus: RunningPrometheus, canary: Case, stable: Case) -> None:
    found = prometheus.ask(write_query(canary, stable))
    assert prometheus.ask(write_query(canary, stable, is_recorded=False)) == found
    indexes: list[StabilityIndex] = [measure_psi(*canary), measure_psi(*stable)]
    if min(index.rows for index in indexes) < ENOUGH:
        assert found == []
        return
    assert found == [pytest.approx(indexes[0].corrected - indexes[1].corrected, rel=EXACT, abs=EXACT)]


@pytest.mark.slow
@pytest.mark.parametrize("case", PLANTED.values(), ids=PLANTED)
def test_the_canarys_query_computes_the_same_index(prometheus: RunningPrometheus, case: Case) -> None:
    check_promql(prometheus, case, PLANTED["no difference"])
    check_promql(prometheus, PLANTED["no difference"], case)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(canary=cases(), stable=cases())
def test_the_canarys_query_computes_the_same_index_of_any_counts(
    prometheus: RunningPrometheus, canary: Case, stable: Case
) -> None:
    check_promql(prometheus, canary, stable)


def test_a_version_that_does_not_say_how_many_rows_its_reference_has_is_not_judged(
    prometheus: RunningPrometheus,
) -> None:
    query = write_query(PLANTED["all in one bin"], PLANTED["no difference"])
    assert prometheus.ask(query.replace("(vector(8137))", "absent(vector(1))")) == []
