"""Alerts of how good the decisions are; worse, fine and unknown are three things."""

from app.monitor.rules.alerts.writer import PERCENT, VALUE, WHERE, AlertWriter
from app.monitor.rules.objectives import DAY, HOUR, Objectives, QualityFloors
from app.monitor.rules.promql import MODEL, Alert, by, number, on
from contract.dataset import Dataset

TODAY = f"lathe:predicted_rows:sum{DAY}"


def list_quality(make: AlertWriter, dataset: Dataset, floors: QualityFloors) -> list[Alert]:
    named = f'{{model_name="{dataset.name}"}}'
    found = []
    for measure, floor in (("precision", floors.precision), ("recall", floors.recall)):
        if floor is not None:
            found += _judge(make, measure, floor, named)
    if floors.cost is not None:
        found.append(
            make(
                "LatheExpectedCost", f"lathe:expected_cost_low:{HOUR}{named} > {number(floors.cost)}",
                "15m", "warning", "cost",
                (
                    f"{WHERE} is expected to cost {VALUE} a row",
                    f"More than {floors.cost:g}, by the scores alone. Below it proves nothing.",
                ),
            )
        )  # fmt: skip # a table
    return found


def _judge(make: AlertWriter, measure: str, floor: float, named: str) -> list[Alert]:
    traffic = f"{by(MODEL)} ({TODAY}{named}) > 0"
    low, value, high = (f"lathe:{measure}{end}:{DAY}{named}" for end in ("_low", "", "_high"))
    unknown = f"({low} < {number(floor)} and {high} >= {number(floor)})\nor ({traffic} unless {on(MODEL)} {value})"
    return [
        make(
            "LatheQualityWorse", f"{high} < {number(floor)}", "30m", "critical", "quality",
            (
                f"The {measure} of {WHERE} is below {floor:g}",
                f"At most {PERCENT} by the labels of a day and the scores, with 95 % confidence.",
            ),
            keep="24h", measure=measure, reason="quality",
        ),
        make(
            "LatheQualityUnknown", unknown, "24h", "info", "quality",
            (
                f"Whether the {measure} of {WHERE} is above {floor:g} is unknown",
                "A day's labels are too few to tell; this is no all-clear.",
            ),
            measure=measure,
        ),
    ]  # fmt: skip # a table


def list_labels(make: AlertWriter, objectives: Objectives) -> list[Alert]:
    limit = objectives.calibration
    calibration = f"abs(lathe:calibration_z:{DAY}) > {number(limit)}"
    found = [
        make(
            "LatheCalibration", calibration, "30m", "warning", "quality",
            (
                f"The scores of {WHERE} are no probabilities any more",
                f"The labels of a day lie {VALUE} standard errors from what the scores say, above {limit:g}.",
            ),
        )
    ]  # fmt: skip # a table
    if objectives.labels:
        missing = f'lathe:label_coverage:{DAY}{{decision=~"true|false"}} < {number(objectives.labels.coverage)}'
        found.append(
            make(
                "LatheLabelsMissing", missing, "24h", "warning", "labels",
                (
                    f"Outcomes of {WHERE} do not come back where the decision is {{{{ $labels.decision }}}}",
                    f"{PERCENT} of a day's rows, below {objectives.labels.coverage:.3g}: quality rests on the others.",
                ),
            )
        )  # fmt: skip # a table
    return found
