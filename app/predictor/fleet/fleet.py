"""The sums over all replicas of the served version, asked for once for all who look at the page."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec

from app.predictor.fleet.prometheus import PrometheusError, escape, format_samples, hide_password, query_prometheus
from app.predictor.lifecycle import Lifecycle
from app.predictor.logs import log_event
from app.predictor.settings import Settings

QUERY_SECONDS = 2.0
WAIT_SECONDS = 3.0  # that a page waits; the name of a host may take longer to be found than a query may
KEPT_SECONDS = 4.0  # a page asks every five seconds
SUMMED = (
    "lathe_requests_total|lathe_request_duration_seconds_bucket|lathe_predicted_rows_total|lathe_feature_rows_total|"
    "lathe_score_rows_total|lathe_rejected_requests_total|lathe_shed_requests_total|lathe_receipts_total|"
    "lathe_feedback_.*_total|lathe_feedback_total"
)
ALIKE = "lathe_feature_reference_ratio|lathe_score_reference_ratio|lathe_reference_rows|lathe_score_reference_rows"
LABELS = "__name__, route, code, le, decision, reason, outcome, feature, bin, drift, model_version"


class FleetFigures(msgspec.Struct, frozen=True):
    """What the page shows beside this process's own counters.

    `metrics` is in the text format of /metrics, summed over `replicas`; None without Prometheus, or with the `trouble`
    why there is none.
    """

    reports_url: str | None
    dashboards_url: str | None
    has_prometheus: bool = False
    metrics: str | None = None
    replicas: int = 0
    trouble: str | None = None


class Fleet:
    """Asks Prometheus in a thread of its own, never two questions at once; only the event loop's thread uses it."""

    def __init__(self, settings: Settings, lifecycle: Lifecycle) -> None:
        self._lifecycle = lifecycle
        self._url = settings.prometheus_url
        self._matchers = settings.prometheus_matchers
        self._links = FleetFigures(settings.reports_url, settings.dashboards_url, self._url is not None)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fleet")
        self._asking: asyncio.Future[FleetFigures] | None = None
        self._found = self._links
        self._until = 0.0

    async def read(self) -> FleetFigures:
        """The figures, at most KEPT_SECONDS old, after WAIT_SECONDS at the latest."""
        if self._url is None or time.monotonic() < self._until:
            return self._found
        if self._asking is None:
            query = self._make_query()
            self._asking = asyncio.get_running_loop().run_in_executor(self._thread, self._ask, self._url, query)
            self._asking.add_done_callback(self._keep)
        try:
            return await asyncio.wait_for(asyncio.shield(self._asking), WAIT_SECONDS)
        except TimeoutError:
            return msgspec.structs.replace(self._links, trouble="Prometheus takes too long to answer")

    def _keep(self, future: "asyncio.Future[FleetFigures]") -> None:
        self._asking = None
        if not future.cancelled() and future.exception() is None:
            self._found, self._until = future.result(), time.monotonic() + KEPT_SECONDS

    def _make_query(self) -> str:
        """Counters summed over the replicas, what is alike in all of them once, and how many replicas there are."""
        manifest = self._lifecycle.model.manifest
        chosen = f'model_name="{escape(manifest.name)}", model_version="{escape(manifest.version)}"'
        chosen += f", {self._matchers}" if self._matchers else ""
        return (
            f'sum by ({LABELS}) ({{__name__=~"{SUMMED}", {chosen}}}) '
            f'or max by ({LABELS}) ({{__name__=~"{ALIKE}", {chosen}}}) '
            f"or count by (__name__) (lathe_ready{{{chosen}}})"
        )

    def _ask(self, url: str, query: str) -> FleetFigures:
        try:
            series = query_prometheus(url, query, QUERY_SECONDS)
        except PrometheusError as error:
            log_event("prometheus_failed", logging.WARNING, url=hide_password(url), reason=str(error))
            return msgspec.structs.replace(self._links, trouble=f"Prometheus gives no figures: {error}")
        replicas = sum(int(float(one.value[1])) for one in series if one.metric.get("__name__") == "lathe_ready")
        shown = [one for one in series if one.metric.get("__name__") != "lathe_ready"]
        if not replicas:
            return msgspec.structs.replace(self._links, trouble="Prometheus has no figures of this model version")
        return msgspec.structs.replace(self._links, metrics=format_samples(shown), replicas=replicas)
