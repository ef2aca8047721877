"""The predictor's metrics: the one list of their names; app/predictor/collector.py gives their values."""

from collections.abc import Callable
from typing import NamedTuple

from app.predictor.samples import (
    Reading,
    Samples,
    by_decision,
    by_label,
    by_slice_and_decision,
    by_version,
    by_version_and_decision,
    one,
    read_engine,
    read_feature_reference,
    read_feature_rows,
    read_info,
    read_key_rows,
    read_keys,
    read_out_of_range,
    read_outcomes,
    read_requests,
    read_score_reference,
    read_score_reference_rows,
    read_score_rows,
    read_slice_feature_rows,
    read_slice_reference,
    read_slice_reference_rows,
    read_trained,
    read_variance,
)

MODEL_LABELS = ("model_name", "model_version")  # on every metric, before its own


class MetricRow(NamedTuple):
    """One metric; `read` gives its samples by their own labels once a model is loaded."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    read: Callable[[Reading], Samples]
    is_of_receipts: bool = False  # samples begin with the version that stands in the receipts, not the served one


# docs/metrics.md shows the same table
METRICS = (
    MetricRow("lathe_model_info", "info", ("digest", "task"), "The bundle that is served", read_info),
    MetricRow(
        "lathe_model_trained_timestamp_seconds", "gauge", (),
        "When the served model was trained and judged, by the gate's report; nothing without one", read_trained,
    ),
    MetricRow(
        "lathe_engine_info", "info", ("engine",), "The library that answers single rows and a few", read_engine
    ),
    MetricRow(
        "lathe_ready", "gauge", (), "1 while /readyz answers 200, else 0",
        lambda s: one(s.services.lifecycle.is_ready),
    ),
    MetricRow(
        "lathe_in_flight_requests", "gauge", (), "Requests started and not yet answered",
        lambda s: one(s.services.admission.count_in_flight()),
    ),
    MetricRow("lathe_requests_total", "counter", ("route", "code"), "Requests answered, by status", read_requests),
    MetricRow(
        "lathe_request_duration_seconds", "histogram", ("route",), "From the start of handling to the answer",
        lambda s: {},
    ),
    MetricRow(
        "lathe_predicted_rows_total", "counter", ("decision",), "Rows scored, by decision",
        by_decision(lambda sums: sums.rows),
    ),
    MetricRow(
        "lathe_score_sum_total", "counter", ("decision",), "Sum of the scores p of those rows",
        by_decision(lambda sums: sums.scores),
    ),
    MetricRow(
        "lathe_score_variance_total", "counter", ("decision",),
        "Sum of p(1 - p) of those rows; nothing for a regression", read_variance,
    ),
    MetricRow(
        "lathe_batches_total", "counter", (), "Requests with several rows answered",
        lambda s: one(s.services.counters.batches),
    ),
    MetricRow(
        "lathe_rejected_requests_total", "counter", ("reason",), "Requests refused, by the code of the error",
        lambda s: by_label(s.services.counters.rejected),
    ),
    MetricRow(
        "lathe_rejected_rows_total", "counter", ("reason",), "Rows of uploads refused, by the code of the error",
        lambda s: by_label(s.services.counters.rejected_rows),
    ),
    MetricRow(
        "lathe_receipts_total", "counter", (), "Predictions answered with a receipt",
        by_version(lambda sums: sums.issued), True,
    ),
    MetricRow(
        "lathe_feedback_total", "counter", ("outcome",), "Outcomes that came back with a receipt, each once",
        read_outcomes, True,
    ),
    MetricRow(
        "lathe_feedback_duplicates_total", "counter", (), "Outcomes that had come back before",
        by_version(lambda sums: sums.duplicates), True,
    ),
    MetricRow(
        "lathe_feedback_absolute_error_total", "counter", (),
        "Sum of the distances between score and outcome, an event being 1 or 0",
        by_version(lambda sums: sums.absolute), True,
    ),
    MetricRow(
        "lathe_feedback_squared_error_total", "counter", ("decision",),
        "Sum of (score - outcome)², an event being 1 or 0", by_version_and_decision(lambda sums: sums.squared), True,
    ),
    MetricRow(
        "lathe_feedback_score_total", "counter", ("decision",), "Sum of the scores whose outcomes came back",
        by_version_and_decision(lambda sums: sums.scores), True,
    ),
    MetricRow(
        "lathe_feedback_delay_seconds", "summary", (), "From a prediction to its outcome", lambda s: {}, True,
    ),
    MetricRow(
        "lathe_feedback_folder_strange_entries", "gauge", (), "Entries of the feedback folder that cannot be removed",
        lambda s: one(s.services.used_receipts.strange),
    ),
    MetricRow(
        "lathe_key_requests_total", "counter", ("key", "answer"), "Requests with a valid API key, by what it allowed",
        read_keys,
    ),
    MetricRow("lathe_key_rows_total", "counter", ("key",), "Rows answered to an API key", read_key_rows),
    MetricRow(
        "lathe_key_reloads_total", "counter", ("result",), "Times the changed file of API keys was read again",
        lambda s: by_label(s.services.access.reloads if s.services.access else {}),
    ),
    MetricRow(
        "lathe_shed_requests_total", "counter", ("reason",), "Requests turned away to protect the rest",
        lambda s: by_label(s.services.counters.shed),
    ),
    MetricRow(
        "lathe_closed_connections_total", "counter", ("reason",), "Connections closed as too slow, or idle",
        lambda s: by_label(s.services.counters.closed),
    ),
    MetricRow(
        "lathe_dropped_log_lines_total", "counter", (), "Log lines that could not be written",
        lambda s: one(s.services.counters.dropped_lines),
    ),
    MetricRow(
        "lathe_unknown_categories_total", "counter", ("feature",), "Undeclared categories taken as missing",
        lambda s: by_label(s.model.unknown),
    ),
    MetricRow(
        "lathe_feature_rows_total", "counter", ("feature", "bin"), "Rows in each bin of a feature", read_feature_rows
    ),
    MetricRow(
        "lathe_out_of_range_rows_total", "counter", ("feature",), "Rows outside of the range of the training rows",
        read_out_of_range,
    ),
    MetricRow(
        "lathe_feature_reference_ratio", "gauge", ("feature", "bin", "drift"), "Share of training rows in each bin",
        read_feature_reference,
    ),
    MetricRow(
        "lathe_reference_rows", "gauge", (), "Training rows that the reference ratios of the features are shares of",
        lambda s: one(s.model.manifest.data.rows),
    ),
    MetricRow("lathe_score_rows_total", "counter", ("bin",), "Rows in each bin of the score", read_score_rows),
    MetricRow(
        "lathe_score_reference_ratio", "gauge", ("bin",), "Share of held-out rows in each bin of the score",
        read_score_reference,
    ),
    MetricRow(
        "lathe_prediction_log_rows_total", "counter", (), "Rows and outcomes written to the prediction log",
        lambda s: one(s.services.prediction_log.written) if s.services.prediction_log else {},
    ),
    MetricRow(
        "lathe_prediction_log_dropped_rows_total", "counter", ("reason",),
        "Rows and outcomes that the prediction log could not take",
        lambda s: by_label(s.services.prediction_log.dropped) if s.services.prediction_log else {},
    ),
    MetricRow(
        "lathe_score_reference_rows", "gauge", (), "Held-out rows that the reference ratios of the score are shares of",
        read_score_reference_rows,
    ),
    MetricRow(
        "lathe_slice_rows_total", "counter", ("slice", "decision"), "Rows scored in each slice, by decision",
        by_slice_and_decision(lambda sums: sums.rows),
    ),
    MetricRow(
        "lathe_slice_score_sum_total", "counter", ("slice", "decision"), "Sum of the scores of those rows",
        by_slice_and_decision(lambda sums: sums.scores),
    ),
    MetricRow(
        "lathe_slice_feature_rows_total", "counter", ("slice", "feature", "bin"),
        "Rows of each slice in each bin of a feature", read_slice_feature_rows,
    ),
    MetricRow(
        "lathe_slice_feature_reference_ratio", "gauge", ("slice", "feature", "bin", "drift"),
        "Share of the slice's training rows in each bin; nothing where there are fewer than 50", read_slice_reference,
    ),
    MetricRow(
        "lathe_slice_reference_rows", "gauge", ("slice",), "Training rows of each slice", read_slice_reference_rows
    ),
)  # fmt: skip # a table
