"""Annotations: what happened at a moment, drawn across every panel."""

from grafana_foundation_sdk.models import dashboard

from app.monitor.annotations.marks import RELEASE_TAG, RETRAINING_TAG
from app.monitor.dashboards.elements import SOURCE
from app.monitor.dashboards.variables import IN_ENVIRONMENT, OF_MODEL

# Grafana's own store, which docs/dashboards.md says how to fill; this name is Grafana's, and the same everywhere
GRAFANA = dashboard.DataSourceRef(type_val="grafana", uid="-- Grafana --")
MOST_SHOWN = 100


class TimedQuery(dashboard.AnnotationQuery):
    """A mark at the moment that the query's value is, in milliseconds; the SDK knows none of these fields."""

    def __init__(self, name: str, colour: str, expr: str, title: str, text: str) -> None:
        super().__init__(name=name, datasource=SOURCE, enable=True, icon_color=colour, expr=expr)
        self.title, self.text = title, text

    def to_json(self) -> dict[str, object]:
        extra = {"titleFormat": self.title, "textFormat": self.text, "tagKeys": "model_version", "step": "60s"}
        return super().to_json() | extra | {"useValueForTime": True}


class FromStore(dashboard.AnnotationQuery):
    """Marks that were written into Grafana with all of these tags."""

    def __init__(self, name: str, colour: str, *tags: str) -> None:
        target = dashboard.AnnotationTarget(limit=MOST_SHOWN, match_any=False, tags=list(tags), type_val="tags")
        super().__init__(name=name, datasource=GRAFANA, enable=True, icon_color=colour, target=target)


def list_releases() -> list[dashboard.AnnotationQuery]:
    """What Git says was released, and when its first pod began to run."""
    started = (
        f"1000 * min by (model_version) (process_start_time_seconds{{{IN_ENVIRONMENT}}}"
        f" * on (instance) group_left (model_version) lathe_model_info{{{OF_MODEL}}})"
    )
    return [
        FromStore("Released", "blue", RELEASE_TAG, "$environment"),
        TimedQuery("Started", "purple", started, "{{model_version}} started", "Start of its oldest pod"),
    ]


def list_retrainings() -> list[dashboard.AnnotationQuery]:
    """Pull requests of retrainings, and when each served model was trained."""
    trained = f"1000 * max by (model_version) (lathe_model_trained_timestamp_seconds{{{OF_MODEL}}})"
    return [
        FromStore("Retraining", "orange", RETRAINING_TAG),
        TimedQuery("Trained", "yellow", trained, "{{model_version}} was trained", "By the gate's report"),
    ]
