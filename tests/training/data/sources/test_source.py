"""Which source gives the rows, and what is said of it."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from cli.errors import InputError, OutsideError
from contract.dataset import Dataset
from tests.training.data.conftest import Web, serve_uci
from training.data.sources import uci
from training.data.sources.generator import generate_frame
from training.data.sources.source import load_raw


def test_without_source_uci_gives_the_rows_if_it_answers(
    web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    serve_uci(web, generate_frame(ai4i, 30, 1), monkeypatch)
    raw = load_raw(ai4i)
    assert raw.origin == "UCI repository, dataset 601"
    assert len(raw.frame) == 30


def test_without_source_and_uci_the_generator_gives_the_rows_and_says_why(
    ai4i: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uci, "API_URL", "http://127.0.0.1:9/api")
    raw = load_raw(ai4i)
    assert raw.origin == (
        "generated: 10,000 rows by the published AI4I recipe, seed 2020, "
        "because the UCI repository did not answer within 5 s"
    )
    pd.testing.assert_frame_equal(raw.frame.reset_index(drop=True), generate_frame(ai4i, 10_000, 2020))


def test_an_unusable_answer_of_uci_is_told_from_none(web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/api?id=601"] = b'{"status": 500, "message": "maintenance"}'
    monkeypatch.setattr(uci, "API_URL", f"{web.url}/api")
    assert load_raw(ai4i).origin.endswith("because the UCI repository's answer was not usable")


def test_uci_asked_for_by_name_has_no_substitute(ai4i: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uci, "API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(OutsideError, match="could not be reached"):
        load_raw(ai4i, "uci")


def test_rows_or_seed_ask_for_the_generator(ai4i: Dataset) -> None:
    assert load_raw(ai4i, rows=12).origin == "generated: 12 rows by the published AI4I recipe, seed 2020"
    assert load_raw(ai4i, "generator", rows=7, seed=5).origin.endswith("7 rows by the published AI4I recipe, seed 5")


def test_rows_with_another_source_are_refused(ai4i: Dataset, planted: Callable[[str], str]) -> None:
    with pytest.raises(InputError, match="for the generator only"):
        load_raw(ai4i, planted("good.csv"), rows=10)


def test_zero_rows_are_refused_rather_than_replaced(ai4i: Dataset) -> None:
    with pytest.raises(InputError, match="to make 0 rows"):
        load_raw(ai4i, rows=0)


def test_the_origin_of_a_file_is_its_name_from_any_folder(
    ai4i: Dataset, planted: Callable[[str], str], tmp_path: Path
) -> None:
    moved = tmp_path / "rows-good.csv"
    moved.write_bytes(Path(planted("good.csv")).read_bytes())
    assert load_raw(ai4i, planted("good.csv")).origin == load_raw(ai4i, str(moved)).origin == "file rows-good.csv"


def test_a_dataset_without_any_source_says_what_to_give(churn: Dataset, ai4i: Dataset) -> None:
    with pytest.raises(InputError, match="'churn' has no generator: give a CSV"):
        load_raw(churn)
    alone = msgspec.structs.replace(ai4i, uci_id=None)
    assert load_raw(alone).origin.endswith("because no source was given")
