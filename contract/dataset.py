"""What a dataset file declares: everything that is particular to one dataset."""

from typing import Literal

import msgspec

from contract.schema import Column, DerivedFeature, ModelSchema, Struct, Target, Task, Value

RawType = Literal["text", "number", "integer"]


def flag_name(column: str, category: str) -> str:
    """The feature that is 1 where `column` is `category`; XGBoost allows no [, ] or < in a name."""
    return f"{column}={category}".translate(str.maketrans("[]<", "()_"))


def input_features(column: Column) -> list[str]:
    """The names of the features that a column itself gives, without the derived ones."""
    if column.type == "category" and not column.ordered:
        return [flag_name(column.name, category) for category in column.categories]
    return [column.name]


class Prevalence(Struct, frozen=True):
    """Bounds of the share of positives; outside them the labels are not what they were."""

    minimum: float
    maximum: float


class Group(Struct, frozen=True):
    """Rows that belong together and must not be split: by equal values, or until a column falls."""

    by: str | None = None
    falls: str | None = None


class Order(Struct, frozen=True):
    """The raw column that runs with time. Numbers and ISO 8601 are read as they are, anything else as declared here.

    `format` is strptime's; a `counter` is a fixed text with a number behind it, such as W-9 before W-10.
    """

    column: str
    format: str | None = None
    counter: bool = False
    unsorted_file: bool = False  # the file's rows are in no order of time, and that is known


class Costs(Struct, frozen=True):
    """Of one mistake, in one currency."""

    missed: float
    false_alarm: float


class Direction(Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """Moving from `start` to `end`, with `given` fixed, must raise the score, whatever else the row holds."""

    name: str
    given: dict[str, Value]
    start: dict[str, Value]
    end: dict[str, Value]


class MinimumFunction(Struct, frozen=True):
    """A row whose decision is beyond dispute."""

    name: str
    row: dict[str, Value]
    decision: bool


class Behaviour(Struct, frozen=True):
    directions: tuple[Direction, ...] = ()
    minimum_function: tuple[MinimumFunction, ...] = ()


class Condition(Struct, frozen=True):
    """A bound on a column or derived feature, or on its difference to another; strict on both sides."""

    feature: str
    minus: str | None = None
    below: float | None = None
    above: float | None = None


class Conjunction(Struct, frozen=True):
    all: tuple[Condition, ...]


class Rule(Struct, frozen=True):
    """A baseline without learning: positive where any conjunction holds, the rest ranked by `tie_break`."""

    any: tuple[Conjunction, ...]
    tie_break: str


class Generator(Struct, frozen=True):
    """A built-in recipe, with the raw column that plays each of its roles."""

    recipe: str
    seed: int
    rows: int
    roles: dict[str, str]


class Accepted(Struct, frozen=True):
    """A finding of the gate that a person, named in `by`, has looked at and accepts.

    `column` is the column or feature that the finding is about, None where it is about rows.
    """

    check: str
    by: str
    reason: str
    column: str | None = None


class Dataset(Struct, frozen=True):
    """One dataset, as its YAML file says it."""

    name: str
    title: str
    task: Task
    columns: tuple[Column, ...]
    target: Target
    key: str | None = None  # raw column, unique
    order: str | Order | None = None  # raw column that runs with time
    identifiers: tuple[str, ...] = ()
    leakage: tuple[str, ...] = ()
    raw_types: dict[str, RawType] = msgspec.field(default_factory=dict)  # of identifiers and leakage, else guessed
    derivation: str | None = None
    derived: tuple[DerivedFeature, ...] = ()
    unused_features: tuple[str, ...] = ()
    prevalence: Prevalence | None = None
    group: Group | None = None
    slices: tuple[str, ...] = ()
    costs: Costs | None = None
    decide_above: float | None = None  # regression: the value that calls for action
    behaviour: Behaviour = Behaviour()
    ceiling: dict[str, float] = msgspec.field(default_factory=dict)  # metric: better than this nobody can be
    accepted: tuple[Accepted, ...] = ()
    rule: Rule | None = None
    generator: Generator | None = None
    uci_id: int | None = None

    @property
    def time(self) -> Order | None:
        """The order, also where the file only names its column."""
        return Order(column=self.order) if isinstance(self.order, str) else self.order

    @property
    def value_names(self) -> list[str]:
        """The names of the columns and the derived features."""
        return [column.name for column in self.columns] + [feature.name for feature in self.derived]

    @property
    def given_features(self) -> list[str]:
        """Every feature that the columns and the derivation give, used or not."""
        flags = [name for column in self.columns for name in input_features(column)]
        return flags + [feature.name for feature in self.derived]

    @property
    def schema(self) -> ModelSchema:
        """What the bundle carries of this file."""
        return ModelSchema(
            task=self.task,
            target=self.target,
            columns=self.columns,
            derivation=self.derivation,
            derived=self.derived,
            features=tuple(name for name in self.given_features if name not in self.unused_features),
            leakage=self.leakage,
        )

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """Every raw column the file declares, in no particular order."""
        inputs = (column.source for column in self.columns)
        return tuple(dict.fromkeys((*self.identifiers, *inputs, self.target.source, *self.leakage)))
