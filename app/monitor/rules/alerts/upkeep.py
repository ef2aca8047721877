"""Alerts of what needs a hand: an old model, a slow engine, a waiting canary, rules that are not evaluated."""

from app.monitor.rules.alerts.writer import SERVICE_WHERE, VALUE, WHERE, AlertWriter
from app.monitor.rules.objectives import Objectives
from app.monitor.rules.promql import MODEL, SERVICE, Alert, by, number


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
    """Of Prometheus itself, where it scrapes itself: without these a rule that is not evaluated is silent."""
    ours = 'rule_group=~".*;lathe-.*"'
    missed = f"{by(('rule_group',))} (increase(prometheus_rule_group_iterations_missed_total{{{ours}}}[15m])) > 0"
    failed = f"{by(('rule_group',))} (increase(prometheus_rule_evaluation_failures_total{{{ours}}}[15m])) > 0"
    counts = by(("rule_group",), "group") + ' (prometheus_rule_group_interval_seconds{rule_group=~".*;lathe-counts"})'
    return [
        make(
            "LatheRulesMissed", f"{missed}\nor {failed}", "5m", "warning", "rules",
            (
                "Rules of {{ $labels.rule_group }} are not evaluated in time",
                "Rows of a step that was not evaluated are counted nowhere: drift and quality are not exact.",
            ),
        ),
        make(
            "LatheRulesTwice", f"count({counts}) > 1", "5m", "warning", "rules",
            (
                "Lathe's rules are installed {{ $value }} times",
                "Each row is counted so often, and every interval is too narrow. Keep one installation a Prometheus.",
            ),
        ),
    ]  # fmt: skip # a table
