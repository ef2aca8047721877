"""What there is to read: the predictor's metrics, the rules' series, and what Prometheus and Alertmanager export."""

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
OF_RULES = {"model_name", "model_version", "namespace"}
WINDOWS = ("15m", "1h", "6h", "24h")
BOUNDS = ("", "_low", "_high")


def list_recorded() -> dict[str, set[str]]:
    """Each series of the recording rules, with its labels."""
    per_feature, per_slice = OF_RULES | {"feature", "drift"}, OF_RULES | {"feature", "drift", "slice"}
    found: dict[str, set[str]] = {}
    for window in WINDOWS:
        found[f"lathe:feature_rows:sum{window}"] = per_feature
        for bound in BOUNDS:
            found[f"lathe:feature_psi{bound}:{window}"] = per_feature
            found[f"lathe:slice_feature_psi{bound}:{window}"] = per_slice
            found[f"lathe:score_psi{bound}:{window}"] = OF_RULES
        for bound in BOUNDS:
            measures = ("precision", "recall", "cost")
            found |= {f"lathe:expected_{measure}{bound}:{window}": OF_RULES for measure in measures}
    for bound in BOUNDS:
        found |= {f"lathe:{measure}{bound}:24h": OF_RULES for measure in ("precision", "recall")}
    found |= {"lathe:label_coverage:24h": OF_RULES | {"decision"}, "lathe:calibration_z:24h": OF_RULES}
    return found | {f"lathe:{kind}_error_ratio:rate1h": OF_RULES for kind in ("availability", "latency")}


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
