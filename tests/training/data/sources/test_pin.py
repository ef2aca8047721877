"""Data by name and fingerprint: what Git pins is what is trained from, or nothing is."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.errors import InputError
from contract.dataset import Dataset
from tests.churn import write_churn
from tests.examples import examples
from training.data.load import load_table
from training.data.sources import pin
from training.data.table import Table


@pytest.fixture
def pins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "pins"
    monkeypatch.setattr(pin.read_pin, "__defaults__", (folder,))
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_churn(tmp_path / "rows.csv", 400)


@pytest.fixture
def pinned(churn: Dataset, source: Path, pins: Path, tmp_path: Path) -> Table:
    table = load_table(churn, str(source), tmp_path / "rejected.csv")
    pin.write_pin(table, str(source), pins)
    return table


def test_without_a_source_the_pinned_rows_are_taken(churn: Dataset, pinned: Table, tmp_path: Path) -> None:
    assert load_table(churn, None, tmp_path / "rejected.csv").sha256 == pinned.sha256


def test_a_given_source_goes_before_the_pin(churn: Dataset, pinned: Table, tmp_path: Path) -> None:
    other = load_table(churn, str(write_churn(tmp_path / "other.csv", 300)), tmp_path / "rejected.csv")
    assert len(other) == 300
    assert other.sha256 != pinned.sha256


def test_rows_that_have_changed_since_are_refused_by_both_fingerprints(
    churn: Dataset, pinned: Table, source: Path, tmp_path: Path
) -> None:
    shutil.copy(write_churn(tmp_path / "other.csv", 300), source)
    with pytest.raises(
        InputError, match=f"300 rows with fingerprint [0-9a-f]{{12}}, expected the 400 rows with {pinned.sha256[:12]}"
    ):
        load_table(churn, None, tmp_path / "rejected.csv")


def test_the_file_says_how_it_is_made_and_holds_three_facts(pinned: Table, source: Path, pins: Path) -> None:
    text = (pins / "churn.yaml").read_text(encoding="utf-8")
    assert text.startswith("# Written by `make pin DATA=")
    assert pin.read_pin("churn", pins) == pin.Pin(source=str(source), sha256=pinned.sha256, rows=400)


def test_a_file_that_is_no_pin_is_refused(pins: Path) -> None:
    pins.mkdir()
    (pins / "churn.yaml").write_text("source: rows.csv\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"churn\.yaml"):
        pin.read_pin("churn", pins)


def test_a_dataset_without_a_pin_has_none(pins: Path) -> None:
    assert pin.read_pin("churn", pins) is None


def test_a_path_within_the_project_is_kept_relative_to_it_and_another_absolute(tmp_path: Path) -> None:
    assert pin.shorten_source(str(pin.PROJECT / "data" / "rows.csv")) == "data/rows.csv"
    assert pin.place_source("data/rows.csv") == str(pin.PROJECT / "data" / "rows.csv")
    for source in (str(tmp_path / "rows.csv"), "https://example.org/rows.csv", "uci", "generator"):
        assert pin.shorten_source(source) == pin.place_source(source) == source


def test_a_pinned_file_that_is_gone_is_told_with_the_pin(churn: Dataset, pinned: Table, source: Path) -> None:
    source.unlink()
    with pytest.raises(InputError, match=r"training/pins names .*rows\.csv for dataset 'churn': .* No such file"):
        load_table(churn, None, source.with_name("rejected.csv"))


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    source=st.one_of(
        st.text(st.characters(codec="utf-8"), min_size=1, max_size=pin.MAX_SOURCE),
        st.sampled_from(
            ["9" * 2000, "0x10", "null", "- a", "a: b", "# a", "'", "@a", "~", "2024-01-01", " ", "\u2028"]
        ),
    )
)
def test_any_place_that_is_pinned_is_read_back_as_it_was(pinned: Table, pins: Path, source: str) -> None:
    place = f"s3://bucket/{source}"[: pin.MAX_SOURCE]
    if place.isprintable():
        pin.write_pin(pinned, place, pins)
    else:
        with pytest.raises(InputError, match="a pin takes printable text"):
            pin.write_pin(pinned, place, pins)
        return
    assert pin.read_pin("churn", pins) == pin.Pin(source=place, sha256=pinned.sha256, rows=400)


def test_a_place_at_the_limit_is_pinned_and_a_longer_one_by_neither_side(pinned: Table, pins: Path) -> None:
    place = "https://example.org/".ljust(pin.MAX_SOURCE, "x")
    path = pin.write_pin(pinned, place, pins)
    found = pin.read_pin("churn", pins)
    assert found is not None
    assert found.source == place
    with pytest.raises(InputError, match=r"has 2,001 characters, a pin takes 2,000"):
        pin.write_pin(pinned, f"{place}x", pins)
    assert pin.read_pin("churn", pins) == found
    path.write_text(path.read_text().replace(place, f"{place}x"))
    with pytest.raises(InputError, match=r"length <= 2000.*source"):
        pin.read_pin("churn", pins)


@pytest.mark.parametrize(("name", "value"), [("sha256", "12"), ("sha256", "g" * 64), ("rows", "-1")])
def test_a_pin_that_nobody_writes_is_refused(pinned: Table, pins: Path, name: str, value: str) -> None:
    path = pins / "churn.yaml"
    path.write_text(re.sub(rf"{name}: .*", f"{name}: {value}", path.read_text()))
    with pytest.raises(InputError, match=name):
        pin.read_pin("churn", pins)
