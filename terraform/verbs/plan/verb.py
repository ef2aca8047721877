"""`make cloud-plan` and `make cloud-apply`."""

from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.errors import InputError
from contract.cloud_plan import ADD, CHANGE, DESTROY, REPLACE
from terraform.verbs.plan.saving import apply_plan, read_head, read_main, save_plan
from terraform.verbs.program import open_terraform

OUT = Path("artifacts/cloud")

Name = Annotated[
    str,
    typer.Option("--environment", envvar="LATHE_CLOUD_ENVIRONMENT", help="Cloud and environment, such as eks-test."),
]
State = Annotated[
    str, typer.Option("--state", envvar="LATHE_CLOUD_STATE", help="The backend's settings: bucket=NAME,key=NAME …")
]
Out = Annotated[Path, typer.Option("--out", help="The folder of saved plans.")]


def plan(name: Name, state: State = "", out: Out = OUT) -> None:
    """Plan an environment, save the plan, and write what may be shown of it; changes nothing."""
    cloud, environment = split(name)
    with open_terraform() as terraform:
        found = save_plan(terraform, cloud, environment, state, out, read_head())
    for change in found.changes:
        console.print_done(f"{change.action}: {change.address} {', '.join(change.attributes)}")
    counts = ", ".join(f"{found.count(action)} to {action}" for action in (ADD, CHANGE, REPLACE, DESTROY))
    console.print_done(f"{found.name}: {counts}")


def apply(name: Name, state: State = "", out: Out = OUT) -> None:
    """Apply the saved plan, if main is still what was planned; never plans anew."""
    cloud, environment = split(name)
    main = read_main()
    with open_terraform() as terraform:
        found = apply_plan(terraform, cloud, environment, state, out, main)
    console.print_done(f"{found.name}: {len(found.changes)} changes of {found.commit[:12]} applied")


def split(name: str) -> tuple[str, str]:
    """Cloud and environment.

    Raises: InputError.
    """
    cloud, dash, environment = name.partition("-")
    if not (cloud and dash and environment):
        raise InputError(f"--environment is {name!r}, expected cloud and environment such as eks-test")
    return cloud, environment
