"""A model loaded by a process in another folder, which knows nothing of this project."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# loads what its argument names, elsewhere and without this project; reads rows as JSON, writes answers or the refusal
LOAD = """
import json, sys
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
answers = []
for rows in json.loads(sys.stdin.read()):
    try:
        answers.append(model.predict(pd.DataFrame(rows)).to_dict("records"))
    except mlflow.exceptions.MlflowException as error:
        answers.append(str(error))
ours = [name for name in sys.modules if name.split(".")[0] in ("contract", "app", "training")]
print(json.dumps({"answers": answers, "ours": ours}))
"""


def load_elsewhere(model: str, batches: list[Any], folder: Path, **environment: str) -> dict[str, Any]:
    """What a process in another folder, which knows nothing of this project, answers to each batch of rows."""
    said = run_elsewhere(LOAD, json.dumps(batches), folder, model, **environment)
    return dict(json.loads(said.splitlines()[-1]))


def run_elsewhere(code: str, text: str, folder: Path, *arguments: str, **environment: str) -> str:
    """What Python code prints that reads `text`, in another folder and without this project."""
    clean = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "MLFLOW_TRACKING_URI")}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input=text,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**clean, **environment},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
