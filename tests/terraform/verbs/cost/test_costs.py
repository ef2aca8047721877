"""From planned resources to a month's cost, by hand-made plans and by the real root."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.errors import CommandError, InputError
from contract.cloud_costs import EnvironmentCost
from terraform.verbs.cost.compared import SPOT, compare_plans
from terraform.verbs.cost.costs import (
    BASE,
    cost_environment,
    cost_per_million,
    price_plan,
    read_throughput,
    scale_to_zero,
)
from terraform.verbs.cost.plans import PlannedResource, PlannedValues, read_plans, write_test
from terraform.verbs.cost.prices import HOURS, read_prices
from terraform.verbs.cost.verb import list_environments
from terraform.verbs.program import open_terraform
from tests.repo.sources import ROOT

PRICES = read_prices()


def plan(kind: str, **values: Any) -> PlannedResource:
    return PlannedResource(f"{kind}.this", kind, "managed", PlannedValues(values))


def plan_group(least: int, kind: str, *, name: str = "base", capacity: str = "ON_DEMAND") -> PlannedResource:
    scaling = [{"min_size": least, "desired_size": least, "max_size": 9}]
    return plan(
        "aws_eks_node_group",
        node_group_name=name,
        instance_types=[kind],
        capacity_type=capacity,
        scaling_config=scaling,
    )


CLUSTER, NAT = plan("aws_eks_cluster"), plan("aws_nat_gateway")


def price_eks(*resources: PlannedResource, environment: str = "test") -> EnvironmentCost:
    return price_plan(PRICES, "eks", environment, "eu-central-1", [CLUSTER, *resources])


def test_nodes_cost_their_least_number_at_their_hourly_price() -> None:
    cost = price_eks(plan_group(3, "m7i.large"))
    assert cost.sum_part("nodes") == pytest.approx(3 * 0.12075 * HOURS + 3 * 50 * 0.08)
    assert cost.sum_part("control plane") == pytest.approx(73)


def test_spot_nodes_cost_their_share() -> None:
    spot = price_eks(plan_group(2, "c7i.2xlarge", capacity="SPOT")).lines
    line = next(line for line in spot if "spot" in line.text)
    assert line.unit == "hour"
    assert line.monthly == pytest.approx(2 * 0.46 * 0.4074 * HOURS)


def test_a_database_in_two_zones_costs_twice_with_its_disk() -> None:
    one, two = (
        price_eks(plan("aws_db_instance", instance_class="db.t4g.micro", multi_az=multi, allocated_storage=20))
        for multi in (False, True)
    )
    assert two.sum_part("database") == pytest.approx(2 * one.sum_part("database"))


def test_an_interface_endpoint_costs_in_each_zone_and_a_gateway_nothing() -> None:
    def endpoint(kind: str) -> PlannedResource:
        return plan(
            "aws_vpc_endpoint", vpc_endpoint_type=kind, service_name="com.amazonaws.x.sts", subnet_ids=[None] * 3
        )

    assert price_eks(endpoint("Interface")).sum_part("endpoints") == pytest.approx(3 * 0.01 * HOURS)
    assert price_eks(endpoint("Gateway")).sum_part("endpoints") == 0


def test_traffic_through_nat_is_paid_for_where_there_is_one() -> None:
    assert price_eks(NAT).sum_part("traffic") - price_eks().sum_part("traffic") == pytest.approx(100 * 0.045)


def test_google_counts_its_own_kinds() -> None:
    settings = {"tier": "db-custom-2-7680", "availability_type": "REGIONAL", "disk_size": 20}
    config = {"machine_type": "n2d-standard-2", "spot": False, "disk_size_gb": 50}
    pool = plan(
        "google_container_node_pool", name="base", node_config=[config], autoscaling=[{"total_min_node_count": 3}]
    )
    resources = [
        plan("google_container_cluster"),
        pool,
        plan("google_compute_router_nat"),
        plan("google_sql_database_instance", settings=[settings]),
    ]
    cost = price_plan(PRICES, "gke", "prod", "europe-west3", resources)
    assert cost.sum_part("nodes") == pytest.approx(3 * 0.108854 * HOURS + 3 * 50 * 0.12)
    assert cost.sum_part("database") == pytest.approx(2 * (0.127 * HOURS + 20 * 0.204))
    assert cost.sum_part("NAT") > 0


def test_a_plan_without_a_cluster_is_refused() -> None:
    with pytest.raises(InputError, match="the plan of eks test has no cluster"):
        price_plan(PRICES, "eks", "test", "eu-central-1", [NAT])


def test_a_planned_kind_without_a_price_is_refused_by_name() -> None:
    with pytest.raises(InputError, match=r"eks plans 'x1\.gigantic', which has no price"):
        price_eks(plan_group(1, "x1.gigantic"))


@given(st.integers(0, 50), st.integers(0, 50))
def test_the_whole_is_the_sum_of_the_parts_and_grows_with_the_nodes(few: int, more: int) -> None:
    low, high = (price_eks(plan_group(count, "m7g.large")) for count in (few, few + more))
    assert low.monthly == pytest.approx(sum(low.sum_part(part) for part in {line.part for line in low.lines}))
    assert high.monthly - low.monthly == pytest.approx(more * (0.0978 * HOURS + 50 * 0.08))


def test_variants_are_compared_with_what_is_and_one_without_a_price_is_named() -> None:
    nodes = plan_group(2, "m7i.large")
    plans = {
        BASE: [CLUSTER, nodes, NAT],
        "arm64": [CLUSTER, plan_group(2, "m7g.large"), NAT],
        "auto": [CLUSTER, NAT],
        "a NAT a zone": [CLUSTER, nodes, NAT, NAT, NAT],
        "one NAT": [CLUSTER, plan_group(2, "x1.gigantic"), NAT],
    }
    compared = compare_plans(PRICES, "eks", "test", "eu-central-1", plans)
    differences = {name: monthly - compared.base.monthly for name, monthly in compared.variants.items()}
    assert differences["arm64"] == pytest.approx(2 * (0.0978 - 0.12075) * HOURS)
    assert differences["auto"] == pytest.approx(0.12 * compared.base.sum_part("nodes"))
    assert differences["a NAT a zone"] == pytest.approx(2 * 0.045 * HOURS)
    assert differences[SPOT] == pytest.approx(-(1 - 0.46) * 2 * 0.12075 * HOURS)
    assert differences["nodes for 220 hours alone"] < 0
    assert "x1.gigantic" in compared.left_out["one NAT"]


def test_nodes_that_never_run_cost_nothing() -> None:
    cost = price_eks(plan_group(2, "m7i.large"))
    assert scale_to_zero(cost, 0).sum_part("nodes") == 0
    assert scale_to_zero(cost, HOURS).monthly == pytest.approx(cost.monthly)


def test_a_million_predictions_cost_less_the_more_there_are() -> None:
    assert cost_per_million(730, 100) == pytest.approx(730 / (100 * HOURS * 3600) * 1e6)
    assert cost_per_million(730, 1000) == pytest.approx(cost_per_million(730, 100) / 10)


def test_the_throughput_is_read_from_the_benchmark(tmp_path: Path) -> None:
    assert read_throughput() > 1000
    (tmp_path / "benchmark.md").write_text("nothing\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"benchmark\.md has no row of Lathe"):
        read_throughput(tmp_path / "benchmark.md")


def test_the_values_of_a_variant_are_written_as_terraform_reads_them() -> None:
    text = write_test("aws", "auto", {"compute": "auto", "training_nodes_max": 0})
    assert 'mock_provider "aws"' in text
    assert 'run "auto"' in text
    assert '    compute = "auto"\n    training_nodes_max = 0\n' in text


def test_a_variant_that_the_root_refuses_is_named_with_its_words() -> None:
    diagnostic = {"severity": "error", "summary": "Invalid value", "detail": "arm64 is not"}
    lines: list[dict[str, Any]] = [
        {"type": "version"},
        {"type": "diagnostic", "@testrun": "base", "diagnostic": diagnostic},
    ]
    found = read_plans("\n".join(msgspec.json.encode(line).decode() for line in lines))
    with pytest.raises(InputError, match="base cannot be planned: Invalid value: arm64 is not"):
        found.get("base")


def test_an_unknown_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no environment staging of eks, expected eks or gke, test or prod"):
        list(list_environments("eks", "staging", tmp_path))


@pytest.mark.slow
def test_the_eks_root_is_planned_with_the_real_provider_and_costs_what_it_plans() -> None:
    try:
        with open_terraform() as terraform:
            cost = cost_environment(terraform, PRICES, "eks", "test", "eu-central-1")
    except CommandError as error:
        if "not on the path" in str(error) or "provider packages" in str(error):
            pytest.skip(str(error))
        raise
    assert cost.sum_part("control plane") == pytest.approx(73)
    assert {"nodes", "NAT", "database", "keys"} <= {line.part for line in cost.lines if line.basis == "planned"}
    page = (ROOT / "docs" / "cloud.md").read_text(encoding="utf-8")
    assert f"| eks-test | {cost.monthly:,.0f} |" in page, "write it anew by `make cost`"
