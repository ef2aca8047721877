"""References of drift: features of the fitted rows, whole and by slice, scores of the final model on rows held out."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from contract.bundle import Bundle
from contract.compute.bins import build_bins, count_bins
from contract.compute.scoring import ReferenceModel
from contract.dataset import Dataset
from contract.psi import FEWEST_ROWS, measure_psi
from contract.slices import MAX_SLICES
from training.data.table import Table
from training.model.train import TrainedModel, train_model
from training.packaging.package import package_model
from training.packaging.references import bin_features, bin_scores, describe_lacks, slice_rows
from training.params import Params

SIDE = 2000


@pytest.fixture(scope="module")
def sides(table: Table) -> tuple[Table, Table]:
    return table.take(np.arange(SIDE)), table.take(np.arange(SIDE, len(table)))


@pytest.fixture(scope="module")
def model(sides: tuple[Table, Table], small_params: Params) -> TrainedModel:
    return train_model(sides[0], small_params)


@pytest.fixture(scope="module")
def packaged(
    sides: tuple[Table, Table], model: TrainedModel, small_params: Params, tmp_path_factory: pytest.TempPathFactory
) -> Bundle:
    folder = tmp_path_factory.mktemp("bundles") / "with-holdout"
    return package_model(folder, model, sides[0], small_params, {}, held_out=sides[1])


def test_the_scores_reference_is_of_the_packaged_model_on_the_rows_held_out(
    packaged: Bundle, sides: tuple[Table, Table]
) -> None:
    scores = ReferenceModel.from_bundle(packaged).score_table(sides[1].inputs)
    reference = packaged.manifest.reference["score"]
    assert packaged.manifest.score_rows == len(sides[1])
    assert reference == build_bins(scores, (), "show")
    index = measure_psi(count_bins(reference, scores).tolist(), reference.ratios, len(scores))
    assert index.psi == pytest.approx(0.0, abs=1e-12)


def test_with_too_few_rows_held_out_it_is_of_scores_out_of_fold(
    model: TrainedModel, sides: tuple[Table, Table]
) -> None:
    few = sides[1].take(np.arange(FEWEST_ROWS - 1))
    expected = (build_bins(model.out_of_fold, (), "show"), SIDE)
    assert bin_scores(model, few) == bin_scores(model, None) == expected
    assert bin_scores(model, sides[1].take(np.arange(FEWEST_ROWS)))[1] == FEWEST_ROWS


def test_the_range_is_of_the_fitted_rows(packaged: Bundle, sides: tuple[Table, Table]) -> None:
    for name, bins in packaged.manifest.reference.items():
        if name == "type":
            assert bins.minimum is bins.maximum is None
        elif name != "score":
            values = sides[0].values[name]
            assert (bins.minimum, bins.maximum) == (values.min(), values.max())


def test_a_slices_reference_has_the_same_bins_and_the_slices_rows(packaged: Bundle, sides: tuple[Table, Table]) -> None:
    fitted = sides[0]
    (column,) = packaged.manifest.slices
    assert (column.name, [one.value for one in column.slices]) == ("type", ["L", "M", "H"])
    assert sum(one.rows for one in column.slices) == SIDE
    for one in column.slices:
        rows = np.flatnonzero(fitted.inputs["type"] == one.value)
        assert one.rows == len(rows)
        assert one.ratios.keys() == packaged.manifest.reference.keys() - {"score"}
        for name, ratios in one.ratios.items():
            counts = count_bins(packaged.manifest.reference[name], fitted.values[name][rows])
            assert ratios == pytest.approx(counts / len(rows), abs=1e-15)
    assert list(describe_lacks(packaged.manifest)) == []


def with_slices(table: Table, *names: str, **changes: object) -> Table:
    dataset: Dataset = msgspec.structs.replace(table.dataset, slices=names, **changes)
    return Table(dataset, table.frame, table.origin, table.sha256)


def test_a_number_is_cut_at_its_quartiles(sides: tuple[Table, Table]) -> None:
    table = with_slices(sides[0], "tool_wear_min")
    (column,) = slice_rows(table, bin_features(table))
    assert len(column.slices) == len(column.edges) + 1 == 4
    assert column.slices[0].value == f"under {column.edges[0]:g}"
    wear = table.values["tool_wear_min"]
    assert [one.rows for one in column.slices] == np.bincount(np.searchsorted(column.edges, wear, "right")).tolist()


def test_a_slice_of_few_rows_has_no_reference_and_that_is_said(packaged: Bundle, sides: tuple[Table, Table]) -> None:
    fitted = sides[0]
    rare = np.flatnonzero(fitted.inputs["type"] == "H")[: FEWEST_ROWS - 1]
    rows = np.sort(np.concatenate([np.flatnonzero(fitted.inputs["type"] != "H"), rare]))
    (column,) = slice_rows(fitted.take(rows), bin_features(fitted))
    assert [bool(one.ratios) for one in column.slices] == [True, True, False]
    lacks = describe_lacks(msgspec.structs.replace(packaged.manifest, slices=(column,)))
    assert list(lacks) == ["no reference to tell drift in slices of fewer than 50 rows: type=H (49)"]


def test_what_is_above_the_limit_is_under_no_slice_and_that_is_said_in_one_line(
    packaged: Bundle, sides: tuple[Table, Table]
) -> None:
    first, *others = sides[0].dataset.columns
    many = msgspec.structs.replace(first, categories=("L", "M", "H", *(f"N{i}" for i in range(MAX_SLICES))))
    table = with_slices(sides[0], "type", "torque_nm", columns=(many, *others))
    columns = slice_rows(table, bin_features(table))
    assert [column.name for column in columns] == ["torque_nm"]
    requirements = packaged.manifest.requirements
    assert requirements
    manifest = msgspec.structs.replace(
        packaged.manifest,
        slices=columns,
        requirements=msgspec.structs.replace(requirements, slices=table.dataset.slices),
    )
    (line,) = describe_lacks(manifest)
    assert line == (
        "no metrics by slice of type: a column needs two values, and all together have at most 24 slices, 256 "
        "combinations of them and 4,000 bins"
    )


def test_a_bundle_with_slices_is_the_same_bytes_in_another_folder(
    packaged: Bundle, model: TrainedModel, sides: tuple[Table, Table], small_params: Params, tmp_path: Path
) -> None:
    again = package_model(tmp_path / "again", model, sides[0], small_params, {}, held_out=sides[1])
    assert again.digest == packaged.digest
