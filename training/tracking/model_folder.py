"""A bundle as a model that MLflow loads and serves, without a pickle: MLmodel, signature, example, requirements, code.

It has two flavors: `python_function` takes raw rows and answers as the predictor does, `xgboost` is the trees alone.
"""

import shutil
import tempfile
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from contract.bundle import MODEL_NAME, read_bundle
from contract.compute.scoring import ReferenceModel, check_golden_rows
from contract.intake.values import describe_column
from contract.schema import Manifest
from training.tracking.model_code import write_code

MODEL = "model"  # its name in MLflow: runs:/<run>/model
EXAMPLE_ROWS = 5
NEEDED = ("mlflow", "msgspec", "numpy", "pandas")
# the same module; xgboost-cpu has no wheel beyond Linux
TREES = {"xgboost-cpu": "sys_platform == 'linux'", "xgboost": "sys_platform != 'linux'"}


def write_model(folder: Path, bundle: Path, ids: dict[str, Any]) -> None:
    """Writes the model of the bundle in the folder `bundle`; `ids` are MLflow's own.

    Raises: BundleError if it is damaged, or this code does not give the scores of its training.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # MLflow warns of its own type hints
        _save_model(folder, bundle, ids)


def _save_model(folder: Path, bundle: Path, ids: dict[str, Any]) -> None:
    import mlflow.pyfunc  # a second to import
    import pandas as pd
    from mlflow.models import Model

    with tempfile.TemporaryDirectory() as name:
        data = Path(shutil.copytree(bundle, Path(name) / "bundle"))
        served = read_bundle(data)
        check_golden_rows(served, ReferenceModel.from_bundle(served).score_table)
        manifest = served.manifest
        model = Model(artifact_path=MODEL, metadata=describe_model(manifest, served.digest), **ids)
        code = write_code(Path(name))
        mlflow.pyfunc.save_model(
            path=str(folder),
            loader_module=f"{code.name}.loader",
            data_path=str(data),
            code_paths=[str(code)],
            mlflow_model=model,
            signature=make_signature(manifest),
            input_example=pd.DataFrame([entry.row for entry in manifest.golden[:EXAMPLE_ROWS]]),
            pip_requirements=list_requirements(),
        )
    model.add_flavor(
        "xgboost",
        xgb_version=version_of_trees(),
        data=f"data/bundle/{MODEL_NAME}",
        model_class="xgboost.core.Booster",
        model_format="ubj",
    )
    model.save(str(folder / "MLmodel"))


def make_signature(manifest: Manifest) -> Any:
    """Every column of a row, by its name alone, and the score with its decision.

    The values are checked by the loader, as the predictor does it. MLflow's own types would get in the way: for
    `double` it refuses int64 columns and makes a number of the text "12", for `long` it cuts off what stands behind the
    point of JSON's 191.5 and says nothing, for `string` it refuses pandas' categories.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import AnyType, ColSpec, Schema

    anything: Any = AnyType  # it has no types of its own
    columns: list[Any] = [ColSpec(anything(), column.name) for column in manifest.schema.columns]
    answers: list[Any] = [ColSpec("double", "score")]
    if manifest.threshold is not None:
        answers.append(ColSpec("boolean", "decision"))
    return ModelSignature(inputs=Schema(columns), outputs=Schema(answers))


def describe_model(manifest: Manifest, digest: str) -> dict[str, Any]:
    """What `get_model_info(...).metadata` says: what each column takes, and what is needed to score by the trees."""
    calibration = manifest.calibration
    return {
        "bundle_digest": digest,
        "bundle_version": manifest.version,
        "task": manifest.schema.task,
        "columns": {column.name: describe_column(column) for column in manifest.schema.columns},
        "features": list(manifest.schema.features),
        "calibration": {"slope": calibration.slope, "intercept": calibration.intercept},
        "threshold": manifest.threshold,
    }


def list_requirements() -> list[str]:
    """What the model needs, with the versions that are installed here: those of uv.lock."""
    trees = version_of_trees()
    return [f"{name}=={version(name)}" for name in NEEDED] + [
        f"{name}=={trees}; {when}" for name, when in TREES.items()
    ]


def version_of_trees() -> str:
    for name in TREES:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    raise PackageNotFoundError("xgboost")
