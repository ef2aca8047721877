"""Alerts of what needs a hand: an old model, a slow engine, a waiting canary, rules that are not evaluated."""

from app.monitor.rules.alerts.writer import RULES_TOPIC, SERVICE_WHERE, VALUE, WHERE, AlertWriter
from app.monitor.rules.objectives import Objectives
from app.monitor.rules.promql import MODEL, SERVICE, Alert, by, number

# The operator mounts a PrometheusRule as NAMESPACE-NAME-UID.yaml. A plain Prometheus has files of any name, and no
# namespace then.
OF_OPERATOR = ".*/(.+)-lathe-[0-9a-f-]{36}[.]yaml;.*"


def list_model(make: AlertWriter, objectives: Objectives) -> list[Alert]:
    age = f"(time() - {by(MODEL, 'max')} (lathe_model_trained_timestamp_seconds)) / 86400"
    served = f"{by((*SERVICE, 'model_version', 'rollouts_pod_template_hash'), 'group')} (lathe_model_info)"
    return [
        make(
            "LatheStaleModel", f"{age} > {number(objectives.max_age_days)}", "1h", "warning", "model",
            (
                f"{WHERE} is {VALUE} days old",
                f"Trained more than {objectives.max_age_days:g} days ago. Slow drift may have moved no alert.",
            ),
        ),
        make(
            "LatheEngineFallback", f'{by(MODEL, "max")} (lathe_engine_info{{engine="xgboost"}}) == 1',
            "5m", "warning", "model",
            (
                f"{WHERE} is answered by XGBoost",
                "Right, and five times slower for a single row: the engines differ, or there is no ONNX artifact.",
            ),
        ),
        make(
            "LatheCanaryWaiting", f"{by(SERVICE, 'count')} ({served}) > 1", "2h", "warning", "rollout",
            (
                f"Two releases of {SERVICE_WHERE} have been serving side by side for two hours",
                "A canary whose analysis is inconclusive waits for a person.",
            ),
        ),
    ]  # fmt: skip # a table


def list_rules(make: AlertWriter) -> list[Alert]:
    """Of Prometheus itself, where it scrapes itself: without these a rule that is not evaluated is silent.

    Each has the namespace that the rules were installed in, since an AlertmanagerConfig takes alerts of its own alone.
    """
    ours = 'rule_group=~".*;lathe-.*"'
    missed = f"{by(('rule_group',))} (increase(prometheus_rule_group_iterations_missed_total{{{ours}}}[15m])) > 0"
    failed = f"{by(('rule_group',))} (increase(prometheus_rule_evaluation_failures_total{{{ours}}}[15m])) > 0"
    counts = by(("rule_group",), "group") + ' (prometheus_rule_group_interval_seconds{rule_group=~".*;lathe-counts"})'
    twice = f"{counts}\n* on () group_left ()\ncount({counts}) > 1"
    return [
        make(
            "LatheRulesMissed", name_namespace(f"{missed}\nor {failed}"), "5m", "warning", RULES_TOPIC,
            (
                "Rules of {{ $labels.rule_group }} are not evaluated in time",
                "Rows of a step that was not evaluated are counted nowhere: drift and quality are not exact.",
            ),
        ),
        make(
            "LatheRulesTwice", name_namespace(twice), "5m", "warning", RULES_TOPIC,
            (
                "Lathe's rules are installed {{ $value }} times",
                "One is {{ $labels.rule_group }}. Each row counts so often: every interval is too narrow. Keep one.",
            ),
        ),
    ]  # fmt: skip # a table


def name_namespace(expr: str) -> str:
    """Of series with a `rule_group`."""
    return f'label_replace(\n{expr},\n"namespace", "$1", "rule_group", "{OF_OPERATOR}")'
