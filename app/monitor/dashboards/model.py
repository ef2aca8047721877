"""The model: drift of its features and slices, what its scores expect, what labels say."""

from app.monitor.dashboards.assembly import Parts
from app.monitor.dashboards.drift import count_verdicts, show_features, show_inputs, show_slices
from app.monitor.dashboards.marks import list_releases
from app.monitor.dashboards.quality import show_labels, show_quality, show_scores, show_summary
from app.monitor.dashboards.variables import (
    choose_environment,
    choose_model,
    choose_slices,
    choose_source,
    choose_version,
    choose_window,
)


def make_model() -> Parts:
    return Parts(
        "lathe-model",
        "Lathe / Model",
        "Drift per feature and slice with its verdict, the score, expected and labelled quality, the labels' coverage.",
        [choose_source(), choose_environment(), choose_model(), choose_version(), choose_slices(), choose_window()],
        list_releases(),
        {
            "Now": [*count_verdicts(), *show_summary()],
            "Drift of the features": show_features(),
            "Drift of the slices": show_slices(),
            "Quality": show_quality(),
            "Labels": show_labels(),
            "Scores": show_scores(),
            "Inputs": show_inputs(),
        },
    )
