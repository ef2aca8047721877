"""`mlflow.models.evaluate` on a registered model: the figures that training states and the gate measures again."""

import json
import re
from pathlib import Path

import pytest

from contract.dataset import Dataset
from tests.conftest import ROOT
from tests.training.tracking.elsewhere import run_elsewhere
from training.artifacts import Artifacts
from training.data.load import load_table
from training.data.splits import group_holdout
from training.local.pipeline import make_candidate
from training.packaging.package import raw_row
from training.params import Params
from training.tracking.record import read_record
from training.tracking.tracker import Tracker

READ = "import json, sys\nimport mlflow, pandas as pd\nrows = pd.DataFrame(json.loads(sys.stdin.read()))\n"
WRITE = "\nprint(json.dumps({**decisions.metrics, **probabilities.metrics}, default=float))\n"
EXAMPLE = re.compile(r"^## Evaluate\n.*?```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def read_example() -> str:
    """The code of the document's section on evaluating."""
    found = EXAMPLE.search((ROOT / "docs" / "mlflow.md").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


@pytest.mark.slow
def test_mlflows_evaluation_gives_the_figures_that_the_gate_measures(
    ai4i: Dataset, small_params: Params, tmp_path: Path
) -> None:
    table = load_table(ai4i, "generator", tmp_path / "rejected.csv", rows=3000, seed=3)
    artifacts = Artifacts(tmp_path / "artifacts")
    bundle = make_candidate(artifacts, table, small_params)
    uri = f"sqlite:///{artifacts.root}/mlflow.db"
    tracker = Tracker(uri, artifacts.root)
    tracker.log_training(read_record(artifacts.candidate, bundle.digest), artifacts.candidate)
    assert tracker.name_champion(bundle)
    unseen = table.take(group_holdout(table, small_params.evaluation.holdout_share).test)
    assert unseen.target.sum() >= 10
    rows = [
        {**raw_row(unseen, place), "machine_failure": int(happened)} for place, happened in enumerate(unseen.target)
    ]
    said = run_elsewhere(f"{READ}{read_example()}{WRITE}", json.dumps(rows), tmp_path, MLFLOW_TRACKING_URI=uri)
    found = json.loads(said.splitlines()[-1])
    stated = {name: value.mean for name, value in bundle.manifest.metrics.items()}
    assert found["example_count"] == len(unseen)
    for theirs, ours in {
        "f1_score": "f1",
        "precision_score": "precision",
        "recall_score": "recall",
        "pr_auc": "pr_auc",
        "brier": "brier",
    }.items():
        assert found[theirs] == pytest.approx(stated[ours], abs=1e-9), theirs
