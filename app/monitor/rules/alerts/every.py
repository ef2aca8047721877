"""Every alert that the objectives ask for, in the runbook's order."""

from app.monitor.rules.alerts.inputs import list_drift, list_values
from app.monitor.rules.alerts.quality import list_labels, list_quality
from app.monitor.rules.alerts.service import list_service
from app.monitor.rules.alerts.upkeep import list_model, list_rules
from app.monitor.rules.alerts.writer import AlertWriter
from app.monitor.rules.objectives import Objectives, QualityFloors
from app.monitor.rules.promql import Alert
from contract.dataset import Dataset


def list_alerts(objectives: Objectives, datasets: tuple[Dataset, ...], *, has_slices: bool) -> list[Alert]:
    """Those of the service, of what comes in, of the decisions, and of what needs a hand."""
    make = AlertWriter(objectives.runbook)
    alerts = [*list_service(make, objectives), *list_drift(make, objectives, has_slices=has_slices)]
    alerts += list_values(make, objectives)
    for dataset in datasets:
        alerts += list_quality(make, dataset, objectives.quality.get(dataset.name, QualityFloors()))
    return [*alerts, *list_labels(make, objectives), *list_model(make, objectives), *list_rules(make)]
