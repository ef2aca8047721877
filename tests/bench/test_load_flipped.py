"""What the script says that loads flipped model files with XGBoost alone."""

from pathlib import Path

import numpy as np
import pytest

from bench.model import ServedModel, load_model
from bench.peers.raw_xgboost.load_flipped import CHANGED, REFUSED, SAME, flip_bit, judge, score


@pytest.fixture(scope="module")
def model(bundle_folder: Path) -> ServedModel:
    return load_model(bundle_folder)


def test_a_bit_flipped_twice_is_as_it_was() -> None:
    assert flip_bit(b"\x00\x00", 9) == b"\x00\x02"
    assert flip_bit(flip_bit(b"model", 13), 13) == b"model"


def test_a_model_is_the_same_changed_or_refused(model: ServedModel) -> None:
    content, rows = model.file.read_bytes(), model.matrix
    expected = score(content, rows)
    assert judge(content, rows, expected) == SAME
    assert judge(content, rows, expected + np.float32(1e-3)) == CHANGED
    assert judge(b"no model at all", rows, expected) == REFUSED
