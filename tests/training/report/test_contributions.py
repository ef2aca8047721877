import numpy as np

from contract.compute.scoring import ReferenceModel
from contract.report import MetricLine
from contract.schema import Interval
from tests import planted
from training.report.contributions import draw_changes, draw_contributions


def make_line(margin: float | None, difference: Interval | None) -> MetricLine:
    return MetricLine(
        name="recall", label="Recall", higher_is_better=True, values={}, difference=difference, margin=margin
    )


def test_strongest_features_are_shown_by_name() -> None:
    model = ReferenceModel.from_bundle(planted.candidate())
    matrix = planted.machine_table().matrix
    bars, swarm = draw_contributions(model, matrix, seed=1)
    strength = np.abs(model.explain_matrix(matrix[:2000])[:, :-1]).mean(axis=0)
    for picture in (bars, swarm):
        assert model.schema.features[int(np.argmax(strength))] in picture.svg
    assert (bars, swarm) == tuple(draw_contributions(model, matrix, seed=1))


def test_missing_values_are_drawn_too() -> None:
    table = planted.customer_table("churn")
    assert np.isnan(table.matrix).any()
    model = ReferenceModel.from_bundle(planted.customer_bundle("churn"))
    assert len(list(draw_contributions(model, table.matrix, seed=1))) == 2


def test_changes_are_drawn_in_margins_and_only_where_there_are_both() -> None:
    wide = Interval(mean=-0.9, low=-9.0, high=0.1)
    assert len(list(draw_changes([make_line(0.1, wide), make_line(None, wide), make_line(0.1, None)]))) == 1
    assert list(draw_changes([make_line(0.1, None)])) == []
