"""The engine's buffers: no margin is answered that this call did not compute."""

import math

import numpy as np
import pytest

from contract.bundle import INFERENCE_NAME, Bundle
from contract.compute.engine import FEW_ROWS, Engine, Margins, OnnxRows, open_session
from contract.compute.plan import Matrix
from contract.compute.scoring import ReferenceModel
from contract.errors import BundleError
from training.data.table import Table


@pytest.fixture
def rows(bundle: Bundle) -> OnnxRows:
    features = len(bundle.manifest.schema.features)
    return OnnxRows(open_session(bundle.files[INFERENCE_NAME], features), features)


def test_a_run_that_writes_nothing_answers_no_number_and_not_the_margins_of_the_call_before(
    rows: OnnxRows, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = [row.tobytes() for row in table.matrix[:FEW_ROWS].astype(np.float32)]
    assert all(map(math.isfinite, rows.compute_margins(vectors)))
    monkeypatch.setattr(rows, "_run", lambda binding: None)
    for company in (1, 2, FEW_ROWS):
        assert all(map(math.isnan, rows.compute_margins(vectors[:company])))


def test_a_smaller_call_after_a_larger_one_sees_its_own_rows_alone(rows: OnnxRows, table: Table) -> None:
    vectors = [row.tobytes() for row in table.matrix[:FEW_ROWS].astype(np.float32)]
    together = rows.compute_margins(vectors)
    assert rows.compute_margins(vectors[3:5]) == together[3:5]
    assert [rows.compute_margins([vector])[0] for vector in vectors] == together


def test_a_model_of_another_number_of_features_is_refused(bundle: Bundle) -> None:
    features = len(bundle.manifest.schema.features)
    with pytest.raises(BundleError, match=rf"expected features of {features + 1} and variable of 1"):
        open_session(bundle.files[INFERENCE_NAME], features + 1)


def test_every_batch_is_free_to_take_all_threads_again_when_the_others_are_over(bundle: Bundle, table: Table) -> None:
    engine = Engine(bundle, 2)
    used = []
    predict = engine.predict
    engine.predict = lambda model, matrix: used.append(model) or predict(model, matrix)  # type: ignore[method-assign,func-returns-value]
    for _ in range(2):
        engine.compute_many(table.matrix[:10])
    assert used == [engine.reference, engine.reference]


def test_a_batch_beside_another_gets_one_thread(bundle: Bundle, table: Table) -> None:
    engine = Engine(bundle, 2)
    used: list[ReferenceModel] = []
    predict = engine.predict

    def predict_beside_another(model: ReferenceModel, matrix: Matrix) -> Margins:
        used.append(model)
        if len(used) == 1:
            engine.compute_many(matrix)
        return predict(model, matrix)

    engine.predict = predict_beside_another  # type: ignore[method-assign]
    engine.compute_many(table.matrix[:10])
    assert [model is engine.reference for model in used] == [True, False]
