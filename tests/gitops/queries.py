"""The queries that the manifests ask Prometheus, and what their conditions make of an answer."""

import re
from collections.abc import Iterator
from typing import Any

from app.predictor.metrics import METRICS, MODEL_LABELS
from tests.gitops.scenes import Scene

METRIC = re.compile(r"\b(lathe_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")
TARGET_LABELS = {"namespace", "environment", "rollouts_pod_template_hash", "pod", "instance", "job"}
SUFFIXES = {"histogram": ("_bucket", "_count", "_sum"), "summary": ("_count", "_sum")}


def list_queries(scene: Scene) -> Iterator[tuple[str, str]]:
    """The name of each query, and its text."""
    for found in scene.pick("AnalysisTemplate"):
        for metric in found["spec"]["metrics"]:
            yield f"AnalysisTemplate {metric['name']}", metric["provider"]["prometheus"]["query"]
    for found in scene.pick("ScaledObject"):
        for number, trigger in enumerate(found["spec"]["triggers"]):
            yield f"ScaledObject trigger {number}", trigger["metadata"]["query"]


def fill_in(query: str, **values: str) -> str:
    """The query with each {{args.name}} replaced; an underscore stands for a hyphen."""
    for name, value in values.items():
        query = query.replace("{{args." + name.replace("_", "-") + "}}", value)
    assert "{{" not in query, query
    return query


def list_metrics() -> dict[str, set[str]]:
    """Each series that the predictor exports, with its labels."""
    names: dict[str, set[str]] = {}
    for row in METRICS:
        labels = {*MODEL_LABELS, *row.labels} | ({"le"} if row.kind == "histogram" else set())
        names |= {row.name + suffix: labels for suffix in SUFFIXES.get(row.kind, ("",))}
    return names


def find_unknown(query: str) -> list[str]:
    """Metrics and labels of a query that the predictor does not export."""
    known = list_metrics()
    problems = []
    for name, selector in METRIC.findall(query):
        problems += [] if name in known else [f"metric {name}"]
        labels = set(LABEL.findall(re.sub(r'"[^"]*"', '""', selector)))
        problems += [f"label {label} of {name}" for label in labels - TARGET_LABELS - known.get(name, set())]
    return problems


def judge_answer(metric: dict[str, Any], result: list[float]) -> str:
    """What Argo Rollouts makes of an answer: neither condition true is inconclusive."""

    def holds(condition: str) -> bool:
        return bool(eval(condition.replace("&&", "and"), {"__builtins__": {}, "len": len}, {"result": result}))  # noqa: S307 - the manifests' own words

    if holds(metric["failureCondition"]):
        return "failed"
    return "successful" if holds(metric["successCondition"]) else "inconclusive"
