"""The verbs that people rely on."""

import subprocess

import pytest

from tests.repo.sources import ROOT

VERBS = (
    "up",
    "down",
    "check",
    "test",
    "data",
    "train",
    "gate",
    "evaluate",
    "tune",
    "plants",
    "report",
    "mlflow",
    "help",
    "bench",
    "bench-all",
    "experiments",
    "image",
    "render",
    "diff",
    "status",
    "minikube",
    "minikube-down",
    "e2e",
    "pin",
    "champion",
    "judge",
    "summary",
    "sbom",
    "comment",
    "decide",
    "record",
    "approved",
    "image-main",
    "read-dispatch",
    "retrain-pull",
    "security",
    "workflows",
    "touches-model",
    "release",
    "check-tag",
    "publish",
    "verify",
    "announce",
    "bump",
    "promote",
    "rollback",
    "history",
    "champion-alias",
    "release-rehearsal",
)


@pytest.fixture(scope="module")
def shown() -> str:
    return subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_the_verb_with_what_it_does(shown: str, verb: str) -> None:
    line = next(line for line in shown.splitlines() if line.split()[:2] == ["make", verb])
    assert len(line.split()) > 3


@pytest.mark.parametrize("verb", ["up", "data", "pin", "train", "gate", "evaluate", "tune"])
def test_a_verb_takes_the_dataset_file_that_is_named_and_none_by_itself(verb: str) -> None:
    for given, is_named in ((["DATASET=own.yaml"], True), ([], False)):
        command = ["make", "-n", "-o", ".venv/.locked", verb, "DATA=own.csv", *given]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert ('--dataset "$DATASET"' in told) == is_named


def test_ci_runs_what_the_readme_says() -> None:
    ci, readme = ((ROOT / name).read_text(encoding="utf-8") for name in (".ci/run", "README.md"))
    assert ci.rstrip().endswith("\nmake test")
    assert "\nmake test " in readme


def test_every_verb_of_the_readme_exists(shown: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = {word.split()[1].strip("`") for word in readme.split("`") if word.startswith("make ") and len(word) < 40}
    assert named
    assert named <= {line.split()[1] for line in shown.splitlines() if line.strip()} | {"VERB"}
