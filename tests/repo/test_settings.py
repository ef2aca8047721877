"""What the programs around a release read from the environment stands in the docs; the predictor's own has a test."""

import ast
import re

from tests.repo.sources import ROOT, list_python

NAME = re.compile(r"(LATHE|GITHUB)_[A-Z_]+|MLFLOW_TRACKING_URI")
# the modules of training that read any
TRAINING = {"training.tracking.address", "training.data.sources.fetching"}
# the predictor's own, which an image is searched for; and what every job of GitHub's has
OTHERS = {"LATHE_BUNDLE", "LATHE_GATE_REPORT"}
RUNNER = {f"GITHUB_{name}" for name in (
    "ACTIONS", "ACTOR", "ACTOR_ID", "EVENT_NAME", "EVENT_PATH", "OUTPUT", "REF", "RUN_ATTEMPT", "RUN_ID", "SERVER_URL",
    "SHA", "STEP_SUMMARY", "WORKFLOW_REF",
)}  # fmt: skip # a table


def list_read() -> set[str]:
    """Every name of a variable that stands in the code as a text of its own."""
    trees = [tree for _, tree in list_python(ROOT, "release", "review")]
    trees += [tree for module, tree in list_python(ROOT, "training") if module in TRAINING]
    texts = (node.value for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and NAME.fullmatch(text)}


def list_shown() -> list[str]:
    _, _, table = (ROOT / "docs" / "settings.md").read_text().partition("# Settings of releases and pull requests")
    return re.findall(r"^\| `([A-Z_]+)` \|", table, flags=re.MULTILINE)


def test_every_variable_that_is_read_is_told_and_no_other() -> None:
    read = list_read()
    assert len(read) > 12
    assert sorted(list_shown()) == sorted(read - OTHERS - RUNNER)
