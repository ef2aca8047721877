"""What every chapter works with, and the table at the end."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.argo import ArgoCd
from tests.e2e.client import Client, Window
from tests.e2e.images import Images, Release
from tests.e2e.kubectl import Kubectl
from tests.e2e.options import Options
from tests.e2e.repository import Repository
from tests.harness.errors import ScenarioError
from tests.harness.steps import StepPrinter

WIDTH = 140
ROOT = Path(__file__).parents[2]


@dataclass
class Scenario:
    """Options, the cluster's clients, and the printer of steps."""

    options: Options
    kubectl: Kubectl
    argo: ArgoCd
    steps: StepPrinter

    # set by the first chapter
    repository: Repository = field(init=False)
    images: Images = field(init=False)
    releases: tuple[Release, Release, Release] = field(init=False)
    client: Client = field(init=False)
    production: Client = field(init=False)

    def expect(self, is_so: bool, step: str, found: str, took: float | None = None) -> None:
        """Printed either way; what is not so ends the scenario.

        Raises: ScenarioError.
        """
        self.steps.add(step, found, took, is_so)
        if not is_so:
            raise ScenarioError(f"{self.steps.section}: {step}: {found}")

    def expect_no_loss(self, window: Window, step: str) -> None:
        """Raises: ScenarioError if a request failed, or if there was no load."""
        self.expect(window.sent > 0 and window.failed == 0, step, window.describe())

    def find_pods(self, environment: str) -> list[str]:
        """Names of the predictor's pods that are ready, not ending."""
        pods = self.kubectl.list("pods", f"lathe-{environment}", "app.kubernetes.io/name=predictor")
        return sorted(
            pod["metadata"]["name"]
            for pod in pods
            if "deletionTimestamp" not in pod["metadata"]
            and any(
                condition["type"] == "Ready" and condition["status"] == "True"
                for condition in pod.get("status", {}).get("conditions", [])
            )
        )


def print_summary(scenario: Scenario) -> None:
    """One row a step."""
    rows = (
        (one.section, one.title, one.result, f"{one.took_seconds:.1f}", "✓" if one.is_as_expected else "✗")
        for one in scenario.steps.results
    )
    scenario.steps.print_table("The scenario", ("Chapter", "Step", "Result", "s", ""), rows)


Chapter = Callable[[Scenario], None]
