"""Every query is PromQL, and reads series and labels that somebody exports."""

from pathlib import Path

import pytest

from tests.app.monitor.dashboards.reading import Query, list_queries, list_selectors
from tests.app.monitor.dashboards.series import find_unknown
from tests.gitops.prometheus import check_rules

QUERIES = list(list_queries())
GROUP = '"$1"'  # of a regular expression, which Grafana leaves as it is


def test_there_are_queries_and_each_variable_is_filled_in() -> None:
    assert len(QUERIES) > 100
    left = [query.place for query in QUERIES if "$" in query.text.replace(GROUP, "")]
    assert left == []


def test_promtool_takes_every_query(tmp_path: Path) -> None:
    done = check_rules({query.place: query.text for query in QUERIES}, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.place)
def test_a_query_reads_what_is_exported(query: Query) -> None:
    assert list_selectors(query.text)
    assert find_unknown(query.text) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sum(rate(lathe_request_total[5m]))", "nobody exports lathe_request_total"),
        ('lathe_ready{modelname="a"}', "lathe_ready has no label modelname"),
        ('lathe:feature_psi:2h{namespace="a"}', "nobody exports lathe:feature_psi:2h"),
    ],
)
def test_a_planted_name_is_found(text: str, problem: str) -> None:
    assert find_unknown(text) == [problem]
