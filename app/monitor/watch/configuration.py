"""What Prometheus and Alertmanager are told on a laptop: the rules of the cluster, at a shorter interval."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.monitor.rules.counts import HASH
from app.monitor.rules.files import to_document, write_yaml
from app.monitor.rules.groups import load_datasets, make_groups
from app.monitor.rules.objectives import Objectives, load_objectives

SCRAPE_SECONDS = 5
TIMEOUT_SECONDS = 2
RULES_INTERVAL = "15s"  # more often, and two slow cores would miss evaluations
LABELS = {"namespace": "lathe-laptop", "environment": "laptop"}  # which the cluster's scrape would add


def write_prometheus(folder: Path, predictors: Sequence[tuple[str, str]], alertmanager: str, own: str) -> Path:
    """Writes configuration and rules; the path of the configuration.

    Addresses are HOST:PORT, a predictor's with the hash of its pods: a canary's is another.

    Raises: InputError if the objectives or a dataset file is not usable.
    """
    objectives = shorten(load_objectives())
    rules = folder / "rules.yaml"
    rules.write_text(
        write_yaml(to_document(make_groups(objectives, load_datasets(), RULES_INTERVAL))), encoding="utf-8"
    )
    pods = [
        {"targets": [address], "labels": {**LABELS, "pod": f"predictor-{number}", HASH: group}}
        for number, (address, group) in enumerate(predictors)
    ]
    jobs = {objectives.scraping.job: pods, "prometheus": [{"targets": [own]}]}
    jobs |= {"alertmanager": [{"targets": [alertmanager]}]}
    document: dict[str, Any] = {
        "global": {
            "scrape_interval": f"{SCRAPE_SECONDS}s",
            "scrape_timeout": f"{TIMEOUT_SECONDS}s",
            "evaluation_interval": RULES_INTERVAL,
        },
        "rule_files": [str(rules.resolve())],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [{"job_name": job, "static_configs": found} for job, found in jobs.items()],
    }
    return _write(folder / "prometheus.yaml", document)


def shorten(objectives: Objectives) -> Objectives:
    """The same objectives, scraped as often as a laptop is."""
    scraping = msgspec.structs.replace(
        objectives.scraping, interval_seconds=SCRAPE_SECONDS, timeout_seconds=TIMEOUT_SECONDS
    )
    return msgspec.structs.replace(objectives, scraping=scraping)


def write_alertmanager(folder: Path, receiver: str) -> Path:
    """Every alert goes to one webhook on this machine, which prints it."""
    document = {
        "route": {"receiver": "terminal", "group_by": ["..."], "group_wait": "1s", "group_interval": "5s"},
        "receivers": [{"name": "terminal", "webhook_configs": [{"url": receiver, "send_resolved": True}]}],
    }
    return _write(folder / "alertmanager.yaml", document)


def _write(path: Path, document: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps(document, indent=2), encoding="utf-8")  # JSON is YAML
    return path
