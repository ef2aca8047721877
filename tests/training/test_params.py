"""The parameter file: what is misspelt or impossible is said before anything is trained."""

from pathlib import Path

import pytest

from cli.errors import InputError
from training.params import PARAMS, load_params

# as a file was once: what the project trains with today is no concern of these tests
TEXT = """\
model:
  tree_method: exact
  max_depth: 4
  eta: 0.03
rounds: 300
seed: 20
evaluation:
  folds: 5
  repeats: 5
  inner_folds: 4
  holdout_share: 0.2
"""


def write_params(folder: Path, old: str = "", new: str = "") -> Path:
    """A parameter file with one passage changed."""
    assert TEXT.count(old) == 1 or not old
    path = folder / "params.yaml"
    path.write_text(TEXT.replace(old, new) if old else TEXT)
    return path


def test_the_committed_parameters_are_sound(tmp_path: Path) -> None:
    params = load_params()
    assert params == load_params(PARAMS)
    assert load_params(write_params(tmp_path)).model["tree_method"] == params.model["tree_method"] == "exact"
    assert params.rounds >= 1


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("rounds:", "rouns:", "unknown field `rouns`"),
        ("  repeats: 5\n", "", r"missing required field `repeats` - at `\$.evaluation`"),
        ("rounds: 300", "rounds: many", r"Expected `int`, got `str` - at `\$.rounds`"),
        ("rounds: 300", "rounds: 0", "rounds is 0, expected at least 1"),
        ("seed: 20", "seed: -1", "seed is -1, expected at least 0"),
        ("seed: 20", "seed: 5000000000", "at most 2147483647"),
        ("\n  folds: 5", "\n  folds: 1", r"evaluation.folds is 1, expected at least 2"),
        ("repeats: 5", "repeats: 0", r"evaluation.repeats is 0, expected at least 1"),
        ("inner_folds: 4", "inner_folds: 1", r"evaluation.inner_folds is 1, expected at least 2"),
        ("holdout_share: 0.2", "holdout_share: 20", r"evaluation.holdout_share is 20, expected a number between"),
        ("max_depth: 4", "max_deph: 4", "max_deph.*are not used"),
        ("max_depth: 4", "max_depth: deep", "max_depth expect int but value='deep'"),
        ("eta: 0.03", "eta: -1", "value -1 for Parameter learning_rate"),
        ("eta: 0.03", "eta: .nan", r"model.eta is nan, expected a finite number"),
        ("tree_method: exact", "tree_method: exactly", "valid values are"),
        ("eta: 0.03", "eta: [0.03]", r"got `array`"),
        ("eta: 0.03", "eta: 0.03\n  eta: 0.1", 'found duplicate key "eta".* in line 5'),
        ("model:", "model: [", r"is not YAML: .* in line \d"),
    ],
)
def test_what_is_wrong_is_named_with_the_file(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = write_params(tmp_path, old, new)
    with pytest.raises(InputError, match=told) as refused:
        load_params(path)
    assert str(refused.value).startswith(str(path))
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["objective", "seed", "nthread", "base_score", "verbosity", "booster"])
def test_what_training_sets_itself_cannot_be_given(tmp_path: Path, name: str) -> None:
    path = write_params(tmp_path, "  eta: 0.03", f"  eta: 0.03\n  {name}: 1")
    with pytest.raises(InputError, match=rf"model.{name} is set by the training itself; remove it"):
        load_params(path)


@pytest.mark.parametrize(
    ("content", "told"), [(b"", "Expected `object`, got `null`"), (b"\xff\xfe", "is not YAML"), (b"- 1", "got `array`")]
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    with pytest.raises(InputError, match=told):
        load_params(tmp_path / "params.yaml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"absent.yaml cannot be read: No such file or directory"):
        load_params(tmp_path / "absent.yaml")
