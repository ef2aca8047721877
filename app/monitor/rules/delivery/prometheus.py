"""prometheus.yml of a plain Prometheus: what the operator makes of ServiceMonitor and PrometheusRule."""

from typing import Any

from app.monitor.rules.counts import HASH
from app.monitor.rules.objectives import Scraping

META = "__meta_kubernetes_"


def make_prometheus(scraping: Scraping) -> dict[str, Any]:
    """Scrapes every pod of the predictor that Prometheus may list, with the labels that the rules keep."""
    return {
        "global": {
            "scrape_interval": f"{scraping.interval_seconds}s",
            "scrape_timeout": f"{scraping.timeout_seconds}s",
            "evaluation_interval": "1m",
        },
        "rule_files": ["rules.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]},
        "scrape_configs": [
            {
                "job_name": scraping.job,
                "sample_limit": 15000,  # as servicemonitor.yaml says, and why
                "kubernetes_sd_configs": [{"role": "pod"}],
                "relabel_configs": list_relabelings(),
            },
            {"job_name": "prometheus", "static_configs": [{"targets": ["localhost:9090"]}]},  # missed rules are seen
        ],
    }


def list_relabelings() -> list[dict[str, Any]]:
    copied = {"namespace": "namespace", "pod_name": "pod", f"pod_label_{HASH}": HASH}
    return [
        {"source_labels": [f"{META}pod_label_app_kubernetes_io_name"], "regex": "predictor", "action": "keep"},
        {"source_labels": [f"{META}pod_container_port_name"], "regex": "http", "action": "keep"},
        *({"source_labels": [META + source], "target_label": target} for source, target in copied.items()),
        {"source_labels": [f"{META}namespace"], "regex": "lathe-(.+)", "target_label": "environment"},
    ]
