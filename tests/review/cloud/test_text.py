"""The comment on plans and costs, and the issue on what differs."""

from contract.cloud_costs import CloudCosts, CostLine, EnvironmentCost
from contract.cloud_plan import ADD, CHANGE, DESTROY, CloudChange, CloudPlan
from review.cloud.text import DRIFT, PLANS, render_drift, render_plans
from review.comment.text import MAX_BYTES


def plan(*changes: CloudChange, environment: str = "test") -> CloudPlan:
    return CloudPlan("eks", environment, "a" * 40, "b" * 64, list(changes))


def change(address: str, action: str = ADD, *attributes: str) -> CloudChange:
    return CloudChange(address, action, list(attributes))


def cost(nodes: float, environment: str = "test") -> EnvironmentCost:
    lines = [CostLine("nodes", "base", 2, "hour", 0.1, nodes, "planned", False)]
    return EnvironmentCost("eks", environment, "eu-central-1", lines)


def test_what_is_destroyed_stands_in_the_title_and_first() -> None:
    text = render_plans([plan(change("aws_vpc.this"), change("aws_db_instance.mlflow[0]", DESTROY))], None)
    assert text.startswith(f"{PLANS}\n\n## 🟥 Clouds: 1 to add, 0 to change, 1 to destroy")
    assert text.index("aws_db_instance.mlflow[0]") < text.index("aws_vpc.this")


def test_a_changed_resource_names_its_attributes() -> None:
    text = render_plans([plan(change("aws_eks_cluster.this", CHANGE, "tags", "version"))], None)
    assert "| 🟧 change | `aws_eks_cluster.this` | tags, version |" in text


def test_an_environment_without_changes_says_so() -> None:
    assert "### eks-test\n\nNo changes." in render_plans([plan()], None)


def test_the_difference_of_cost_is_named_by_part() -> None:
    costs = CloudCosts("2025-03-02", [cost(200), cost(300, "prod")], [cost(150)])
    text = render_plans([plan()], costs)
    assert "| eks-test | 200 | +50 | nodes +50 |" in text
    assert "| eks-prod | 300 | new |  |" in text
    assert "the oldest of 2025-03-02" in text


def test_nothing_of_a_plan_is_more_than_text() -> None:
    evil = change('a.b["@everyone | <img src=x> `x` [y](z)"]', CHANGE, "<script>", "@team")
    text = render_plans([plan(evil)], None)
    assert "<script>" not in text
    assert "@team" not in text
    row = next(line for line in text.splitlines() if "everyone" in line)
    assert row.count("|") == 4
    assert row.count("`") == 2


def test_a_huge_plan_fits_and_says_how_much_is_left_out() -> None:
    changes = [change(f"aws_subnet.this[{index}]", CHANGE, *["attribute" * 5] * 20) for index in range(2000)]
    text = render_plans([plan(*changes, environment=name) for name in ("test", "prod")], CloudCosts("2025-03-02", []))
    assert len(text.encode()) < MAX_BYTES
    assert "more are in the run's log" in text
    assert "What it costs" in text


def test_the_issue_shows_only_what_differs() -> None:
    text = render_drift(
        [plan(change("aws_s3_bucket.this", CHANGE, "versioning")), plan(environment="prod")], "https://x/1"
    )
    assert text.startswith(DRIFT)
    assert "eks-test" in text
    assert "eks-prod" not in text
    assert "[The run that found it](https://x/1)" in text
