"""How good the decisions are: the sums of contract/quality.py in PromQL, from scores alone, labels alone, and both."""

from app.monitor.rules.objectives import DAY
from app.monitor.rules.promql import MODEL, Estimate, Record, by, number, on, wilson
from contract.dataset import Costs, Dataset
from contract.psi import FEWEST_ROWS
from contract.quality import CONFIDENCE_Z, FEWEST_LABELS, WORST_ERROR

DECIDED = (*MODEL, "decision")
ALARM, NO_ALARM = 'decision="true"', 'decision="false"'
FEEDBACK = ("feedback", "feedback_score", "feedback_squared_error", "feedback_delay_seconds", "feedback_delay_rows")
ROWS = f"lathe:predicted_rows:sum{DAY}"
LABELLED = f"lathe:labelled_rows:{DAY}"
EVENTS = f"lathe:labelled_events:{DAY}"


def list_expected(window: str, datasets: tuple[Dataset, ...], *, has_slices: bool) -> list[Record]:
    """From the scores alone, over a window: never an all-clear, a sensor's offset makes them better than the truth."""
    sums = ("predicted_rows", "score_sum", "score_variance", *(("slice_rows", "slice_score_sum") if has_slices else ()))
    rows, count, variance = (f"lathe:{name}:sum{window}" for name in sums[:3])
    enough = f"and {on(MODEL)} ({by(MODEL)} ({rows}) >= {FEWEST_ROWS})"
    records = [
        Record(record=f"lathe:{name}:sum{window}", expr=f"sum_over_time(lathe:{name}:step[{window}])") for name in sums
    ]
    records += measure_precision(rows, count, variance, enough).record("expected_precision", window)
    records += measure_recall(count, variance, enough).record("expected_recall", window)
    records += list_costs("expected_cost", window, (rows, count, variance), datasets, enough)
    return records + (list_expected_slices(window) if has_slices else [])


def list_expected_slices(window: str) -> list[Record]:
    """The same of each slice, without an interval."""
    key = (*MODEL, "slice")
    rows, count = f"lathe:slice_rows:sum{window}", f"lathe:slice_score_sum:sum{window}"
    enough = f"and {on(key)} ({by(key)} ({rows}) >= {FEWEST_ROWS})"
    hits = f"{by(key)} ({count}{{{ALARM}}})"
    return [
        Record(
            record=f"lathe:slice_expected_precision:{window}",
            expr=f"{hits} / ({by(key)} ({rows}{{{ALARM}}}) > 0)\n{enough}",
        ),
        Record(record=f"lathe:slice_expected_recall:{window}", expr=f"{hits} / ({by(key)} ({count}) > 0)\n{enough}"),
    ]


def list_labelled(datasets: tuple[Dataset, ...]) -> list[Record]:
    """Of a day's labels: how many came back and when, what they say alone, and together with the scores."""
    sums = [
        Record(record=f"lathe:{name}:sum{DAY}", expr=f"sum_over_time(lathe:{name}:step[{DAY}])") for name in FEEDBACK
    ]
    count, variance = f"lathe:estimated_events:{DAY}", f"lathe:estimated_events_variance:{DAY}"
    hits = f"{by(MODEL)} ({EVENTS}{{{ALARM}}})"
    events = _by_decision('outcome=~"true_positive|false_negative"')
    return [
        *sums,
        Record(record=LABELLED, expr=_by_decision('outcome=~".*_(positive|negative)"')),
        Record(record=EVENTS, expr=f"{events}\nor 0 * {LABELLED}"),
        Record(record=f"lathe:label_coverage:{DAY}", expr=f"({LABELLED} or 0 * {ROWS}) / ({ROWS} > 0)"),
        Record(
            record=f"lathe:label_delay_seconds:{DAY}",
            expr=f"lathe:feedback_delay_seconds:sum{DAY} / (lathe:feedback_delay_rows:sum{DAY} > 0)",
        ),
        *wilson(hits, f"{by(MODEL)} ({LABELLED}{{{ALARM}}})", CONFIDENCE_Z).record("labelled_precision", DAY),
        *wilson(hits, f"{by(MODEL)} ({EVENTS})", CONFIDENCE_Z).record("labelled_recall", DAY),
        *list_estimated_events(count, variance),
        *measure_precision(ROWS, count, variance).record("precision", DAY),
        *measure_recall(count, variance).record("recall", DAY),
        *list_costs("cost", DAY, (ROWS, count, variance), datasets),
        Record(record=f"lathe:calibration_z:{DAY}", expr=measure_calibration()),
    ]


def list_estimated_events(count: str, variance: str) -> list[Record]:
    """Prediction-powered, by decision: the scores' sum, moved by the mean of outcome less score of the labels."""
    scores, score_variance = f"lathe:score_sum:sum{DAY}", f"lathe:score_variance:sum{DAY}"
    labels = f"({LABELLED} >= {FEWEST_LABELS})"
    moved = f"(({EVENTS} - lathe:feedback_score:sum{DAY}) / {labels})"
    of_labels = (
        f"clamp_min((lathe:feedback_squared_error:sum{DAY} + {WORST_ERROR}) / {labels} - {moved}^2, 0) / {labels}"
    )
    rows = f"({ROWS} > 0)"
    of_scores = f"clamp_min(({scores} - {score_variance}) / {rows} - ({scores} / {rows})^2, 0) / {rows}"
    return [
        Record(record=count, expr=f"clamp_min({scores} + {ROWS} * {moved}, 0)"),
        Record(record=variance, expr=f"{ROWS}^2 * (\n  {of_scores}\n  + {of_labels}\n)"),
    ]


def measure_precision(rows: str, count: str, variance: str, enough: str = "") -> Estimate:
    """The share of events among the rows decided true; `count` and `variance` are of events, by decision."""
    alarms = f"({by(MODEL)} ({rows}{{{ALARM}}}) > 0)"
    value = f"{by(MODEL)} ({count}{{{ALARM}}}) / {alarms}"
    return _bound(value, f"sqrt({by(MODEL)} ({variance}{{{ALARM}}})) / {alarms}", enough, 1)


def measure_recall(count: str, variance: str, enough: str = "") -> Estimate:
    """The share of the events that were decided true, by the delta method; nothing where one decision is unknown."""
    hits, missed = (f"{by(MODEL)} ({count}{{{decision}}})" for decision in (ALARM, NO_ALARM))
    of_hits, of_missed = (f"{by(MODEL)} ({variance}{{{decision}}})" for decision in (ALARM, NO_ALARM))
    total = f"({hits} + {missed} > 0)"
    error = f"sqrt(({missed})^2 * {of_hits} + ({hits})^2 * {of_missed}) / {total}^2"
    return _bound(f"{hits} / {total}", error, enough, 1)


def list_costs(
    name: str, window: str, sums: tuple[str, str, str], datasets: tuple[Dataset, ...], enough: str = ""
) -> list[Record]:
    """What a row costs in the mean: one expression over the models, each with the costs of its dataset file."""
    found = [measure_cost(*sums, dataset.name, dataset.costs, enough) for dataset in datasets if dataset.costs]
    ends = ("value", "low", "high")
    joined = ["\nor\n".join(getattr(one, end) for one in found) for end in ends]
    return list(Estimate(*joined).record(name, window)) if found else []


def measure_cost(rows: str, count: str, variance: str, model: str, costs: Costs, enough: str) -> Estimate:
    named = f'model_name="{model}"'

    def total(series: str, decision: str) -> str:
        return f"{by(MODEL)} ({series}{{{named}, {decision}}})"

    all_rows = f"({by(MODEL)} ({rows}{{{named}}}) > 0)"
    false_alarms = f"({total(rows, ALARM)} - {total(count, ALARM)})"
    cost = f"({number(costs.missed)} * {total(count, NO_ALARM)} + {number(costs.false_alarm)} * {false_alarms})"
    of_missed = f"{number(costs.missed**2)} * {total(variance, NO_ALARM)}"
    of_alarms = f"{number(costs.false_alarm**2)} * {total(variance, ALARM)}"
    return _bound(f"{cost} / {all_rows}", f"sqrt({of_missed} + {of_alarms}) / {all_rows}", enough, None)


def measure_calibration() -> str:
    """By how many standard errors more events came back than the scores say: `measure_calibration` of the contract."""
    surplus = f"{by(MODEL)} ({EVENTS} - lathe:feedback_score:sum{DAY})"
    seen = f"{by(MODEL)} (lathe:feedback_squared_error:sum{DAY})"
    expected = f"{by(MODEL)} ({LABELLED} * lathe:score_variance:sum{DAY} / ({ROWS} > 0))"
    larger = f"(({seen} >= {expected}) or {expected} or {seen})"
    return f"{surplus}\n/ sqrt({larger} > 0)\nand {on(MODEL)} ({by(MODEL)} ({LABELLED}) >= {FEWEST_LABELS})"


def _by_decision(matcher: str) -> str:
    """Labelled rows by what had been decided: the outcome's name says it."""
    named = f"lathe:feedback:sum{DAY}{{{matcher}}}"
    for decision, outcome in (("true", ".*_positive"), ("false", ".*_negative")):
        named = f'label_replace({named}, "decision", "{decision}", "outcome", "{outcome}")'
    return f"{by(DECIDED)} ({named})"


def _bound(value: str, error: str, enough: str, most: int | None) -> Estimate:
    """The value with its 95 % interval, between 0 and `most`."""
    reach = f"{CONFIDENCE_Z} * {error}"
    high = f"{value} + {reach}"
    ends = [value, f"clamp_min({value} - {reach}, 0)", high]
    if most is not None:
        ends = [f"clamp_max({value}, {most})", ends[1], f"clamp_max({high}, {most})"]
    return Estimate(*(f"{end}\n{enough}".rstrip() for end in ends))
