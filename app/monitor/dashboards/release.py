"""Releases: what ran when, and a canary against the stable version."""

from app.monitor.annotations.marks import RELEASE_TAG
from app.monitor.dashboards.assembly import Parts
from app.monitor.dashboards.elements import About, PanelBuilder, events, lines, stacked
from app.monitor.dashboards.fleet import PREDICTIONS, SINGLE_ROWS, count_per_second
from app.monitor.dashboards.limits import colour_latency, mark_errors
from app.monitor.dashboards.marks import list_releases
from app.monitor.dashboards.tables import NumberColumn, grid
from app.monitor.dashboards.variables import (
    OF_MODEL,
    OF_VERSIONS,
    choose_environment,
    choose_model,
    choose_source,
    choose_versions,
)

# Argo Rollouts' label of a pod: canary and stable may serve the same version, as with a change of settings
GROUP = ("model_version", "rollouts_pod_template_hash")
LEGEND = "{{model_version}} {{rollouts_pod_template_hash}}"


def share(part: str, whole: str) -> str:
    """Of each group; nought, and not nothing, where the part has no series."""
    return f"({part} or 0 * {whole}) / {whole}"


def share_of_errors() -> str:
    failed = count_per_second("lathe_requests_total", f'{PREDICTIONS}, code=~"5.."', *GROUP)
    return share(failed, count_per_second("lathe_requests_total", PREDICTIONS, *GROUP))


def find_p99() -> str:
    buckets = count_per_second("lathe_request_duration_seconds_bucket", SINGLE_ROWS, "le", *GROUP)
    return f"histogram_quantile(0.99, {buckets})"


def share_decided() -> str:
    positive = count_per_second("lathe_predicted_rows_total", f'{OF_VERSIONS}, decision="true"', *GROUP)
    return share(positive, count_per_second("lathe_predicted_rows_total", OF_VERSIONS, *GROUP))


def mean_score() -> str:
    scores = count_per_second("lathe_score_sum_total", OF_VERSIONS, *GROUP)
    return f"{scores} / {count_per_second('lathe_predicted_rows_total', OF_VERSIONS, *GROUP)}"


def show_running() -> list[PanelBuilder]:
    pods = f"count by (model_version) (lathe_model_info{{{OF_MODEL}}})"
    return [
        stacked(
            lines(
                About(
                    "Pods by version",
                    "What ran when. Blue marks are releases in Git, purple ones the start of a version's oldest pod.",
                    "short",
                    "LatheScrapeDead",
                ),
                {"{{model_version}}": pods},
                width=14,
            ).decimals(0)
        ),
        events(
            About(
                "Releases",
                "Moves of this environment, newest first: version, who, and why. From the history in Git.",
                "short",
                "LatheScrapeDead",
            ),
            [RELEASE_TAG, "$environment"],
            width=10,
        ),
    ]


def show_served() -> list[PanelBuilder]:
    labels = ("model_version", "digest")
    of_bundle = f"* on (instance) group_left (digest) lathe_model_info{{{OF_VERSIONS}}}"
    trained = f"lathe_model_trained_timestamp_seconds{{{OF_VERSIONS}}} {of_bundle}"
    reference = f"lathe_reference_rows{{{OF_VERSIONS}}} {of_bundle}"
    names = ", ".join(labels)
    columns = [
        NumberColumn("Pods", f"count by ({names}) (lathe_model_info{{{OF_VERSIONS}}})", decimals=0, width=90),
        NumberColumn("Training rows", f"max by ({names}) ({reference})", "none", 0, width=130),
        NumberColumn("Trained", f"1000 * max by ({names}) ({trained})", "dateTimeAsIso", width=180),
    ]
    about = About(
        "Served bundles", "The digest is the one that Git, registry and bundle agree on.", "short", "LatheStaleModel"
    )
    return [grid(about, {"model_version": "Version", "digest": "Digest of the bundle"}, columns, height=5)]


def compare_serving() -> list[PanelBuilder]:
    return [
        lines(
            About("Requests", "Predictions a second of each group of pods.", "reqps", "LatheScrapeDead"),
            {LEGEND: count_per_second("lathe_requests_total", PREDICTIONS, *GROUP)},
            width=8,
        ),
        lines(
            About(
                "Errors",
                "Share of predictions answered with 5xx; the canary's analysis allows 0.1 %.",
                "percentunit",
                "LatheAvailabilityBurn",
            ),
            {LEGEND: share_of_errors()},
            width=8,
            limits=mark_errors("transparent"),
        ),
        lines(
            About(
                "Latency, p99", "Of single predictions; the canary's analysis allows 50 ms.", "s", "LatheLatencyBurn"
            ),
            {LEGEND: find_p99()},
            width=8,
            limits=colour_latency("transparent"),
        ),
    ]


def compare_scores() -> list[PanelBuilder]:
    return [
        lines(
            About(
                "Decided true",
                "Share of rows decided true by each group: the same traffic, so nearly the same share.",
                "percentunit",
                "LatheCanaryWaiting",
            ),
            {LEGEND: share_decided()},
            width=8,
        ),
        lines(
            About("Mean score", "Mean score of each group.", "percentunit", "LatheCanaryWaiting"),
            {LEGEND: mean_score()},
            width=8,
        ),
        lines(
            About(
                "Drift of the score",
                "Against each version's own reference, of the last hour.",
                "short",
                "LatheCanaryWaiting",
            ),
            {"{{model_version}}": f"lathe:score_psi:1h{{{OF_VERSIONS}}}"},
            width=8,
        ),
    ]


def compare_now() -> list[PanelBuilder]:
    columns = [
        NumberColumn("Requests", count_per_second("lathe_requests_total", PREDICTIONS, *GROUP), "reqps"),
        NumberColumn("Errors", share_of_errors(), "percentunit", steps=mark_errors("text")),
        NumberColumn("p99", find_p99(), "s", steps=colour_latency("text")),
        NumberColumn("Decided true", share_decided(), "percentunit", 2),
        NumberColumn("Mean score", mean_score(), "percentunit", 2),
    ]
    about = About("Canary and stable, now", "One row for each version and hash of pods.", "short", "LatheCanaryWaiting")
    labels = {"model_version": "Version", "rollouts_pod_template_hash": "Hash of the pods"}
    return [grid(about, labels, columns, height=5, sort="Requests")]


def make_release() -> Parts:
    return Parts(
        "lathe-release",
        "Lathe / Release",
        "What ran when, who released it and why, and a canary against the stable version.",
        [choose_source(), choose_environment(), choose_model(), choose_versions()],
        list_releases(),
        {
            "What ran when": [*show_running(), *show_served()],
            "Canary against stable": [*compare_now(), *compare_serving(), *compare_scores()],
        },
    )
