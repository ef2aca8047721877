"""The gate's policy, from training/gate.yaml: which numbers count, and how good is good enough."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from cli.errors import InputError
from cli.yaml_file import read_struct
from contract.schema import Struct, Task
from training.model.metrics import task_metrics

POLICY = Path(__file__).parent.parent / "gate.yaml"
FEWEST_OUTCOMES = 2  # the bootstrap's own limit
SHARES = {
    "alone",
    "share_of_champion",
    "future",
    "gain",
    "twins",
    "moved",
    "shrink",
    "gone",
    "rarer_gone",
    "relabelled",
    "collapse",
}
FEWEST_RESAMPLES = 100  # with fewer the 2.5 % ends of an interval rest on two values


class MetricRule(Struct, frozen=True):
    """How much worse than the champion is still as good (`margin`), and how bad is too bad in any case (`floor`).

    `relative`: both are shares of what the best constant answer reaches on the same rows.
    """

    name: str
    margin: float | None = None
    floor: float | None = None
    relative: bool = False


class TaskRules(Struct, frozen=True):
    metrics: tuple[MetricRule, ...]
    slices: tuple[MetricRule, ...] = ()


class Floors(Struct, frozen=True):
    """One dataset's own floors by metric, in the unit of the rules they replace."""

    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    slices: dict[str, float] = msgspec.field(default_factory=dict)


class Budgets(Struct, frozen=True):
    """What serving can afford; latency is a ratio to a fixed small model's."""

    latency_ratio: float
    latency_rounds: int
    latency_calls: int
    size_bytes: int
    memory_bytes: int


class LeakageRules(Struct, frozen=True):
    """What no honest feature does, and no honest model.

    `correlation`: absolute, to a leakage column or the target, above which a feature is a copy of it.
    `alone`: PR-AUC (R² for a number) of one feature alone; `share_of_champion`: the same of a feature that the champion
    does not have, as a share of what the champion reaches with all of its own. `future`: ROC-AUC of a feature for the
    outcome of the next rows. `gain`: share of the champion's distance from 1 that a candidate may close unasked.
    """

    correlation: float
    alone: float = 0.9
    share_of_champion: float = 0.8
    future: float = 0.8
    gain: float = 0.75


class RowRules(Struct, frozen=True):
    """Shares of rows. `twins`: of the holdout with a near copy among the fitted, by outcome and beyond chance.

    `near`: how near a copy is, in standard deviations of each column. `moved`: that changed sides since the champion.
    `shrink`: fewer than the champion had. `gone`: of the champion's, from within the period that the data cover.
    `rarer_gone`: the same of those with the rarer outcome.
    `relabelled`: outcomes changed, as a share of the rarer one, on either side.
    """

    twins: float = 0.05
    near: float = 0.02
    moved: float = 0.02
    shrink: float = 0.1
    gone: float = 0.005
    rarer_gone: float = 0.03
    relabelled: float = 0.05


class ChangeRules(Struct, frozen=True):
    """`collapse`: how far below its own bundle's PR-AUC (R²) the champion may fall on today's rows.

    `psi`: a column's population stability index that asks for a reason; `explained`: below it a factor is the reason.
    """

    collapse: float = 0.1
    psi: float = 0.25
    explained: float = 0.1


class DecisionRules(Struct, frozen=True):
    """`odds`: by what factor scores may be off; `dearer`: the threshold's cost above the cheapest, a share."""

    odds: float = 1.2
    dearer: float = 0.1


class BehaviourRules(Struct, frozen=True):
    """How many rows are moved, and what share of them must answer as the dataset says."""

    rows: int
    share: float


class Policy(Struct, frozen=True):
    """Everything the gate decides by. `floors` replaces the tasks' floors, by dataset."""

    resamples: int
    min_positives: int
    min_rows: int
    binary: TaskRules
    regression: TaskRules
    floors: dict[str, Floors]
    budgets: Budgets
    leakage: LeakageRules
    behaviour: BehaviourRules
    rows: RowRules = RowRules()
    changes: ChangeRules = ChangeRules()
    decision: DecisionRules = DecisionRules()

    def choose_rules(self, task: Task, dataset: str) -> TaskRules:
        """The rules of a task with the dataset's own floors."""
        rules, floors = self.binary if task == "binary" else self.regression, self.floors.get(dataset, Floors())
        return TaskRules(
            metrics=_replace_floors(rules.metrics, floors.metrics), slices=_replace_floors(rules.slices, floors.slices)
        )


def _replace_floors(rules: tuple[MetricRule, ...], floors: dict[str, float]) -> tuple[MetricRule, ...]:
    return tuple(msgspec.structs.replace(rule, floor=floors.get(rule.name, rule.floor)) for rule in rules)


def load_policy(path: Path = POLICY) -> Policy:
    """Raises: InputError that names the file and what is wrong in it."""
    policy = read_struct(path, Policy)
    for problem in _find_problems(policy):
        raise InputError(f"{path}: {problem}")
    return policy


def _find_problems(policy: Policy) -> Iterator[str]:
    if policy.resamples < FEWEST_RESAMPLES:
        yield f"resamples is {policy.resamples}, expected at least {FEWEST_RESAMPLES}"
    if min(policy.min_positives, policy.min_rows) < FEWEST_OUTCOMES:
        yield f"min_positives and min_rows must be at least {FEWEST_OUTCOMES}"
    yield from _find_rule_problems("binary", policy.binary)
    yield from _find_rule_problems("regression", policy.regression)
    yield from _find_floor_problems(policy)
    if not 0 < policy.leakage.correlation <= 1 or not 0 < policy.behaviour.share <= 1:
        yield "leakage.correlation and behaviour.share must be above 0 and at most 1"
    yield from _find_share_problems(policy)


def _find_share_problems(policy: Policy) -> Iterator[str]:
    """Bounds that would refuse everything or nothing."""
    for place in ("leakage", "rows", "changes", "decision"):
        for name, value in msgspec.structs.asdict(getattr(policy, place)).items():
            if not value > (1 if name == "odds" else 0):
                yield f"{place}.{name} is {value:g}, expected a number above {1 if name == 'odds' else 0}"
            elif value > 1 and name in SHARES:
                yield f"{place}.{name} is {value:g}, expected a share of at most 1"


def _find_rule_problems(task: Task, rules: TaskRules) -> Iterator[str]:
    known = [metric.name for metric in task_metrics(task)]
    if not any(rule.margin is not None for rule in rules.metrics):
        yield f"{task}.metrics compares nothing with the champion: one of them needs a margin"
    for rule in (*rules.metrics, *rules.slices):
        if rule.name not in known:
            yield f"{task} names the metric {rule.name!r}, expected one of {', '.join(known)}"
        if rule.margin is not None and not rule.margin >= 0:
            yield f"{task}: the margin of {rule.name} is {rule.margin}, expected 0 or more"


def _find_floor_problems(policy: Policy) -> Iterator[str]:
    tasks = (policy.binary, policy.regression)
    metrics = {rule.name for task in tasks for rule in task.metrics}
    slices = {rule.name for task in tasks for rule in task.slices}
    for dataset, floors in policy.floors.items():
        if unknown := sorted(set(floors.metrics) - metrics) + sorted(set(floors.slices) - slices):
            yield f"floors.{dataset} names {unknown[0]!r}, which no task's rules name"
