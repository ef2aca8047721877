"""Parameters of training and evaluation, from training/params.yaml."""

import math
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

from cli.errors import InputError
from cli.yaml_file import read_struct
from contract.schema import Struct

PARAMS = Path(__file__).parent / "params.yaml"
FIXED = {"base_score", "booster", "num_class", "nthread", "objective", "seed", "verbosity"}
LARGEST = 2**31 - 1


class EvaluationParams(Struct, frozen=True):
    folds: int
    repeats: int
    inner_folds: int
    holdout_share: float


class Params(Struct, frozen=True):
    """`model` goes to XGBoost as it is; the objective comes from the dataset's task."""

    model: dict[str, float | int | str]
    rounds: int
    seed: int
    evaluation: EvaluationParams


def load_params(path: Path = PARAMS) -> Params:
    """Raises: InputError that names the file and what is wrong in it."""
    params = read_struct(path, Params)
    for problem in _find_problems(params):
        raise InputError(f"{path}: {problem}")
    return params


def _find_problems(params: Params) -> Iterator[str]:
    settings = params.evaluation
    for name in sorted(FIXED & set(params.model)):
        yield f"model.{name} is set by the training itself; remove it"
    for name, found, least in (
        ("rounds", params.rounds, 1),
        ("seed", params.seed, 0),
        ("evaluation.folds", settings.folds, 2),
        ("evaluation.repeats", settings.repeats, 1),
        ("evaluation.inner_folds", settings.inner_folds, 2),
    ):
        if not least <= found <= LARGEST:
            yield f"{name} is {found}, expected at least {least} and at most {LARGEST}"
    for name, value in params.model.items():
        if isinstance(value, float) and not math.isfinite(value):
            yield f"model.{name} is {value}, expected a finite number"
    if not 0 < settings.holdout_share < 1:
        yield f"evaluation.holdout_share is {settings.holdout_share:g}, expected a number between 0 and 1"
    yield from _ask_xgboost(params.model)


def _ask_xgboost(model: dict[str, float | int | str]) -> Iterator[str]:
    """What XGBoost itself finds wrong: it would train on with a name it does not know, and say nothing."""
    import xgboost  # noqa: PLC0415 - it takes a second, and only these commands train

    data = xgboost.DMatrix([[0.0], [1.0]], [0.0, 1.0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            xgboost.train({**model, "verbosity": 1, "nthread": 1}, data, num_boost_round=1)
        except xgboost.core.XGBoostError as error:
            yield f"model: XGBoost says {_first_sentence(str(error))}"
    for warning in caught:
        yield f"model: XGBoost says {_first_sentence(str(warning.message))}"


def _first_sentence(text: str) -> str:
    """Without time, place in the source and stack trace."""
    return (
        re.sub(r"^\[[0-9:]+\] |WARNING: |/\S+:\d+: ", "", text.split("Stack trace", maxsplit=1)[0])
        .strip()
        .replace("\n", " ")
    )
