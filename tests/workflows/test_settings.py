"""What GitHub is told beside the workflows: who must agree, what must be green, what is kept new."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.patience import LAST_RESORT_SECONDS
from tests.workflows.files import ROOT, read_workflows

GITHUB = ROOT / ".github"


CLOUDS = ("eks-test", "eks-prod", "gke-test", "gke-prod")


def read_ruleset(name: str = "main.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((GITHUB / "branch-protection" / name).read_bytes())
    return {rule["type"]: rule.get("parameters", {}) for rule in found["rules"]} | {"bypass": found["bypass_actors"]}


def test_what_must_be_green_is_a_job_that_always_runs_and_looks_at_all_others() -> None:
    jobs = {name: (job, workflow.jobs) for workflow in read_workflows() for name, job in workflow.jobs.items()}
    checks = read_ruleset()["required_status_checks"]["required_status_checks"]
    assert {check["context"] for check in checks} == {
        "required-checks-pass",
        "model-checks-pass",
        "overlay-checks-pass",
    }
    for check in checks:
        job, siblings = jobs[check["context"]]
        assert (job["name"], job["if"]) == (check["context"], "always()")
        assert set(job["needs"]) == set(siblings) - {check["context"]}


def test_main_takes_only_agreed_squashed_and_up_to_date_pull_requests() -> None:
    rules = read_ruleset()
    assert rules["bypass"] == []
    assert {"deletion", "non_fast_forward", "required_linear_history"} <= set(rules)
    assert rules["required_status_checks"]["strict_required_status_checks_policy"] is True
    pull = rules["pull_request"]
    assert (pull["allowed_merge_methods"], pull["require_code_owner_review"]) == (["squash"], True)


def test_a_tag_of_a_release_never_moves_and_is_made_by_the_team() -> None:
    rules = read_ruleset("tags.json")
    assert rules["bypass"] == []
    assert {"deletion", "update", "non_fast_forward"} <= set(rules)
    assert [(one["actor_type"], one["bypass_mode"]) for one in read_ruleset("tag-makers.json")["bypass"]] == [
        ("Team", "always")
    ]
    for name in ("tags.json", "tag-makers.json"):
        content = json.loads((GITHUB / "branch-protection" / name).read_bytes())
        assert (content["target"], content["conditions"]["ref_name"]["include"]) == ("tag", ["refs/tags/v*"])


def test_every_environment_of_a_workflow_is_set_up() -> None:
    named = {
        str(job["environment"])
        for workflow in read_workflows()
        for job in workflow.jobs.values()
        if "environment" in job
    }
    applied = (GITHUB / "branch-protection" / "apply").read_text(encoding="utf-8")
    clouds = {"${{ matrix.environment }}", "${{ matrix.environment }}-plan"}
    assert named == {"model-approval", "retrain", "release", "rollback"} | clouds
    assert 'put_environment "$name" main branch "$approval"' in applied
    named -= clouds
    assert [name for name in named if f"put_environment {name} " not in applied] == ["model-approval"]


def list_owned() -> list[str]:
    lines = (GITHUB / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    return [line.split()[0] for line in lines if line.strip() and not line.startswith("#")]


def test_every_owned_path_is_there() -> None:
    owned = list_owned()
    assert len(owned) >= 8
    assert [path for path in owned if path != "*" and not (ROOT / path.lstrip("/")).exists()] == []


def test_whatever_is_pinned_is_kept_new() -> None:
    content = YAML(typ="safe").load((GITHUB / "dependabot.yml").read_text(encoding="utf-8"))
    found = {(one["package-ecosystem"], one["directory"]): one for one in content["updates"]}
    modules = {("gomod", f"/.ci/{name}") for name in ("go", "registry", "tflint")}
    assert set(found) == {("github-actions", "/"), ("uv", "/"), ("docker", "/"), *modules}
    assert all(one["cooldown"]["default-days"] >= 7 for one in found.values())
    for name in ("uv.lock", "Dockerfile", ".ci/go/go.mod", ".ci/registry/go.mod", ".ci/tflint/go.mod"):
        assert (ROOT / name).is_file()


@pytest.mark.parametrize("path", sorted((GITHUB / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name)
def test_an_issue_form_asks_something(path: Path) -> None:
    form = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    if path.name == "config.yml":
        assert form["blank_issues_enabled"] is False
        return
    ids = [field["id"] for field in form["body"]]
    assert {"name", "description", "labels", "body"} <= set(form)
    assert len(ids) == len(set(ids)) >= 2


def run_apply(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """With a `gh` that writes down what it is asked for, and knows no ruleset yet."""
    program = folder / "gh"
    text = '#!/bin/sh\necho "$*" >>"$GH_ASKED"\ncase "$*" in *"--input -"*) cat >>"$GH_ASKED.json" ;; esac\n'
    program.write_text(text, encoding="utf-8")
    program.chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin", "GH_ASKED": str(folder / "asked")}
    command = [str(GITHUB / "branch-protection" / "apply"), *arguments]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )


def test_apply_asks_for_rulesets_token_and_environments(tmp_path: Path) -> None:
    done = run_apply(tmp_path, "lathe-ml/lathe", "42")
    assert (done.returncode, done.stderr) == (0, "")
    asked = (tmp_path / "asked").read_text(encoding="utf-8")
    written = re.findall(r"--method (\w+) repos/lathe-ml/lathe/(\S+)", asked)
    assert written == [
        *[("POST", "rulesets")] * 3,
        ("PUT", "actions/permissions/workflow"),
        ("PUT", "environments/model-approval"),
        *list_environment("retrain"),
        *list_environment("rollback"),
        *list_environment("release"),
        *(call for name in CLOUDS for call in (*list_environment(name), ("PUT", f"environments/{name}-plan"))),
    ]
    assert "deployment-branch-policies --silent --raw-field name=v* --raw-field type=tag" in asked
    assert '"bypass_actors": []' in (tmp_path / "asked.json").read_text(encoding="utf-8")


def list_environment(name: str) -> list[tuple[str, str]]:
    return [("PUT", f"environments/{name}"), ("POST", f"environments/{name}/deployment-branch-policies")]


def test_an_apply_to_a_cloud_waits_for_somebody_else(tmp_path: Path) -> None:
    assert run_apply(tmp_path, "lathe-ml/lathe", "42").returncode == 0
    sent = (tmp_path / "asked.json").read_text(encoding="utf-8")
    approval = '"prevent_self_review": true, "reviewers": [{"type": "Team", "id": 42}]'
    assert sent.count(approval) == len(CLOUDS) + 1  # and the model's


def test_apply_lets_the_app_alone_past_the_rules_of_main(tmp_path: Path) -> None:
    assert run_apply(tmp_path, "lathe-ml/lathe", "42", "77").returncode == 0
    told = (tmp_path / "asked.json").read_text(encoding="utf-8")
    decoder = json.JSONDecoder()
    rulesets: list[dict[str, Any]] = []
    while told.strip():
        found, end = decoder.raw_decode(told.lstrip())
        rulesets, told = [*rulesets, found], told.lstrip()[end:]
    actors = {one["name"]: one["bypass_actors"] for one in rulesets if "name" in one}
    assert actors["main"] == [{"actor_id": 77, "actor_type": "Integration", "bypass_mode": "always"}]
    assert actors["release tags stay"] == []
    assert [one["actor_id"] for one in actors["release tags are made by the team"]] == [42]


def test_apply_refuses_a_name_where_it_wants_a_number(tmp_path: Path) -> None:
    done = run_apply(tmp_path, "lathe-ml/lathe", "maintainers")
    assert (done.returncode, (tmp_path / "asked").exists()) == (2, False)
    assert "maintainers" in done.stderr


def test_apply_without_a_repository_says_how_it_is_called(tmp_path: Path) -> None:
    done = run_apply(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage:" in done.stderr
