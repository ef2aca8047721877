"""`destroy`: what the cluster's controllers made goes first, in order, then Terraform's own; what is left is named."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from cli import console
from cli.errors import CommandError, OutsideError, RefusedError
from terraform.verbs.destroy.api_server import ApiServer
from terraform.verbs.destroy.argo import stop_argo_cd
from terraform.verbs.destroy.aws import Aws
from terraform.verbs.destroy.google import Google
from terraform.verbs.destroy.leftovers import Cloud, count_kinds, print_leftovers
from terraform.verbs.destroy.objects import remove_claims, remove_entrances
from terraform.verbs.destroy.protection import refuse_protected
from terraform.verbs.destroy.record import find_place, forget_place
from terraform.verbs.destroy.waiting import Patience
from terraform.verbs.roots.root import Root, open_root
from terraform.verbs.roots.state import ClusterPlace, TerraformState

ADAPTERS: dict[str, Callable[[ClusterPlace, frozenset[str]], Cloud]] = {"eks": Aws, "gke": Google}


def destroy(
    cloud: Annotated[str, typer.Option("--cloud", help="eks or gke.")],
    environment: Annotated[str, typer.Option("--env", help="test or prod.")],
    wait_minutes: Annotated[
        float, typer.Option(min=0, help="How long each step waits for a controller or driver.")
    ] = 15,
    without_cluster: Annotated[bool, typer.Option(help="Leave the API server out, which cannot be reached.")] = False,
    root: Annotated[Path | None, typer.Option(help="Another folder of the root than this checkout's.")] = None,
) -> None:
    """Take an environment down: what controllers made first, then Terraform's own. Run again, it goes on."""
    with open_root(cloud, environment, root) as opened:
        opened.initialise()
        state = opened.read_state()
        refuse_protected(opened, state)
        place = find_place(opened, state)
        if place is None:
            console.print_done(f"{cloud} {environment}: nothing was ever applied here, nothing to destroy")
            return
        patience = Patience(wait_minutes * 60)
        provider = ADAPTERS[cloud](place, state.ids)
        console.print_done(f"{place.name} in {place.region} is not protected; by {provider.check_identity()}")
        take_down_cluster(place, provider, patience, without_cluster)
        wait_for_cloud(provider, patience)
        destroy_root(opened, state, provider)
        refuse_leftovers(provider)
        forget_place(opened)
        console.print_done(f"{place.name} is destroyed, and nothing of it is left")


def take_down_cluster(place: ClusterPlace, provider: Cloud, patience: Patience, without_cluster: bool) -> None:
    """Raises: OutsideError that says how to go on without the API server, RefusedError."""
    if without_cluster:
        console.print_warning("the API server is left out: what its controllers made is named below, and stays")
        return
    if not provider.has_cluster():
        console.print_done("the cluster is gone already, its API server is not needed")
        return
    with tempfile.TemporaryDirectory(prefix="lathe-kubeconfig-") as folder:
        cluster = ApiServer(place, Path(folder) / "config")
        try:
            cluster.log_in()
            console.print_done(f"Argo CD: {stop_argo_cd(cluster)}")
            console.print_done(f"Ingresses, Gateways and load balancers: {remove_entrances(cluster, patience)}")
            console.print_done(f"claims: {remove_claims(cluster, patience)}")
        except OutsideError as error:
            raise OutsideError(
                f"{error}; nothing of Terraform's was destroyed. Reach it (VPN, `endpoint_cidrs`) and run the same "
                "command again, or, where it will not come back, run it with --without-cluster"
            ) from error


def wait_for_cloud(provider: Cloud, patience: Patience) -> None:
    """A controller removes what it made after its object is gone.

    Raises: RefusedError with what is left, before Terraform would hang on it.
    """
    left = patience.wait_until_gone(lambda: provider.list_leftovers(is_destroyed=False))
    if left:
        print_leftovers(left)
        raise RefusedError(
            f"{count_kinds(left)} left by controllers after {patience.seconds:.0f} s: they would hold the network, so "
            "nothing of Terraform's was destroyed; remove them by the commands above, in order, and run it again"
        )
    console.print_done("the cloud has no load balancer, interface, security group or volume of a controller any more")


def destroy_root(root: Root, state: TerraformState, provider: Cloud) -> None:
    """Raises: OutsideError, with what holds Terraform named where something does."""
    if not state.managed:
        console.print_done("Terraform: its state is empty already")
        return
    try:
        done = root.run("destroy", "-auto-approve", "-input=false", *root.list_variable_options())
    except CommandError:
        print_leftovers(provider.list_leftovers(is_destroyed=False))
        raise
    lines = [line for line in done.stdout.splitlines() if line.startswith("Destroy complete")]
    console.print_done(f"Terraform: {lines[-1] if lines else 'nothing to destroy'}")


def refuse_leftovers(provider: Cloud) -> None:
    """Raises: RefusedError for whatever is left once all is destroyed."""
    if left := provider.list_leftovers(is_destroyed=True):
        print_leftovers(left)
        raise RefusedError(
            f"destroyed, and {count_kinds(left)} left, which cost money or hold a name: remove them as above"
        )
