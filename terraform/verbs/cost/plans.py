"""What a root plans, without credentials: `terraform test` plans with the root's own mocks of its provider."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from cli.errors import InputError
from terraform.verbs.program import Terraform, read_error

FOLDER = Path(__file__).parents[2]
PROVIDERS = {"eks": "aws", "gke": "google"}


class PlannedValues(msgspec.Struct, frozen=True):
    """`after` has what the resource will be; what is known only after an apply is null."""

    after: dict[str, Any] | None = None


class PlannedResource(msgspec.Struct, frozen=True):
    address: str
    type: str
    mode: str
    change: PlannedValues

    @property
    def values(self) -> dict[str, Any]:
        return self.change.after or {}


class PlannedTest(msgspec.Struct, frozen=True):
    resource_changes: list[PlannedResource]


class TestEvent(msgspec.Struct, frozen=True, rename={"run": "@testrun"}):
    """One line of `terraform test -json`."""

    type: str
    run: str = ""
    test_plan: PlannedTest | None = None
    diagnostic: dict[str, Any] | None = None


Variants = Mapping[str, Mapping[str, Any]]  # by name, the variables that differ from the environment's own


@dataclass(frozen=True)
class VariantPlans:
    """By variant, what is planned, or in the root's own words why it takes no such variant."""

    plans: dict[str, list[PlannedResource]]
    refused: dict[str, str]

    def get(self, name: str) -> list[PlannedResource]:
        """Raises: InputError for one that is refused."""
        if name not in self.plans:
            raise InputError(f"{name} cannot be planned: {self.refused.get(name, 'Terraform says nothing of it')}")
        return self.plans[name]


def plan_variants(
    terraform: Terraform, cloud: str, environment: str, variants: Variants, folder: Path = FOLDER
) -> VariantPlans:
    """The resources of each variant of an environment, from the root below `folder`.

    Raises: InputError without such a root or environment, OutsideError where its provider is not to be had.
    """
    if not (folder / cloud / "envs" / f"{environment}.tfvars").is_file():
        raise InputError(f"{cloud}/envs/{environment}.tfvars is not there, expected eks or gke, and test or prod")
    with tempfile.TemporaryDirectory(prefix="lathe-cost-") as work:
        root = Path(work) / cloud
        shutil.copytree(folder / cloud, root, ignore=shutil.ignore_patterns(".terraform", "*.tftest.hcl"))
        for name, variables in variants.items():  # a file each: a refusal ends its file
            text = write_test(PROVIDERS[cloud], name, variables)
            (root / "tests" / f"{name}.tftest.hcl").write_text(text, encoding="utf-8")
        terraform.run(root, "init", "-backend=false", "-no-color")
        options = ["-json", "-verbose", f"-var-file=envs/{environment}.tfvars"]
        done = terraform.run(root, "test", *options, expected=(0, 1))
    return read_plans(done.stdout)


def write_test(provider: str, name: str, variables: Mapping[str, Any]) -> str:
    """One run; the values are JSON, which HCL reads as its own."""
    lines = "".join(f"    {key} = {json.dumps(value)}\n" for key, value in variables.items())
    return (
        f'mock_provider "{provider}" {{\n  source = "./tests/mocks"\n  override_during = plan\n}}\n'
        f'run "{name}" {{\n  command = plan\n  variables {{\n{lines}  }}\n}}\n'
    )


def read_plans(output: str) -> VariantPlans:
    """A line holds the provider's whole schema beside the plan, which is passed over."""
    found = VariantPlans({}, {})
    decoder = msgspec.json.Decoder(TestEvent)
    for line in output.splitlines():
        event = decoder.decode(line)
        if event.test_plan is not None:
            found.plans[event.run] = [one for one in event.test_plan.resource_changes if one.mode == "managed"]
        if event.diagnostic is not None and event.diagnostic["severity"] == "error":
            text = f"Error: {event.diagnostic['summary']}: {event.diagnostic.get('detail', '')}"
            found.refused.setdefault(event.run, read_error(text))
    return found
