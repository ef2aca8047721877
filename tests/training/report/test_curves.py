import dataclasses

import numpy as np
import pytest

from contract.dataset import Costs
from training.model.metrics import Judgement
from training.report.curves import draw_binary


def make_judgement(seed: int = 0) -> Judgement:
    random = np.random.default_rng(seed)
    target = (random.random(400) < 0.1).astype(float)
    scores = np.clip(0.1 + 0.6 * target + random.normal(0, 0.15, 400), 0, 1)
    return Judgement(target, scores, 0.4, Costs(missed=500, false_alarm=50))


@pytest.mark.slow
def test_every_promised_picture_is_drawn() -> None:
    one = make_judgement()
    pictures = list(draw_binary({"candidate": one, "champion": one, "rule": one}))
    assert [picture.title for picture in pictures] == [
        "Precision and recall",
        "ROC curve",
        "Calibration",
        "Cost against threshold",
        "Scores of cases that happened",
        "Scores of cases that did not happen",
    ]
    assert all(picture.svg.startswith("<svg") and picture.caption.endswith(".") for picture in pictures)


@pytest.mark.slow
def test_champion_appears_only_where_there_is_one() -> None:
    one = make_judgement()
    alone = "".join(picture.svg for picture in draw_binary({"candidate": one}))
    both = "".join(picture.svg for picture in draw_binary({"candidate": one, "champion": one}))
    assert "var(--champion)" not in alone
    assert "var(--champion)" in both


def test_cost_is_drawn_only_where_mistakes_have_one() -> None:
    free = dataclasses.replace(make_judgement(), costs=None)
    assert "Cost against threshold" not in [picture.title for picture in draw_binary({"candidate": free})]


def test_constant_scores_and_a_single_positive_are_drawn_too() -> None:
    target = np.zeros(30)
    target[3] = 1
    flat = Judgement(target, np.full(30, 0.2), 0.5, Costs(missed=1, false_alarm=1))
    assert len(list(draw_binary({"candidate": flat}))) == 6
