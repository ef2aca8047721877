"""`python -m tests.e2e`: plays the whole scenario on a real cluster; 0 if everything was as expected.

1 something was not, 2 an option or a program is missing, 4 cluster, registry or Git server failed.
"""

import shutil
import sys
import time

from rich.console import Console

from cli.errors import CommandError
from tests.e2e import cleanup
from tests.e2e.argo import ArgoCd
from tests.e2e.chapters import (
    admission,
    bootstrap,
    broken,
    disruption,
    production,
    recovery,
    release,
    rollout,
    stranger,
)
from tests.e2e.evidence import keep_evidence
from tests.e2e.kubectl import Kubectl
from tests.e2e.options import Options, read_options
from tests.e2e.scenario import WIDTH, Scenario, print_summary
from tests.harness.errors import ScenarioError
from tests.harness.steps import StepPrinter

CHAPTERS = {
    "admission": admission.play,
    "rollout": rollout.play,
    "production": production.play,
    "stranger": stranger.play,
    "broken": broken.play,
    "disruption": disruption.play,
    "recovery": recovery.play,
    "release": release.play,
}


def play_scenario(options: Options, console: Console) -> int:
    """The exit code."""
    kubectl = Kubectl(options.kubectl, options.patience)
    scenario = Scenario(options, kubectl, ArgoCd(kubectl, options.argocd), StepPrinter(console))
    shutil.rmtree(options.work / "repository", ignore_errors=True)
    options.work.mkdir(parents=True, exist_ok=True)
    code = 0
    try:
        cleanup.remove_all(kubectl)
        bootstrap.play(scenario)
        for name, play in CHAPTERS.items():
            if not options.only or name in options.only:
                play(scenario)
    except (ScenarioError, CommandError, KeyboardInterrupt) as error:
        code = 130 if isinstance(error, KeyboardInterrupt) else error.exit_code
        console.print(f"[bold red]error:[/] {str(error) or 'stopped'}", markup=True, soft_wrap=True)
        explain_failure(scenario)
    finally:
        end_scenario(scenario)
    return code


def explain_failure(scenario: Scenario) -> None:
    folder = scenario.options.work / f"evidence-{time.strftime('%H%M%S')}"
    names = keep_evidence(scenario.kubectl, scenario.argo, folder)
    scenario.steps.console.print(f"evidence in {folder}: {', '.join(names)}", soft_wrap=True)


def end_scenario(scenario: Scenario) -> None:
    print_summary(scenario)
    seconds = scenario.steps.seconds
    good = sum(line.is_as_expected for line in scenario.steps.results)
    scenario.steps.console.print(
        f"{good} of {len(scenario.steps.results)} steps as expected, in {seconds // 60:.0f} min {seconds % 60:.0f} s"
    )
    if scenario.options.keep:
        return
    try:
        cleanup.remove_all(scenario.kubectl)
        scenario.steps.console.print("everything of ours removed from the cluster")
    except ScenarioError as error:
        scenario.steps.console.print(f"not cleaned up: {error}", markup=False)


def main() -> int:
    try:
        options = read_options()
        return play_scenario(options, Console(highlight=False, width=WIDTH))
    except ScenarioError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
