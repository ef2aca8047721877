"""What the predictors counted, a step at a time: exact over restarts, replaced pods and gaps between scrapes.

`increase()` extrapolates, differently for each pod, and leaves out what a new pod has counted at its first scrape. A
step is the difference of two scrapes of one process, or all that a process has counted since it started; steps are
added, never extrapolated. docs/monitoring.md has the reasons and what is still lost.
"""

from typing import NamedTuple

from app.monitor.rules.objectives import Objectives, Scraping, to_seconds
from app.monitor.rules.promql import MODEL, Record, by, on

PROCESS = ("namespace", "pod", "job", "instance")  # a container that restarts in place keeps all four
HASH = "rollouts_pod_template_hash"  # a canary's pods and the others'


class Counted(NamedTuple):
    """A counter of the predictor that is summed over the pods, by its own labels."""

    name: str
    metric: str
    labels: tuple[str, ...]


COUNTED = (
    Counted("feature_rows", "lathe_feature_rows_total", ("feature", "bin")),
    Counted("score_rows", "lathe_score_rows_total", ("bin", HASH)),
    Counted("predicted_rows", "lathe_predicted_rows_total", ("decision",)),
    Counted("score_sum", "lathe_score_sum_total", ("decision",)),
    Counted("score_variance", "lathe_score_variance_total", ("decision",)),
    Counted("feedback", "lathe_feedback_total", ("outcome",)),
    Counted("feedback_score", "lathe_feedback_score_total", ("decision",)),
    Counted("feedback_squared_error", "lathe_feedback_squared_error_total", ("decision",)),
    Counted("feedback_delay_seconds", "lathe_feedback_delay_seconds_sum", ()),
    Counted("feedback_delay_rows", "lathe_feedback_delay_seconds_count", ()),
    Counted("unknown_categories", "lathe_unknown_categories_total", ("feature",)),
    Counted("out_of_range_rows", "lathe_out_of_range_rows_total", ("feature",)),
)
SLICED = (
    Counted("slice_rows", "lathe_slice_rows_total", ("slice", "decision")),
    Counted("slice_score_sum", "lathe_slice_score_sum_total", ("slice", "decision")),
    Counted("slice_feature_rows", "lathe_slice_feature_rows_total", ("slice", "feature", "bin")),
)


def list_steps(objectives: Objectives, *, has_slices: bool) -> list[Record]:
    """lathe:NAME:step of every counter, behind the two records of the processes that they need."""
    scraping = objectives.scraping
    counted = (*COUNTED, *(SLICED if has_slices else ()))
    return [*list_processes(scraping), *(count_step(one, scraping) for one in counted)]


def list_processes(scraping: Scraping) -> list[Record]:
    """The predictors' processes that were scraped since the step before: those known by then, and those started since.

    What a process had counted before the first scrape of all is nobody's: Prometheus may be younger than it.
    """
    now, before = _list_ranges(scraping)
    started = f"{by(PROCESS, 'max')} (last_over_time(process_start_time_seconds{now}))"
    ours = f"and {on(PROCESS)} last_over_time(lathe_ready{now})"
    known = f"{by(PROCESS, 'max')} (last_over_time(process_start_time_seconds{before}))"
    recent = f"({started} > time() - {to_seconds(scraping.bridged)})"
    return [
        Record(record="lathe:process_known:step", expr=f"({started}\n  == {on(PROCESS)} {known})\n{ours}"),
        Record(
            record="lathe:process_new:step",
            expr=f"({recent}\n  unless {on(PROCESS)} lathe:process_known:step)\n{ours}",
        ),
    ]


def count_step(counted: Counted, scraping: Scraping) -> Record:
    """What all pods have counted since the step before: of a known process the difference, and a new series in full."""
    now, before = (f"last_over_time({counted.metric}{one})" for one in _list_ranges(scraping))
    expr = f"""\
{by((*MODEL, *counted.labels))} (
  ({now} - {before})
    and {on(PROCESS)} lathe:process_known:step
  or
  {now}
    and {on(PROCESS)} (lathe:process_known:step or lathe:process_new:step)
)"""
    return Record(record=f"lathe:{counted.name}:step", expr=expr)


def _list_ranges(scraping: Scraping) -> tuple[str, str]:
    """Since the step before, and the time before that step.

    Both older than a scrape may take: a sample has the time at which its scrape began, and comes when it ended.
    """
    late = scraping.timeout_seconds
    return (
        f"[{scraping.interval_seconds}s] offset {late}s",
        f"[{scraping.bridged}] offset {scraping.interval_seconds + late}s",
    )
