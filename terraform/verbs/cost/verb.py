"""`make cost`: a table an environment, what variants change, what a million predictions come to."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import hcl2
import msgspec
import typer

from cli import console
from cli.errors import InputError, OutsideError
from cli.files import write_file
from contract.cloud_costs import CloudCosts, EnvironmentCost
from release.manifests.render import open_revision
from terraform.verbs.cost.compared import ComparedCost, compare_environment
from terraform.verbs.cost.costs import cost_environment, cost_per_million, read_throughput
from terraform.verbs.cost.plans import FOLDER, PROVIDERS
from terraform.verbs.cost.prices import FILE, PriceList, read_prices
from terraform.verbs.program import Terraform, open_terraform

UNVERIFIED_MARK = " ?"


def cost(
    cloud: Annotated[str, typer.Option("--cloud", help="eks or gke; both by default.")] = "",
    environment: Annotated[str, typer.Option("--env", help="test or prod; both by default.")] = "",
    base: Annotated[str, typer.Option("--base", help="A revision to compare with, such as origin/main.")] = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Where the figures go as JSON, without variants.")
    ] = None,
    prices_file: Annotated[Path, typer.Option("--prices", help="The list prices.")] = FILE,
) -> None:
    """Print what the environments cost a month by list prices, from what their roots plan; needs no credentials."""
    prices = read_prices(prices_file)
    for warning in prices.list_warnings(datetime.now(UTC).date()):
        console.print_warning(warning)
    with open_terraform() as terraform:
        if json_file is None:
            print_costs(terraform, prices, cloud, environment)
            return
        now = cost_all(terraform, prices, cloud, environment, FOLDER)
        before = cost_base(terraform, prices, cloud, environment, base) if base else []
    write_file(json_file, msgspec.json.format(msgspec.json.encode(CloudCosts(prices.oldest, now, before))))
    console.print_done(f"{len(now)} environments: {json_file}")


def list_environments(cloud: str, environment: str, folder: Path) -> Iterator[tuple[str, str, str]]:
    """Cloud, environment and region of each environment file that was asked for.

    Raises: InputError where there is none.
    """
    found = sorted(folder.glob(f"{cloud or '*'}/envs/{environment or '*'}.tfvars"))
    paths = [path for path in found if path.parts[-3] in PROVIDERS]
    if not paths:
        raise InputError(
            f"no environment {environment or '*'} of {cloud or 'any cloud'}, expected eks or gke, test or prod"
        )
    for path in paths:
        content = hcl2.loads(path.read_text(encoding="utf-8"))
        yield path.parts[-3], path.stem, str(content.get("region", "")).strip('"')


def cost_all(
    terraform: Terraform, prices: PriceList, cloud: str, environment: str, folder: Path
) -> list[EnvironmentCost]:
    costs = []
    for one in list_environments(cloud, environment, folder):
        with leaving_out(one):
            costs.append(cost_environment(terraform, prices, *one, folder))
    return costs


@contextmanager
def leaving_out(one: tuple[str, str, str]) -> Iterator[None]:
    """A cloud whose provider is not to be had here is left out by name, and the other is shown."""
    try:
        yield
    except OutsideError as error:
        console.print_warning(f"{one[0]} {one[1]} was left out: {error}")


def cost_base(
    terraform: Terraform, prices: PriceList, cloud: str, environment: str, base: str, root: Path = FOLDER.parent
) -> list[EnvironmentCost]:
    """At another revision of the checkout `root`, today's prices; nothing where it had no such roots.

    Raises: InputError for a revision that is not there.
    """
    with ExitStack() as stack:
        try:
            tree = stack.enter_context(open_revision(base, root, part=FOLDER.name))
        except InputError as error:
            if "did not match any files" in str(error):
                return []
            raise
        try:
            return cost_all(terraform, prices, cloud, environment, tree / FOLDER.name)
        except InputError as error:
            console.print_warning(f"{base} has no cost to compare with: {error}")
            return []


def print_costs(terraform: Terraform, prices: PriceList, cloud: str, environment: str) -> None:
    throughput = read_throughput()
    for one in list_environments(cloud, environment, FOLDER):
        with leaving_out(one):
            compared = compare_environment(terraform, prices, *one)
            print_environment(compared.base)
            print_variants(compared)
            print_predictions(prices, compared.base, throughput)
    console.out.print(
        f"{UNVERIFIED_MARK.strip()}: no dated source was found for this price ({prices.name})", markup=False
    )


def print_environment(cost: EnvironmentCost) -> None:
    title = f"{cost.cloud} {cost.environment}, {cost.region}: {cost.monthly:,.0f} US dollars a month"
    rows = [
        (
            line.part,
            line.text,
            f"{line.amount:g}",
            f"{line.price:.4f} / {line.unit}{UNVERIFIED_MARK if line.unverified else ''}",
            f"{line.monthly:,.2f}",
            line.basis,
        )
        for line in cost.lines
    ]
    console.print_grid(title, ("Part", "What", "Amount", "Price", "A month", "Basis"), rows)


def print_variants(compared: ComparedCost) -> None:
    rows = [
        (name, f"{monthly:,.0f}", f"{monthly - compared.base.monthly:+,.0f}")
        for name, monthly in compared.variants.items()
    ]
    console.print_grid("What would change it", ("Variant", "A month", "Difference"), rows)
    for name, reason in compared.left_out.items():
        console.print_warning(f"{name} was left out: {reason}")


def print_predictions(prices: PriceList, cost: EnvironmentCost, throughput: float) -> None:
    """At the assumed rate everything counts; at the measured one a single node does, fully used."""
    rate = prices.assumed["requests a second"]
    nodes = [line for line in cost.lines if line.part == "nodes" and "×" in line.text and line.amount]
    console.print_done(
        f"a million predictions: {cost_per_million(cost.monthly, rate):.2f} at {rate:g} a second, all included"
    )
    if nodes:
        one = nodes[0].monthly / nodes[0].amount
        text = (
            f"{cost_per_million(one, throughput):.4f} for one node that answers {throughput:,.0f} a second, as measured"
        )
        console.print_done(f"a million predictions: {text} (docs/benchmark.md)")
