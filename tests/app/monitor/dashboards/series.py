"""What there is to read: the predictor's metrics, the rules' series, and what Prometheus and Alertmanager export."""

from functools import cache

from app.monitor.rules.counts import HASH
from app.monitor.rules.groups import list_records, load_datasets, make_groups
from app.monitor.rules.objectives import load_objectives
from app.monitor.rules.promql import MODEL
from tests.app.monitor.dashboards.reading import list_selectors
from tests.gitops.queries import TARGET_LABELS, list_metrics

# of others, with the labels that the dashboards select by
FOREIGN = {
    "up": set[str](),
    "ALERTS": {"alertname", "alertstate", "namespace"},
    "ALERTS_FOR_STATE": {"alertname", "namespace"},
    "process_cpu_seconds_total": set[str](),
    "process_resident_memory_bytes": set[str](),
    "process_start_time_seconds": set[str](),
    "alertmanager_notifications_total": {"integration"},
    "alertmanager_notifications_failed_total": {"integration"},
    "prometheus_rule_group_iterations_missed_total": set[str](),
    "prometheus_rule_group_last_duration_seconds": {"rule_group"},
}
# of the rules' series; which of them each has, a running Prometheus shows: test_data.py
OF_RULES = {*MODEL, "feature", "drift", "slice", "decision", HASH}


@cache
def list_recorded() -> dict[str, set[str]]:
    """Each series of the recording rules."""
    return dict.fromkeys(list_records(make_groups(load_objectives(), load_datasets())), OF_RULES)


def list_all() -> dict[str, set[str]]:
    own = {name: labels | TARGET_LABELS for name, labels in list_metrics().items()}
    foreign = {name: labels | TARGET_LABELS for name, labels in FOREIGN.items()}
    return own | foreign | list_recorded()


def find_unknown(text: str) -> list[str]:
    """Series and labels of a query that nobody exports."""
    known = list_all()
    problems = []
    for name, labels in list_selectors(text):
        if name not in known:
            problems.append(f"nobody exports {name}")
            continue
        problems += [f"{name} has no label {label}" for label in sorted(labels - known[name])]
    return problems
