"""From source to table, for datasets that share nothing but the code."""

from pathlib import Path

import pandas as pd

from contract.dataset import Dataset
from tests.churn import generate_churn, write_churn
from training.data.load import load_table


def test_csv_and_parquet_of_the_same_rows_have_one_fingerprint(churn: Dataset, tmp_path: Path) -> None:
    generate_churn(300).to_parquet(tmp_path / "rows.parquet")
    stored = load_table(churn, str(tmp_path / "rows.parquet"), tmp_path / "rejected.csv")
    text = load_table(churn, str(write_churn(tmp_path / "rows.csv", 300)), tmp_path / "rejected.csv")
    assert stored.sha256 == text.sha256
    pd.testing.assert_frame_equal(stored.frame, text.frame)


def test_generated_rows_survive_the_way_through_a_csv(ai4i: Dataset, tmp_path: Path) -> None:
    made = load_table(ai4i, "generator", tmp_path / "rejected.csv", rows=2000, seed=4)
    made.frame.to_csv(tmp_path / "rows.csv", index=False)
    read = load_table(ai4i, str(tmp_path / "rows.csv"), tmp_path / "rejected.csv")
    assert read.sha256 == made.sha256
    pd.testing.assert_frame_equal(read.frame, made.frame)


def test_a_second_dataset_gives_a_matrix_without_a_change_to_the_code(churn: Dataset, tmp_path: Path) -> None:
    table = load_table(churn, str(write_churn(tmp_path / "rows.csv")), tmp_path / "rejected.csv")
    assert table.matrix.shape == (2000, 3 + 4 + 2 + 3)
    assert 0.1 < table.target.mean() < 0.45
    assert len(set(table.groups.tolist())) == 40


def test_a_regression_target_is_the_number_itself(charges: Dataset, tmp_path: Path) -> None:
    table = load_table(charges, str(write_churn(tmp_path / "rows.csv")), tmp_path / "rejected.csv")
    assert table.target.tolist() == generate_churn()["MonthlyCharges"].tolist()


def test_the_published_file_is_accepted_whole(ai4i: Dataset, published: Path, tmp_path: Path) -> None:
    table = load_table(ai4i, str(published), tmp_path / "rejected.csv")
    assert (len(table), int(table.target.sum()), int(table.groups.max())) == (10_000, 339, 119)
