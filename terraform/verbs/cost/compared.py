"""What an environment would cost otherwise: each variant that its root takes, beside what it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cli.errors import InputError
from contract.cloud_costs import EnvironmentCost
from terraform.verbs.cost.costs import BASE, VARIANTS, price_auto, price_plan, scale_to_zero
from terraform.verbs.cost.plans import PlannedResource, plan_variants
from terraform.verbs.cost.prices import PriceList
from terraform.verbs.program import Terraform

OFFICE_HOURS = 10 * 22.0  # of a month, in which a test environment's nodes run
SPOT = "all nodes on spot"


@dataclass(frozen=True)
class ComparedCost:
    """An environment, what its variants would cost a month, and what was left out with the root's own words."""

    base: EnvironmentCost
    variants: Mapping[str, float]
    left_out: Mapping[str, str]


def compare_environment(
    terraform: Terraform, prices: PriceList, cloud: str, environment: str, region: str
) -> ComparedCost:
    """Raises: InputError, OutsideError."""
    names = {name.replace(" ", "_").replace(",", ""): name for name in VARIANTS}
    found = plan_variants(terraform, cloud, environment, {run: VARIANTS[name] for run, name in names.items()})
    found.get(BASE.replace(" ", "_"))
    compared = compare_plans(
        prices, cloud, environment, region, {names[run]: plan for run, plan in found.plans.items()}
    )
    return replace(compared, left_out={**compared.left_out, **{names[run]: why for run, why in found.refused.items()}})


def compare_plans(
    prices: PriceList, cloud: str, environment: str, region: str, plans: Mapping[str, Sequence[PlannedResource]]
) -> ComparedCost:
    """By variant; a planned thing without a price leaves its variant out by name."""
    base = price_plan(prices, cloud, environment, region, plans[BASE])
    found: dict[str, float] = {}
    left_out: dict[str, str] = {}
    for name, plan in plans.items():
        if name == BASE:
            continue
        try:
            cost = price_plan(prices, cloud, environment, region, plan)
        except InputError as error:
            left_out[name] = str(error)
            continue
        found[name] = (price_auto(prices, base, cost) if name == "auto" else cost).monthly
    return ComparedCost(base, found | dict(list_computed(prices, base)), left_out)


def list_computed(prices: PriceList, base: EnvironmentCost) -> Iterator[tuple[str, float]]:
    """What needs no plan of its own."""
    share = prices.find(base.cloud, "spot share").price
    machines = sum(
        line.monthly for line in base.lines if line.part == "nodes" and "×" in line.text and "spot" not in line.text
    )
    yield SPOT, base.monthly - machines * (1 - share)
    if base.environment != "prod":
        yield f"nodes for {OFFICE_HOURS:g} hours alone", scale_to_zero(base, OFFICE_HOURS).monthly
