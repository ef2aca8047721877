"""What every experiment has: a name, a duration, and a table with one line a contender."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from bench.contenders import Contender
from bench.environments import LATHE, make_environment
from bench.errors import ContenderError
from bench.model import ServedModel
from bench.tables import render_table
from bench.turn import prepare_contender

Say = Callable[[str], None]


@dataclass(frozen=True)
class Promise:
    """What is asked of a server, what it did, and whether that is enough."""

    asked: str
    found: str
    holds: bool


@dataclass(frozen=True)
class Outcome:
    """One contender's cells, in the order of the header, and how far it keeps what is asked.

    `details` is case → what happened.
    """

    cells: Sequence[str]
    promises: Sequence[Promise] = ()
    details: dict[str, str] = field(default_factory=dict)


Measure = Callable[[Contender, ServedModel, int], Outcome]


@dataclass(frozen=True)
class Experiment:
    """`measure(contender, model, seconds)` raises ContenderError if the contender does not even serve.

    `compare` gives a line of its own for something that is no contender.
    """

    name: str
    about: str
    seconds: int  # of one contender's part, unless told otherwise
    header: Sequence[str]
    measure: Measure
    contenders: Sequence[str]
    compare: Callable[[ServedModel], tuple[str, Outcome]] | None = None


@dataclass
class Finding:
    experiment: Experiment
    seconds: int
    outcomes: dict[str, Outcome]  # by title
    failures: dict[str, ContenderError]

    def list_broken(self, title: str) -> list[Promise]:
        """What the contender of that title does not keep."""
        outcome = self.outcomes.get(title)
        return [promise for promise in outcome.promises if not promise.holds] if outcome else []


def run_experiment(
    experiment: Experiment, contenders: Sequence[Contender], model: ServedModel, seconds: int, say: Say
) -> Finding:
    """The same done to each contender, one after the other, in environments that are made first.

    Raises: CommandError if an environment cannot be made.
    """
    finding = Finding(experiment, seconds, {}, {})
    make_environment(LATHE)
    for contender in contenders:
        say(f"{experiment.name}: {contender.title}")
        make_environment(contender.environment)
        prepare_contender(contender, model)
        try:
            finding.outcomes[contender.title] = experiment.measure(contender, model, seconds)
        except ContenderError as error:
            finding.failures[contender.title] = error
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
    """What was asked, a line each, and what each contender did about it."""
    asked = dict.fromkeys(promise.asked for promises in promised.values() for promise in promises)
    found = {title: {promise.asked: promise for promise in promises} for title, promises in promised.items()}
    lines = ([one, *(_describe(promises.get(one)) for promises in found.values())] for one in asked)
    return render_table(["asked", *promised], lines)


def _describe(promise: Promise | None) -> str:
    if promise is None:
        return ""
    return f"{promise.found}, holds" if promise.holds else f"{promise.found}, **does not hold**"
