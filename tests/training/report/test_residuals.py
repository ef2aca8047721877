import numpy as np

from training.model.metrics import Judgement
from training.report.residuals import MAX_POINTS, draw_regression


def make_judgement(rows: int) -> Judgement:
    random = np.random.default_rng(0)
    target = random.normal(60, 10, rows)
    return Judgement(target, target + random.normal(0, 3, rows))


def test_every_promised_picture_is_drawn() -> None:
    one = make_judgement(200)
    pictures = list(draw_regression({"candidate": one, "champion": one}))
    assert [picture.title for picture in pictures] == ["Predicted against actual", "Residuals", "How far off"]
    assert "var(--champion)" in pictures[-1].svg


def test_many_rows_are_thinned_so_that_the_page_stays_small() -> None:
    pictures = list(draw_regression({"candidate": make_judgement(20 * MAX_POINTS)}))
    assert max(len(picture.svg) for picture in pictures) < 400_000
