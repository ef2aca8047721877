"""What an environment costs a month, what a variant of it would change, and what a million predictions come to.

`cost_environment` is for whoever needs the figures; `make cost` prints them.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from cli.errors import InputError
from contract.cloud_costs import CostLine, EnvironmentCost
from terraform.verbs.cost.plans import FOLDER, PlannedResource, plan_variants
from terraform.verbs.cost.prices import HOURS, PriceList
from terraform.verbs.cost.quantities import COUNTERS, PARTS, Quantity, count_assumed
from terraform.verbs.program import Terraform

BENCHMARK = Path(__file__).parents[3] / "docs" / "benchmark.md"
# requests a second at 16 connections, one row each, as the table of the benchmark has them
MEASURED = re.compile(r"^\| \*\*Lathe\*\* \| [\d,]+ / ([\d,]+) / [\d,]+ \|", re.MULTILINE)
SECONDS = HOURS * 3600
BASE = "as it is"
VARIANTS: dict[str, dict[str, Any]] = {
    BASE: {},
    "arm64": {"node_architecture": "arm64"},
    "auto": {"compute": "auto", "training_nodes_max": 0, "node_architecture": "amd64"},
    "one NAT": {"egress": "nat_single"},
    "a NAT a zone": {"egress": "nat_per_zone"},
    "no NAT, private endpoints": {"egress": "none"},
}


def cost_environment(
    terraform: Terraform, prices: PriceList, cloud: str, environment: str, region: str, folder: Path = FOLDER
) -> EnvironmentCost:
    """One environment as it is planned.

    Raises: InputError, OutsideError.
    """
    plans = plan_variants(terraform, cloud, environment, {"base": {}}, folder)
    return price_plan(prices, cloud, environment, region, plans.get("base"))


def price_plan(
    prices: PriceList, cloud: str, environment: str, region: str, resources: Sequence[PlannedResource]
) -> EnvironmentCost:
    """Raises: InputError for what is planned and has no price, and for a plan without a cluster."""
    planned = list(COUNTERS[cloud](resources))
    if not any(one.part == "control plane" for one in planned):
        raise InputError(f"the plan of {cloud} {environment} has no cluster, so its cost would be nobody's")
    has_nat = any(one.item == "nat" for one in planned)
    quantities = [*planned, *count_assumed(prices.assumed, has_nat=has_nat)]
    lines = sorted((price(prices, cloud, one) for one in quantities), key=lambda line: PARTS.index(line.part))
    return EnvironmentCost(cloud, environment, region, merge(lines))


def price(prices: PriceList, cloud: str, quantity: Quantity) -> CostLine:
    found = prices.find(cloud, quantity.item)
    whole = prices.find(cloud, quantity.share_of) if quantity.share_of else None
    each = found.price * whole.price if whole else found.price
    unit = whole.unit if whole else found.unit
    monthly = quantity.amount * (found.price * whole.monthly if whole else found.monthly)
    is_verified = found.is_verified and (whole is None or whole.is_verified)
    return CostLine(quantity.part, quantity.text, quantity.amount, unit, each, monthly, quantity.basis, not is_verified)


def merge(lines: Iterable[CostLine]) -> list[CostLine]:
    """Of what is there several times, one line."""
    merged: dict[tuple[str, str], CostLine] = {}
    for line in lines:
        former = merged.get((line.part, line.text))
        merged[line.part, line.text] = line if former is None else add(former, line)
    return list(merged.values())


def add(one: CostLine, more: CostLine) -> CostLine:
    return replace(one, amount=one.amount + more.amount, monthly=one.monthly + more.monthly)


def price_auto(prices: PriceList, base: EnvironmentCost, auto: EnvironmentCost) -> EnvironmentCost:
    """A plan of Auto Mode or Autopilot has no nodes: these are the same ones with the surcharge."""
    factor = 1 + prices.find(base.cloud, "auto mode share").price
    nodes = [line for line in base.lines if line.part == "nodes"]
    more = [replace(line, price=line.price * factor, monthly=line.monthly * factor, unverified=True) for line in nodes]
    return replace(auto, lines=[*auto.lines, *more])


def scale_to_zero(base: EnvironmentCost, hours: float) -> EnvironmentCost:
    """Nodes that run for `hours` of a month's 730 alone."""
    share = hours / HOURS
    lines = [replace(line, monthly=line.monthly * share) if line.part == "nodes" else line for line in base.lines]
    return replace(base, lines=lines)


def read_throughput(path: Path = BENCHMARK) -> float:
    """Requests a second that a predictor was measured at, on a machine of two cores as the nodes are.

    Raises: InputError where the benchmark's page has no such figure.
    """
    found = MEASURED.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    if found is None:
        raise InputError(
            f"{path.name} has no row of Lathe with requests/s at 1 / 16 / 64: write it anew with `make bench-all`"
        )
    return float(found[1].replace(",", ""))


def cost_per_million(monthly: float, requests_a_second: float) -> float:
    """US dollars for a million predictions at a steady rate."""
    return monthly / (requests_a_second * SECONDS) * 1e6
