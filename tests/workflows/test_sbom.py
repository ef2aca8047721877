"""`make sbom` lists what the predictor's image installs, as uv.lock says it, and nothing of training."""

import json
import subprocess
import tomllib

import pytest

from tests.patience import LAST_RESORT_SECONDS
from tests.workflows.files import ROOT

SBOM = ROOT / "artifacts" / "sbom.cdx.json"


@pytest.fixture(scope="module")
def listed() -> set[tuple[str, str]]:
    (ROOT / "artifacts").mkdir(exist_ok=True)
    subprocess.run(["make", "sbom"], cwd=ROOT, check=True, capture_output=True, timeout=LAST_RESORT_SECONDS)
    content = json.loads(SBOM.read_bytes())
    assert (content["bomFormat"], content["specVersion"]) == ("CycloneDX", "1.5")
    return {(one["name"], one["version"]) for one in content["components"]}


def find_unlocked(components: set[tuple[str, str]]) -> set[tuple[str, str]]:
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    return components - {(package["name"], package.get("version", "")) for package in lock["package"]}


def test_every_component_is_locked_at_that_version(listed: set[tuple[str, str]]) -> None:
    assert len(listed) >= 20
    assert find_unlocked(listed) == set()


@pytest.mark.parametrize("planted", [("fastapi", "0.0.1"), ("left-pad", "1.0.0")])
def test_a_component_that_is_not_locked_is_found(listed: set[tuple[str, str]], planted: tuple[str, str]) -> None:
    assert find_unlocked({*listed, planted}) == {planted}


def test_it_has_what_the_image_imports_and_nothing_of_training(listed: set[tuple[str, str]]) -> None:
    names = {name for name, _ in listed}
    assert {"fastapi", "xgboost-cpu", "onnxruntime", "numpy", "prometheus-client"} <= names
    assert not {"mlflow", "scikit-learn", "pytest", "optuna"} & names
