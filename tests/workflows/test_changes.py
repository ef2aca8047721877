"""Which files lead to which jobs, as .github/changes.yml and the stand-in of paths-filter read it."""

import importlib.util
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.repo.sources import list_files
from tests.workflows.act import STAND_INS
from tests.workflows.files import FOLDER, ROOT, read_workflow


@pytest.fixture(scope="module")
def stand_in() -> ModuleType:
    path = STAND_INS / "dorny" / "paths-filter" / "match.py"
    spec = importlib.util.spec_from_file_location("match", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def filters() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((ROOT / ".github" / "changes.yml").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("path", "jobs"),
    [
        ("training/params.yaml", {"python", "image", "workflows"}),
        ("contract/bundle.py", {"python", "image", "workflows"}),
        ("cli/errors.py", {"python", "manifests", "terraform", "image", "workflows"}),
        ("app/predictor/routes.py", {"python", "image"}),
        ("gitops/base/service.yaml", {"manifests", "gitops"}),
        ("review/comment/text.py", {"python", "workflows"}),
        (".github/workflows/ci.yml", {"machinery", "python", "manifests", "terraform", "image", "workflows"}),
        ("uv.lock", {"machinery", "python", "manifests", "terraform", "image", "workflows"}),
        ("terraform/eks/variables.tf", {"python", "terraform"}),
        ("docs/operate.md", set()),
        ("app-contract/bundle.py", set()),
        ("README.md", set()),
    ],
)
def test_a_change_leads_to_its_jobs(stand_in: ModuleType, filters: dict[str, Any], path: str, jobs: set[str]) -> None:
    found = {
        name for name, lists in filters.items() if any(stand_in.matches(path, one) for one in stand_in.flatten(lists))
    }
    assert found == jobs


def test_every_pattern_matches_a_file_that_is_there(stand_in: ModuleType, filters: dict[str, Any]) -> None:
    files = [str(path.relative_to(ROOT)) for path in list_files()]
    patterns = {pattern for lists in filters.values() for pattern in stand_in.flatten(lists)}
    assert len(patterns) >= 15
    assert [one for one in sorted(patterns) if not any(stand_in.matches(path, one) for path in files)] == []


def test_every_folder_of_tests_is_run_by_one_job() -> None:
    jobs = read_workflow(FOLDER / "ci.yml").jobs.values()
    named = [one for job in jobs for one in str(job.get("with", {}).get("tests", "")).split()]
    paths = [path.relative_to(ROOT).parts for path in list_files() if path.name.startswith("test_")]
    there = {"/".join(parts[:2]) for parts in paths if parts[0] == "tests" and len(parts) > 2}
    assert len(there) >= 9
    assert sorted(named) == sorted(there)
