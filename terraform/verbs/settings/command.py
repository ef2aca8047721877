"""`settings`: what a root made, written where the repository and GitHub read it, so that nobody copies a value."""

from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.errors import InputError
from terraform.verbs.roots.root import ROOTS, open_root
from terraform.verbs.roots.state import TerraformState
from terraform.verbs.settings.clusters import write_clusters
from terraform.verbs.settings.variables import read_variables, set_variable

NEEDED = ("environment", "cluster_endpoint", "registry", "github_variables")


def settings(
    cloud: Annotated[str, typer.Option("--cloud", help="eks or gke.")],
    environment: Annotated[str, typer.Option("--env", help="test or prod.")],
    apply: Annotated[bool, typer.Option("--apply", help="Set GitHub's variables, too (GITHUB_TOKEN=).")] = False,
    repository: Annotated[str, typer.Option(help="OWNER/NAME, for the printed commands.")] = "OWNER/NAME",
    checkout: Annotated[Path, typer.Option(help="Where gitops/ is.")] = ROOTS.parent,
    root: Annotated[Path | None, typer.Option(help="Another folder of the root than this checkout's.")] = None,
) -> None:
    """Write a root's outputs into Argo CD's list of clusters, and print or set GitHub's variables."""
    with open_root(cloud, environment, root) as opened:
        opened.initialise()
        state = opened.read_state()
    check_outputs(state, environment)
    write_cluster(state, cloud, environment, checkout)
    console.print_done(f"images are pushed to {state.get_output('registry')}, as a copy of those that Git names")
    variables = read_variables(state.get_output("github_variables"))
    if not apply:
        console.print_done("what GitHub needs; --apply sets it:")
        for one in variables:
            typer.echo(one.write_command(repository))
        return
    from review.github.connection import open_github  # noqa: PLC0415 - HTTP takes 0.3 s to import

    with open_github() as github:
        for one in variables:
            console.print_done(set_variable(github, one))


def check_outputs(state: TerraformState, environment: str) -> None:
    """Raises: InputError for half an apply."""
    missing = [name for name in NEEDED if state.get_output(name) in (None, "", {})]
    if missing:
        raise InputError(
            f"the state of {environment} has no {', '.join(missing)}: nothing was applied, or an apply did not end; "
            "finish it with `terraform apply`, then run this again"
        )


def write_cluster(state: TerraformState, cloud: str, environment: str, checkout: Path) -> None:
    """Argo CD runs in the test cluster, and reaches production's by its address."""
    if environment == "test":
        console.print_done("Argo CD runs in this cluster: https://kubernetes.default.svc stays in environments.yaml")
        return
    endpoint = str(state.get_output("cluster_endpoint"))
    server = endpoint if endpoint.startswith("https://") else f"https://{endpoint}"
    changed = write_clusters(checkout, f"{environment}-{cloud}", server)
    for path in changed:
        console.print_done(f"{path}: {environment}-{cloud} is at {server}")
    if not changed:
        console.print_done(f"Argo CD's files have {server} already")
