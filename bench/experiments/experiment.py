"""What every experiment has: a name, a duration, and a table with one line a system."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.environments import LATHE, make_environment
from bench.errors import UnfitSystemError
from bench.model import ServedModel
from bench.reporting.tables import render_table
from bench.run import prepare_system
from bench.systems import System

Say = Callable[[str], None]


@dataclass(frozen=True)
class Promise:
    """What is required of a server, what it did, and whether that is enough."""

    requirement: str
    found: str
    holds: bool


@dataclass(frozen=True)
class Outcome:
    """One system's cells, in the order of the header, and how far it meets what is required.

    `details` is case → what happened.
    """

    cells: Sequence[str]
    promises: Sequence[Promise] = ()
    details: dict[str, str] = field(default_factory=dict)


Measure = Callable[[System, ServedModel, int], Outcome]


@dataclass(frozen=True)
class Experiment:
    """`measure(system, model, seconds)` raises UnfitSystemError if the system does not even serve.

    `compare` gives a line of its own for something that is no system.
    """

    name: str
    about: str
    seconds: int  # of one system's part, unless an experiment says otherwise
    header: Sequence[str]
    measure: Measure
    systems: Sequence[str]
    compare: Callable[[ServedModel], tuple[str, Outcome]] | None = None


@dataclass
class Finding:
    experiment: Experiment
    seconds: int
    outcomes: dict[str, Outcome]  # by title
    failures: dict[str, UnfitSystemError]

    def list_broken(self, title: str) -> list[Promise]:
        """What the system of that title does not keep."""
        outcome = self.outcomes.get(title)
        return [promise for promise in outcome.promises if not promise.holds] if outcome else []


def run_experiment(
    experiment: Experiment, systems: Sequence[System], model: ServedModel, seconds: int, say: Say
) -> Finding:
    """The same done to each system, one after the other, in environments that are made first.

    Raises: CommandError if an environment cannot be made.
    """
    finding = Finding(experiment, seconds, {}, {})
    make_environment(LATHE)
    for system in systems:
        say(f"{experiment.name}: {system.title}")
        make_environment(system.environment)
        prepare_system(system, model)
        try:
            finding.outcomes[system.title] = experiment.measure(system, model, seconds)
        except UnfitSystemError as error:
            finding.failures[system.title] = error
    if experiment.compare:
        title, outcome = experiment.compare(model)
        finding.outcomes[title] = outcome
    return finding


def render_finding(finding: Finding) -> str:
    """Markdown: the table, the cases if there are any, and who failed."""
    experiment = finding.experiment
    rows = [[title, *outcome.cells] for title, outcome in finding.outcomes.items()]
    parts = [f"# {experiment.name}", experiment.about.format(seconds=finding.seconds)]
    parts.append(render_table(["", *experiment.header], rows))
    if promised := {title: outcome.promises for title, outcome in finding.outcomes.items() if outcome.promises}:
        parts.append(render_promises(promised))
    detailed = {title: outcome.details for title, outcome in finding.outcomes.items() if outcome.details}
    if detailed:
        cases = dict.fromkeys(case for details in detailed.values() for case in details)
        lines = ([case, *(details.get(case, "") for details in detailed.values())] for case in cases)
        parts.append(render_table(["case", *detailed], lines))
    parts += [f"- {title} failed: {error}" for title, error in finding.failures.items()]
    return "\n\n".join(parts) + "\n"


def render_promises(promised: Mapping[str, Sequence[Promise]]) -> str:
    """What was required, a line each, and what each system did about it."""
    requirements = dict.fromkeys(promise.requirement for promises in promised.values() for promise in promises)
    found = {title: {promise.requirement: promise for promise in promises} for title, promises in promised.items()}
    lines = ([one, *(_describe(promises.get(one)) for promises in found.values())] for one in requirements)
    return render_table(["required", *promised], lines)


def _describe(promise: Promise | None) -> str:
    if promise is None:
        return ""
    return f"{promise.found}, holds" if promise.holds else f"{promise.found}, **does not hold**"
