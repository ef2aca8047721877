"""`python -m tests.workflows`: runs the workflows whole, with act, on this machine; 0 if everything was as expected.

1 something was not, 2 an option or a program is missing. Nothing leaves the machine but what installs.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from tests.harness.errors import ScenarioError, UsageError
from tests.harness.steps import StepPrinter
from tests.workflows.expectations import WorkflowRun
from tests.workflows.scenarios import SCENARIOS
from tests.workflows.stage import set_stage

WIDTH = 150
NOTE = (
    "Stand-ins: every third-party action, GitHub's API, the approval at the environment and the label (act has no "
    "environments). Not run: GitHub's own runners, main.yml's push of the image. The training is small: 10,000 rows, "
    "90 trees, 100 resamples; `ci` runs tests/repo alone."
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.workflows", description="Runs the workflows whole.")
    parser.add_argument("scenarios", nargs="*", help=f"Of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--keep", type=Path, help="A new folder for clone, artifacts and logs; kept at the end")
    options = parser.parse_args()
    if unknown := set(options.scenarios) - set(SCENARIOS):
        parser.error(f"unknown scenario {min(unknown)}, expected some of {', '.join(SCENARIOS)}")
    console = Console(width=WIDTH, highlight=False)
    try:
        if options.keep:
            options.keep.mkdir(parents=True)
            return play_scenarios(options.keep.resolve(), options.scenarios, console)
        with tempfile.TemporaryDirectory(prefix="lathe-workflows-") as folder:
            return play_scenarios(Path(folder), options.scenarios, console)
    except FileExistsError:
        console.print(f"error: {options.keep} is there already, expected a new folder")
    except UsageError as error:
        console.print(f"error: {error}", markup=False, soft_wrap=True)
    return 2


def play_scenarios(work: Path, wanted: list[str], console: Console) -> int:
    """The exit code."""
    runs: list[WorkflowRun] = []
    steps, code = StepPrinter(console), 0
    try:
        with set_stage(work) as stage:
            steps.add("set up", "clone, origin, GitHub, champion")
            for name in wanted or SCENARIOS:
                stage.restore_main()
                for run in SCENARIOS[name](stage):
                    runs.append(run)
                    steps.add(run.title, run.reached, run.outcome.seconds)
            if violations := stage.github.list_violations():
                raise ScenarioError(f"requests that GitHub would not take: {'; '.join(violations)}")
    except UsageError:
        raise
    except ScenarioError as error:
        console.print(f"error: {error}", markup=False, soft_wrap=True)
        code = 1
    except KeyboardInterrupt:
        console.print("stopped")
        code = 130
    print_runs(steps, runs)
    return code


def print_runs(steps: StepPrinter, runs: list[WorkflowRun]) -> None:
    """One row a run, and what is not real in them."""
    headers = ("What", "Workflow", "Event", "Jobs", "Result", "What reached GitHub", "s")
    rows = []
    for run in runs:
        order, outcome = run.outcome.order, run.outcome
        result = "green" if outcome.succeeded else "red"
        cells = (run.title, order.workflow, order.event, outcome.describe_jobs(), result, run.reached)
        rows.append((*cells, f"{outcome.seconds:.0f}"))
    steps.print_table(f"{len(runs)} runs of workflows in {steps.seconds:.0f} s", headers, rows)
    steps.print_plain(NOTE)


if __name__ == "__main__":
    sys.exit(main())
