"""Panels of quality: what the scores expect, what labels say, and how many labels came back."""

from app.monitor.dashboards.elements import About, PanelBuilder, lines, number, with_band
from app.monitor.dashboards.limits import colour_calibration
from app.monitor.dashboards.variables import OF_VERSIONS

RATE = "[$__rate_interval]"
EXPECTED, LABELLED = "expected from scores", "with labels"
WARNING = (
    "Scores alone are no all-clear: under a sensor's offset the expected line rises while the truth falls. "
    "Believe it beside drift and labels."
)


def bounds(name: str, series: str, window: str) -> dict[str, str]:
    """The line and its two bounds, as `with_band` names them."""
    ends = {name: "", f"{name}, low": "_low", f"{name}, high": "_high"}
    return {legend: f"{series}{end}:{window}{{{OF_VERSIONS}}}" for legend, end in ends.items()}


def compare(measure: str, title: str, meaning: str, alert: str) -> PanelBuilder:
    """A measure as expected from the scores, and as labels and scores together estimate it."""
    exprs = bounds(EXPECTED, f"lathe:expected_{measure}", "$window") | bounds(LABELLED, f"lathe:{measure}", "24h")
    panel = lines(About(title, f"{meaning} {WARNING}", "percentunit", alert), exprs)
    return with_band(with_band(panel.max(1), EXPECTED, "blue"), LABELLED, "green")


def show_quality() -> list[PanelBuilder]:
    cost = lines(
        About("Expected cost of a row", f"In the units of objectives.yaml. {WARNING}", "short", "LatheExpectedCost"),
        bounds(EXPECTED, "lathe:expected_cost", "$window"),
    )
    calibration = lines(
        About(
            "Calibration",
            "Labelled events less expected ones, in standard errors: beyond ±3 the probabilities are wrong.",
            "short",
            "LatheCalibration",
        ),
        {"z": f"lathe:calibration_z:24h{{{OF_VERSIONS}}}"},
        limits=colour_calibration("transparent"),
        signed=True,
    )
    return [
        compare("precision", "Precision", "Of the rows decided true, the share that is.", "LatheQualityWorse"),
        compare("recall", "Recall", "Of the true rows, the share decided so.", "LatheQualityWorse"),
        with_band(cost, EXPECTED, "blue"),
        calibration,
    ]


def show_labels() -> list[PanelBuilder]:
    delay, labels = (
        f"sum(rate(lathe_feedback_delay_seconds_{part}{{{OF_VERSIONS}}}{RATE}))" for part in ("sum", "count")
    )
    came = f"sum by (outcome) (rate(lathe_feedback_total{{{OF_VERSIONS}}}{RATE}))"
    errors = f"sum(rate(lathe_feedback_squared_error_total{{{OF_VERSIONS}}}{RATE}))"
    all_labels = f"sum(rate(lathe_feedback_total{{{OF_VERSIONS}}}{RATE}))"
    return [
        lines(
            About(
                "Coverage",
                "Share of each decision's rows whose outcome came back. Labels of alarms alone say nothing of recall.",
                "percentunit",
                "LatheLabelsMissing",
            ),
            {"decided {{decision}}": f"lathe:label_coverage:24h{{{OF_VERSIONS}}}"},
            width=6,
        ),
        lines(
            About("Labels by outcome", "Outcomes that came back a second.", "cps", "LatheLabelsMissing"),
            {"{{outcome}}": came},
            many=True,
            width=6,
        ),
        lines(
            About("Delay of labels", "Mean time from a prediction to its outcome.", "s", "LatheLabelsMissing"),
            {"mean": f"{delay} / {labels}"},
            width=6,
        ),
        lines(
            About(
                "Squared error",
                "Mean squared distance of score and outcome, Brier's score.",
                "short",
                "LatheCalibration",
            ),
            {"mean": f"{errors} / {all_labels}"},
            width=6,
        ),
    ]


def show_scores() -> list[PanelBuilder]:
    def per_second(counter: str, more: str = "") -> str:
        return f"sum(rate(lathe_{counter}_total{{{OF_VERSIONS}{more}}}{RATE}))"

    rows, positive = per_second("predicted_rows"), per_second("predicted_rows", ', decision="true"')
    psi = {
        "PSI": f"lathe:score_psi:$window{{{OF_VERSIONS}}}",
        "PSI, low": f"lathe:score_psi_low:$window{{{OF_VERSIONS}}}",
        "PSI, high": f"lathe:score_psi_high:$window{{{OF_VERSIONS}}}",
    }
    return [
        lines(
            About(
                "Scores and decisions",
                "Mean score, which is the expected share of true rows, beside the share decided so.",
                "percentunit",
                "LatheExpectedCost",
            ),
            {"mean score": f"{per_second('score_sum')} / {rows}", "decided true": f"{positive} / {rows}"},
        ),
        with_band(
            lines(
                About(
                    "Drift of the score",
                    "Of the last $window. Shown, and never an alert: it moves with every feature that may move.",
                    "short",
                    "LatheDrift",
                ),
                psi,
                signed=True,
            ),
            "PSI",
            "purple",
        ),
    ]


def show_summary() -> list[PanelBuilder]:
    def newest(series: str) -> str:
        return f"max({series}{{{OF_VERSIONS}}})"

    trained = f"time() - max(lathe_model_trained_timestamp_seconds{{{OF_VERSIONS}}})"
    return [
        number(
            About(
                "Precision, with labels",
                "Of the last 24 hours, from labels and scores.",
                "percentunit",
                "LatheQualityWorse",
            ),
            newest("lathe:precision:24h"),
            nothing="too few labels",
        ),
        number(
            About(
                "Recall, with labels",
                "Of the last 24 hours, from labels and scores.",
                "percentunit",
                "LatheQualityWorse",
            ),
            newest("lathe:recall:24h"),
            nothing="too few labels",
        ),
        number(
            About("Calibration", "Standard errors between labels and scores.", "short", "LatheCalibration"),
            newest("lathe:calibration_z:24h"),
            steps=colour_calibration("green"),
            decimals=1,
            nothing="too few labels",
        ),
        number(
            About("Age of the model", "Since it was trained.", "s", "LatheStaleModel"),
            trained,
        ),
    ]
