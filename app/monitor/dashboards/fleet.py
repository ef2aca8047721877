"""The fleet: traffic, latency, errors and saturation of the pods, versions side by side."""

from app.monitor.dashboards.assembly import Parts
from app.monitor.dashboards.elements import About, PanelBuilder, lines, number, stacked
from app.monitor.dashboards.limits import colour_errors, colour_latency, mark_errors
from app.monitor.dashboards.marks import list_releases
from app.monitor.dashboards.tables import NumberColumn, grid
from app.monitor.dashboards.variables import (
    IN_ENVIRONMENT,
    OF_MODEL,
    OF_VERSIONS,
    choose_environment,
    choose_model,
    choose_source,
    choose_versions,
)

PREDICTIONS = f'{OF_VERSIONS}, route=~"/v1/.*|/v2/.*"'  # probes and the page left out, as in the canary's analysis
SINGLE_ROWS = f'{OF_VERSIONS}, route="/v1/predict"'
RATE = "[$__rate_interval]"
# of the pods that serve the chosen model: process metrics have no model of their own
CHOSEN_PODS = f"and on (instance) lathe_ready{{{OF_VERSIONS}}}"


def count_per_second(metric: str, selector: str, *by: str) -> str:
    """The sum of a counter's rates."""
    kept = f" by ({', '.join(by)})" if by else ""
    return f"sum{kept} (rate({metric}{{{selector}}}{RATE}))"


def share_of_errors(*by: str) -> str:
    """5xx among predictions; nought, and not nothing, where there was no error."""
    answered = count_per_second("lathe_requests_total", PREDICTIONS, *by)
    failed = count_per_second("lathe_requests_total", f'{PREDICTIONS}, code=~"5.."', *by)
    return f"({failed} or 0 * {answered}) / {answered}"


def find_quantile(quantile: float, *by: str) -> str:
    buckets = count_per_second("lathe_request_duration_seconds_bucket", SINGLE_ROWS, "le", *by)
    return f"histogram_quantile({quantile}, {buckets})"


def show_now() -> list[PanelBuilder]:
    return [
        number(
            About("Ready pods", "Pods that answer /readyz with 200.", "short", "LatheScrapeDead"),
            f"sum(lathe_ready{{{OF_VERSIONS}}})",
            steps=[(None, "red"), (1, "yellow"), (2, "green")],
        ),
        number(
            About("Requests", "Predictions requested a second, over all pods.", "reqps", "LatheScrapeDead"),
            count_per_second("lathe_requests_total", PREDICTIONS),
        ),
        number(
            About("Rows", "Rows scored a second, over all pods.", "rowsps", "LatheScrapeDead"),
            count_per_second("lathe_predicted_rows_total", OF_VERSIONS),
        ),
        number(
            About("Errors", "Share of predictions answered with 5xx.", "percentunit", "LatheAvailabilityBurn"),
            share_of_errors(),
            steps=colour_errors(),
        ),
        number(
            About("Latency, p99", "99 of 100 single predictions are faster.", "s", "LatheLatencyBurn"),
            find_quantile(0.99),
            steps=colour_latency("green"),
        ),
        number(
            About("In flight", "Requests started and not yet answered.", "short", "LatheLatencyBurn"),
            f"sum(lathe_in_flight_requests{{{OF_VERSIONS}}})",
        ),
    ]


def show_traffic() -> list[PanelBuilder]:
    return [
        stacked(
            lines(
                About("Requests by route", "Every request a second, probes included.", "reqps", "LatheScrapeDead"),
                {"{{route}}": count_per_second("lathe_requests_total", OF_VERSIONS, "route")},
                many=True,
            )
        ),
        stacked(
            lines(
                About("Answers by status", "Predictions a second by HTTP status.", "reqps", "LatheAvailabilityBurn"),
                {"{{code}}": count_per_second("lathe_requests_total", PREDICTIONS, "code")},
            )
        ),
    ]


def show_latency() -> list[PanelBuilder]:
    return [
        lines(
            About(
                "Latency of a single prediction",
                "From the start of handling to the answer, over all pods.",
                "s",
                "LatheLatencyBurn",
            ),
            {"p50": find_quantile(0.5), "p90": find_quantile(0.9), "p99": find_quantile(0.99)},
        ),
        lines(
            About("Latency by version, p99", "The same 99th percentile of each version.", "s", "LatheLatencyBurn"),
            {"{{model_version}}": find_quantile(0.99, "model_version")},
        ),
    ]


def show_errors() -> list[PanelBuilder]:
    budgets = {
        "availability": f"lathe:availability_error_ratio:rate1h{{{OF_MODEL}}}",
        "latency": f"lathe:latency_error_ratio:rate1h{{{OF_MODEL}}}",
    }
    refused = f"topk(5, {count_per_second('lathe_rejected_requests_total', OF_VERSIONS, 'reason')})"
    return [
        lines(
            About(
                "Bad requests of the last hour",
                "Shares that use up the budgets of objectives.yaml: answered with 5xx, and slower than allowed.",
                "percentunit",
                "LatheAvailabilityBurn",
            ),
            budgets,
        ),
        lines(
            About(
                "Refused requests",
                "Requests refused a second, by the five most frequent codes of the error: the caller's mistakes.",
                "reqps",
                "LatheAvailabilityBurn",
            ),
            {"{{reason}}": refused},
            many=True,
        ),
    ]


def show_saturation() -> list[PanelBuilder]:
    turned_away = {
        "turned away": count_per_second("lathe_shed_requests_total", OF_VERSIONS),
        "closed as too slow": count_per_second("lathe_closed_connections_total", f'{OF_VERSIONS}, reason!="idle"'),
        "log lines lost": count_per_second("lathe_dropped_log_lines_total", OF_VERSIONS),
    }
    return [
        lines(
            About("In flight by pod", "Requests started and not yet answered.", "short", "LatheLatencyBurn"),
            {"{{instance}}": f"lathe_in_flight_requests{{{OF_VERSIONS}}}"},
            width=6,
        ),
        lines(
            About("Turned away", "What a pod refuses to protect the rest, a second.", "cps", "LatheLatencyBurn"),
            turned_away,
            many=True,
            width=6,
        ),
        lines(
            About("Processor by pod", "Cores in use; a pod has one process.", "short", "LatheLatencyBurn"),
            {"{{instance}}": f"rate(process_cpu_seconds_total{{{IN_ENVIRONMENT}}}{RATE}) {CHOSEN_PODS}"},
            width=6,
        ),
        lines(
            About("Memory by pod", "Resident memory of the process.", "bytes", "LatheScrapeDead"),
            {"{{instance}}": f"process_resident_memory_bytes{{{IN_ENVIRONMENT}}} {CHOSEN_PODS}"},
            width=6,
        ),
    ]


def compare_versions() -> list[PanelBuilder]:
    version = "model_version"
    rows = count_per_second("lathe_predicted_rows_total", OF_VERSIONS, version)
    positive = count_per_second("lathe_predicted_rows_total", f'{OF_VERSIONS}, decision="true"', version)
    scores = count_per_second("lathe_score_sum_total", OF_VERSIONS, version)
    columns = [
        NumberColumn("Pods", f"sum by ({version}) (lathe_ready{{{OF_VERSIONS}}})", decimals=0),
        NumberColumn("Requests", count_per_second("lathe_requests_total", PREDICTIONS, version), "reqps"),
        NumberColumn("Errors", share_of_errors(version), "percentunit", steps=mark_errors("text")),
        NumberColumn("p50", find_quantile(0.5, version), "s"),
        NumberColumn("p99", find_quantile(0.99, version), "s", steps=colour_latency("text")),
        NumberColumn("Rows", rows, "rowsps"),
        NumberColumn("Decided true", f"{positive} / {rows}", "percentunit", 2),
        NumberColumn("Mean score", f"{scores} / {rows}", "percentunit", 2),
        NumberColumn("Memory", f"max by ({version}) ({_memory_by_version()})", "bytes"),
        NumberColumn(
            "Age",
            f"time() - max by ({version}) (lathe_model_trained_timestamp_seconds{{{OF_VERSIONS}}})",
            "s",
        ),
    ]
    about = About(
        "Versions",
        "What each version answers now: a canary beside the stable version, or the old beside the new one.",
        "short",
        "LatheAvailabilityBurn",
    )
    return [grid(about, {version: "Version"}, columns, height=6, sort="Requests", widths={"Version": 180})]


def _memory_by_version() -> str:
    memory = f"process_resident_memory_bytes{{{IN_ENVIRONMENT}}}"
    return f"{memory} * on (instance) group_left (model_version) lathe_model_info{{{OF_VERSIONS}}}"


def make_fleet() -> Parts:
    return Parts(
        "lathe-fleet",
        "Lathe / Fleet",
        "Traffic, latency, errors and saturation of the predictors, versions side by side.",
        [choose_source(), choose_environment(), choose_model(), choose_versions()],
        list_releases(),
        {
            "Now": show_now(),
            "Versions side by side": compare_versions(),
            "Traffic": show_traffic(),
            "Latency": show_latency(),
            "Errors": show_errors(),
            "Saturation": show_saturation(),
        },
    )
