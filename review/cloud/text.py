"""The text of plans and costs: what would be destroyed first, then what changes, then what it costs."""

from collections.abc import Iterator, Sequence

from contract.cloud_costs import CloudCosts, EnvironmentCost
from contract.cloud_plan import ADD, CHANGE, DESTROY, REPLACE, CloudChange, CloudPlan
from review.comment.markdown import escape, fold, quote_code, write_table
from review.comment.text import MAX_BYTES, mark_run

PLANS, DRIFT = "<!-- lathe-cloud -->", "<!-- lathe-cloud-drift -->"
MARKS = {DESTROY: "🟥 destroy", REPLACE: "🟥 destroy and add", CHANGE: "🟧 change", ADD: "🟩 add"}
FEWER_ROWS = (150, 40, 10, 0)  # of an environment, tried in turn until the text fits
MAX_ATTRIBUTES = 8


def render_plans(plans: Sequence[CloudPlan], costs: CloudCosts | None, run_id: int | None = None) -> str:
    """Markdown with the hidden marker, in which nothing of a plan is more than text."""
    hidden = PLANS if run_id is None else f"{PLANS}\n{mark_run(run_id)}"
    tail = [] if costs is None else [render_costs(costs)]
    return fit([hidden, f"## {write_title(plans)}"], plans, tail)


def fit(head: Sequence[str], plans: Sequence[CloudPlan], tail: Sequence[str]) -> str:
    """With as many rows as a comment or an issue takes."""
    text = ""
    for rows in FEWER_ROWS:
        text = "\n\n".join([*head, *(render_plan(plan, rows) for plan in plans), *tail]) + "\n"
        if len(text.encode()) < MAX_BYTES:
            break
    return text


def write_title(plans: Sequence[CloudPlan]) -> str:
    """The sum over all environments."""
    if not plans:
        return "Clouds: no environment was planned"
    added, changed, gone = (
        sum(plan.count(*actions) for plan in plans) for actions in ((ADD, REPLACE), (CHANGE,), (DESTROY, REPLACE))
    )
    mark = "🟥 " if gone else ""
    return f"{mark}Clouds: {added} to add, {changed} to change, {gone} to destroy"


def render_plan(plan: CloudPlan, rows: int) -> str:
    """One environment, at most so many resources; what goes stands first."""
    title = f"### {escape(plan.name)}"
    if not plan.changes:
        return f"{title}\n\nNo changes."
    ordered = sorted(plan.changes, key=lambda change: (list(MARKS).index(change.action), change.address))
    table = write_table(["", "Resource", "What differs"], list_rows(ordered[:rows]))
    rest = f"\n\n{len(ordered) - rows:,} more are in the run's log." if len(ordered) > rows else ""
    return f"{title}\n\n{fold(f'{len(ordered)} resources', table + rest)}"


def list_rows(changes: Sequence[CloudChange]) -> Iterator[list[str]]:
    for change in changes:
        names = change.attributes[:MAX_ATTRIBUTES]
        more = " …" if len(change.attributes) > MAX_ATTRIBUTES else ""
        yield [MARKS[change.action], quote_code(change.address), escape(", ".join(names)) + more]


def render_costs(costs: CloudCosts) -> str:
    """A line an environment, with the difference to the base where it had that environment."""
    before = {(cost.cloud, cost.environment): cost for cost in costs.before}
    rows = [list_costs(cost, before.get((cost.cloud, cost.environment))) for cost in costs.now]
    table = write_table(["Environment", "US dollars a month", "Difference", "What changes"], rows)
    note = f"By list prices, the oldest of {escape(costs.prices_date)}, and planned quantities (`make cost`)."
    return f"### What it costs\n\n{table}\n\n{note}"


def list_costs(now: EnvironmentCost, before: EnvironmentCost | None) -> list[str]:
    name = escape(f"{now.cloud}-{now.environment}")
    if before is None:
        return [name, f"{now.monthly:,.0f}", "new", ""]
    parts = sorted({line.part for cost in (now, before) for line in cost.lines})
    changed = [(part, now.sum_part(part) - before.sum_part(part)) for part in parts]
    named = ", ".join(f"{escape(part)} {value:+,.0f}" for part, value in changed if abs(value) >= 0.5)
    return [name, f"{now.monthly:,.0f}", f"{now.monthly - before.monthly:+,.0f}", named]


def render_drift(plans: Sequence[CloudPlan], run_url: str | None) -> str:
    """The issue's text: what a plan of main would change, so what somebody changed by hand."""
    head = (
        DRIFT,
        "What runs is not what main says: somebody changed it by hand, an apply was left half done, or the cloud "
        "changed it. Merge what is wanted; an apply of main takes the rest back.",
    )
    return fit(
        head, [plan for plan in plans if plan.changes], [f"[The run that found it]({run_url})"] if run_url else []
    )
