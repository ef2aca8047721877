"""When a verdict is right, and what a false alarm is."""

from contract.report import Check
from tests.training.plants.stage import Plant
from training.gate.judge import GateResult

# with 46 failures held out an honest retrain may leave these undecided; no data and no honesty of ours is in doubt
UNDECIDED = {"comparison", "floor", "slice"}


def find_alarms(result: GateResult) -> list[Check]:
    """What blocks an honest candidate: any failure, and any doubt but that of too few failures to compare on."""
    return [
        check
        for check in result.checks
        if check.blocking and (check.verdict == "fail" or (check.verdict != "pass" and check.group not in UNDECIDED))
    ]


def find_named(plant: Plant, result: GateResult) -> list[Check]:
    """What the check that should say it says, in the words that it should say it in."""
    named = [check for check in result.checks if check.name == plant.check and check.verdict != "pass"]
    return [check for check in named if plant.words in check.reason]


def is_right(plant: Plant, result: GateResult) -> bool:
    """Whether the verdict is right, and comes from the check that should say it, in its words."""
    if plant.verdict == "pass":
        return not find_alarms(result)
    return result.verdict == plant.verdict and (not plant.check or bool(find_named(plant, result)))
