"""From verified bytes to scores: S5 nothing is unpickled, S6 nothing that does not fit is loaded."""

import json
import math
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import msgspec
import numpy as np
import pytest
from scipy.special import expit

from contract.bundle import MODEL_NAME, Bundle, read_bundle
from contract.compute.scoring import (
    PARITY_TOLERANCE,
    ReferenceModel,
    calibrate_margins,
    check_golden_rows,
    load_booster,
    spread_matrix,
)
from contract.errors import BundleError, ContractError
from contract.schema import Calibration, GoldenRow, ModelSchema
from tests.conftest import ROOT
from tests.contract.forging import write_forged
from tests.patience import LAST_RESORT_SECONDS
from training.data.table import Table

# counts what pickle looks up while bundles are read and loaded, then shows that the count would have risen
COUNT_UNPICKLING = """
import json, pickle, sys
from pathlib import Path
for name in ("sklearn", "pandas"):
    sys.modules[name] = None  # XGBoost imports them where they are, which takes seconds
from contract.bundle import read_bundle
from contract.errors import ContractError
from contract.compute.scoring import ReferenceModel, check_golden_rows

found, told = [], []
sys.addaudithook(lambda event, arguments: event == "pickle.find_class" and found.append(arguments))
for folder in sys.argv[1:]:
    try:
        bundle = read_bundle(Path(folder))
        check_golden_rows(bundle, ReferenceModel.from_bundle(bundle).score_table)
        told.append("loaded")
    except ContractError as error:
        told.append(str(error))
while_loading = len(found)
pickle.loads(pickle.dumps(print))
print(json.dumps([told, while_loading, len(found)]))
"""


class Intruder:
    """Runs on unpickling and leaves a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def forge_schema(bundle: Bundle, **changes: object) -> ModelSchema:
    return msgspec.structs.replace(bundle.manifest.schema, **changes)


@pytest.mark.slow
def test_neither_a_bundle_nor_a_pickle_in_its_place_is_unpickled(
    bundle: Bundle, bundle_folder: Path, tmp_path: Path
) -> None:
    content = pickle.dumps(Intruder(tmp_path / "mark"))
    forged = write_forged(tmp_path / "forged", bundle, bundle.files | {MODEL_NAME: content})
    command = [sys.executable, "-c", COUNT_UNPICKLING, str(bundle_folder), str(forged)]
    finished = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=True
    )
    told, while_loading, alive = json.loads(finished.stdout)
    assert told == ["loaded", "model.ubj is not a UBJSON model"]
    assert (while_loading, alive) == (0, 1)
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_named_as_the_model_is_refused(bundle: Bundle, tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps(Intruder(tmp_path / "mark"), protocol)
    folder = write_forged(tmp_path / "forged", bundle, bundle.files | {MODEL_NAME: content})
    with pytest.raises(BundleError, match=r"model.ubj is not a UBJSON model"):
        ReferenceModel.from_bundle(read_bundle(folder))
    assert not (tmp_path / "mark").exists()
    pickle.loads(content)  # noqa: S301 - the intruder is alive
    assert (tmp_path / "mark").exists()


# none that is cut off: XGBoost 3.2 reads on behind its end, and once took 21 GB for the length it found there
@pytest.mark.parametrize("content", [b"{}", b'{"learner": {}}', b'{"learner": 1}'])
def test_bytes_that_only_open_like_a_model_are_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match=r"model.ubj is not readable by XGBoost"):
        load_booster(content, ["power_w"])


def test_features_in_another_order_are_refused(bundle: Bundle, tmp_path: Path) -> None:
    schema = forge_schema(bundle, features=bundle.manifest.schema.features[::-1])
    folder = write_forged(tmp_path / "forged", bundle, schema=schema)
    with pytest.raises(BundleError, match=r"model.ubj has the features \['type'.*expected \['strain_ratio'"):
        ReferenceModel.from_bundle(read_bundle(folder))


def test_one_feature_more_or_fewer_is_refused(bundle: Bundle) -> None:
    features = bundle.manifest.schema.features
    for wrong in (features[:-1], (*features, features[0]), ()):
        with pytest.raises(BundleError, match=r"model.ubj has the features"):
            load_booster(bundle.files[MODEL_NAME], wrong)


def test_a_feature_of_another_name_is_refused(bundle: Bundle) -> None:
    features = [name.replace("power_w", "power_kw") for name in bundle.manifest.schema.features]
    with pytest.raises(BundleError, match="power_kw"):
        load_booster(bundle.files[MODEL_NAME], features)


def test_another_bundles_model_is_refused(bundle: Bundle, other_bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=r"model.ubj has the features"):
        load_booster(other_bundle.files[MODEL_NAME], bundle.manifest.schema.features)


def test_a_derivation_that_is_no_module_here_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    folder = write_forged(tmp_path / "forged", bundle, schema=forge_schema(bundle, derivation="os"))
    with pytest.raises(ContractError, match="derivation 'os' is not known here, expected one of ai4i"):
        ReferenceModel.from_bundle(read_bundle(folder))


def test_a_model_scores_its_golden_rows_as_training_did(bundle: Bundle, other_bundle: Bundle) -> None:
    for tested in (bundle, other_bundle):
        check_golden_rows(tested, ReferenceModel.from_bundle(tested).score_table)


def test_a_golden_row_that_scores_otherwise_is_named(bundle: Bundle) -> None:
    reference = ReferenceModel.from_bundle(bundle)

    def off_by(difference: float) -> None:
        def score(table: dict[str, list[object]]) -> list[float]:
            scores = reference.score_table(table).tolist()
            return [*scores[:3], scores[3] + difference, *scores[4:]]

        check_golden_rows(bundle, score)

    off_by(0.9 * PARITY_TOLERANCE)
    for wrong in (1.1 * PARITY_TOLERANCE, -0.5, float("nan"), float("inf")):
        with pytest.raises(BundleError, match=r"golden row 3 scores .*, expected 0\."):
            off_by(wrong)


def test_large_numbers_are_compared_relatively(bundle: Bundle) -> None:
    golden = tuple(GoldenRow(row=entry.row, score=1e6) for entry in bundle.manifest.golden[:1])
    large = Bundle(msgspec.structs.replace(bundle.manifest, golden=golden), bundle.files)
    check_golden_rows(large, lambda _: [1e6 + 0.9])
    with pytest.raises(BundleError, match="golden row 0"):
        check_golden_rows(large, lambda _: [1e6 + 1.1])


def test_a_bundle_without_golden_rows_is_refused(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="no golden rows"):
        check_golden_rows(Bundle(msgspec.structs.replace(bundle.manifest, golden=()), bundle.files), list)


def test_a_golden_row_of_other_columns_or_types_is_refused(bundle: Bundle) -> None:
    reference = ReferenceModel.from_bundle(bundle)
    first, second = bundle.manifest.golden[:2]
    name = bundle.manifest.schema.columns[-1].name
    shorter = {key: value for key, value in second.row.items() if key != name}
    for row in (shorter, second.row | {"humidity": 1.0}, second.row | {name: "many"}, {}):
        golden = (first, GoldenRow(row=row, score=second.score))
        forged = Bundle(msgspec.structs.replace(bundle.manifest, golden=golden), bundle.files)
        with pytest.raises(BundleError, match="golden row 1 does not follow the schema"):
            check_golden_rows(forged, reference.score_table)


def test_a_column_of_another_type_is_refused_by_the_golden_rows(bundle: Bundle) -> None:
    first, *others = bundle.manifest.schema.columns
    columns = (msgspec.structs.replace(first, type="number", categories=()), *others)
    manifest = msgspec.structs.replace(bundle.manifest, schema=forge_schema(bundle, columns=columns))
    forged = Bundle(manifest, bundle.files)
    with pytest.raises(BundleError, match="golden row 0 does not follow the schema"):
        check_golden_rows(forged, ReferenceModel.from_bundle(forged).score_table)


def test_categories_in_another_order_are_refused_by_the_golden_rows(bundle: Bundle) -> None:
    first, *others = bundle.manifest.schema.columns
    columns = (msgspec.structs.replace(first, categories=first.categories[::-1]), *others)
    manifest = msgspec.structs.replace(bundle.manifest, schema=forge_schema(bundle, columns=columns))
    forged = Bundle(manifest, bundle.files)
    with pytest.raises(BundleError, match=r"golden row \d+ scores"):
        check_golden_rows(forged, ReferenceModel.from_bundle(forged).score_table)


def test_calibration_is_platts_formula() -> None:
    margins = np.linspace(-30, 30, 101, dtype=np.float32)
    scores = calibrate_margins(margins, Calibration(slope=1.3, intercept=-0.4), "binary")
    assert scores.dtype == np.float64
    assert scores == pytest.approx(expit(1.3 * margins.astype(np.float64) - 0.4), rel=1e-12)
    assert (np.diff(scores) >= 0).all()


def test_a_margin_that_no_exp_holds_is_a_score_without_a_warning() -> None:
    margins = np.array([-np.inf, -1e38, -701, 701, 1e38, np.inf, np.nan], dtype=np.float32)
    scores = calibrate_margins(margins, Calibration(slope=1.0, intercept=0.0), "binary")
    assert scores.tolist() == pytest.approx([0, 0, 0, 1, 1, 1, math.nan], abs=0, nan_ok=True)


def test_calibration_leaves_a_regressions_margins_as_they_are() -> None:
    margins = np.array([-1.5, 0.0, 1e6], dtype=np.float32)
    assert calibrate_margins(margins, Calibration(slope=9.0, intercept=9.0), "regression").tolist() == margins.tolist()


def test_explanations_add_up_to_the_margin(bundle: Bundle, table: Table) -> None:
    reference = ReferenceModel.from_bundle(bundle)
    matrix = table.matrix[:50]
    parts = reference.explain_matrix(matrix)
    assert parts.shape == (50, len(bundle.manifest.schema.features) + 1)
    margins = reference.booster.inplace_predict(matrix, predict_type="margin")
    assert parts.sum(axis=1) == pytest.approx(margins, abs=1e-4)


def test_rows_are_spread_in_silence_where_a_column_is_empty() -> None:
    matrix = np.array([[1.0, np.nan], [2.0, np.nan]], dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spread = spread_matrix(matrix, 100, seed=1)
    assert spread.shape == (100, 2)
    assert np.isnan(spread[:, 1]).all()
    assert len(np.unique(spread[:, 0])) > 10


def test_of_the_spread_values_one_in_a_hundred_is_missing_and_half_of_the_others_are_moved() -> None:
    matrix = np.random.default_rng(0).normal(0, 1, (500, 8)).astype(np.float32)
    spread = spread_matrix(matrix, 5000, seed=1)
    missing = np.isnan(spread)
    assert 0.008 < missing.mean() < 0.012
    assert missing.any(axis=0).all()
    kept = np.isin(spread, matrix)
    assert 0.48 < kept.mean() / (~missing).mean() < 0.52
    assert spread.dtype == np.float32
