"""What a root plans, without credentials: `terraform test` plans with the root's own mocks of its provider."""

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from cli.errors import InputError
from terraform.verbs.program import Terraform, read_error

FOLDER = Path(__file__).parents[2]
TEST = "tests/cost.tftest.hcl"
PROVIDERS = {"eks": "aws", "gke": "google"}


class Change(msgspec.Struct, frozen=True):
    """`after` has what the resource will be; what is known only after an apply is null."""

    after: dict[str, Any] | None = None


class PlannedResource(msgspec.Struct, frozen=True):
    address: str
    type: str
    mode: str
    change: Change

    @property
    def values(self) -> dict[str, Any]:
        return self.change.after or {}


class PlannedTest(msgspec.Struct, frozen=True):
    resource_changes: list[PlannedResource]


class Event(msgspec.Struct, frozen=True, rename={"run": "@testrun"}):
    """One line of `terraform test -json`."""

    type: str
    run: str = ""
    test_plan: PlannedTest | None = None
    diagnostic: dict[str, Any] | None = None


Variants = Mapping[str, Mapping[str, Any]]  # by name, the variables that differ from the environment's own


def plan_variants(
    terraform: Terraform, cloud: str, environment: str, variants: Variants, folder: Path = FOLDER
) -> dict[str, list[PlannedResource]]:
    """The resources of each variant of an environment, from the root below `folder`.

    Raises: InputError without such a root or environment, or for a variant that the root refuses; OutsideError where
    its provider is not to be had.
    """
    if not (folder / cloud / "envs" / f"{environment}.tfvars").is_file():
        raise InputError(f"{cloud}/envs/{environment}.tfvars is not there, expected eks or gke, and test or prod")
    with tempfile.TemporaryDirectory(prefix="lathe-cost-") as work:
        root = Path(work) / cloud
        shutil.copytree(folder / cloud, root, ignore=shutil.ignore_patterns(".terraform", "*.tftest.hcl"))
        (root / TEST).write_text(write_test(PROVIDERS[cloud], variants), encoding="utf-8")
        terraform.run(root, "init", "-backend=false", "-no-color")
        options = ["-json", "-verbose", f"-var-file=envs/{environment}.tfvars", f"-filter={TEST}"]
        done = terraform.run(root, "test", *options, expected=(0, 1))
    return read_plans(done.stdout, variants)


def write_test(provider: str, variants: Variants) -> str:
    """One run a variant; the values are JSON, which HCL reads as its own."""
    text = f'mock_provider "{provider}" {{\n  source = "./tests/mocks"\n  override_during = plan\n}}\n'
    for name, variables in variants.items():
        lines = "".join(f"    {key} = {json.dumps(value)}\n" for key, value in variables.items())
        text += f'run "{name}" {{\n  command = plan\n  variables {{\n{lines}  }}\n}}\n'
    return text


def read_plans(output: str, variants: Variants) -> dict[str, list[PlannedResource]]:
    """A line holds the provider's whole schema beside the plan, which is passed over."""
    plans: dict[str, list[PlannedResource]] = {}
    refused = ""
    decoder = msgspec.json.Decoder(Event)
    for line in output.splitlines():
        event = decoder.decode(line)
        if event.test_plan is not None:
            plans[event.run] = [one for one in event.test_plan.resource_changes if one.mode == "managed"]
        if event.diagnostic is not None and event.diagnostic["severity"] == "error" and not refused:
            refused = f"Error: {event.diagnostic['summary']}: {event.diagnostic.get('detail', '')}"
    if missing := [name for name in variants if name not in plans]:
        raise InputError(f"{missing[0]} cannot be planned: {read_error(refused)}")
    return plans
