"""When a verdict is right, and what a false alarm is."""

from tests.training.plants.stage import Plant
from training.gate.judge import GateResult
from training.gate.result import Check

# with 46 failures held out an honest retrain may leave these undecided; no data and no honesty of ours is in doubt
UNDECIDED = {"comparison", "floor", "slice"}


def find_alarms(result: GateResult) -> list[Check]:
    """What blocks an honest candidate: any failure, and any doubt but that of too few failures to compare on."""
    return [
        check
        for check in result.checks
        if check.blocking and (check.verdict == "fail" or (check.verdict != "pass" and check.group not in UNDECIDED))
    ]


def is_right(plant: Plant, result: GateResult) -> bool:
    if plant.verdict == "pass":
        return not find_alarms(result)
    return result.verdict == plant.verdict
