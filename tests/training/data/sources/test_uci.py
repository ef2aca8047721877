"""The UCI repository, against a server on loopback in UCI's place."""

import json
from collections.abc import Callable

import msgspec
import pandas as pd
import pytest

from cli.errors import InputError, OutsideError
from contract.dataset import Dataset
from tests.training.data.conftest import Answer, Web, serve_uci
from tests.training.data.sources.test_fetching import (
    drop_by_drop,
    endless,
    endless_chunks,
    headers_drop_by_drop,
    packed,
    silence,
)
from training.data.sources import uci
from training.data.sources.generator import generate_frame
from training.data.sources.uci import fetch_uci, match_columns

NAMES = ["UID", "Product ID", "Type", "Air temperature", "Process temperature", "Rotational speed", "Torque"]
NAMES += ["Tool wear", "Machine failure", "TWF", "HDF", "PWF", "OSF", "RNF"]


def test_rows_come_back_under_the_raw_names(web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = generate_frame(ai4i, 50, 1)
    serve_uci(web, sent.set_axis(NAMES, axis=1), monkeypatch)
    pd.testing.assert_frame_equal(fetch_uci(ai4i).reset_index(drop=True), sent)


def test_a_silent_server_costs_no_more_than_the_limit(web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/api?id=601"] = None
    monkeypatch.setattr(uci, "API_URL", f"{web.url}/api")
    # it is given up by its own limit: the server would hold it for as long as the test
    with pytest.raises(OutsideError, match=r"did not answer within 0\.3 s"):
        fetch_uci(ai4i, timeout_seconds=0.3)
    assert not web.closing.is_set()


@pytest.mark.parametrize("is_data", [False, True])
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (endless, "not usable: InputError .* has more than 1,000,000 bytes"),
        (endless_chunks, "not usable: InputError .* has more than 1,000,000 bytes"),
        (packed, "not usable: InputError .* unpacks to more than 1,000,000 bytes"),
        (drop_by_drop, r"did not answer within 0\.3 s"),
        (headers_drop_by_drop, r"did not answer within 0\.3 s"),
        (silence, r"did not answer within 0\.3 s"),
    ],
)
def test_nothing_reads_on_once_an_endless_answer_is_given_up(
    answer_with: Callable[[Answer], str],
    web: Web,
    ai4i: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    told: str,
    is_data: bool,
) -> None:
    """Of the description or of the data; the server ends only when the other side has gone, and the test with it."""
    monkeypatch.setenv("LATHE_MAX_DATA_BYTES", "1000000")
    url = answer_with(answer)
    web.pages["/api?id=601"] = json.dumps({"status": 200, "data": {"data_url": url}}).encode()
    monkeypatch.setattr(uci, "API_URL", f"{web.url}/api" if is_data else url)
    with pytest.raises(OutsideError, match=told) as caught:
        fetch_uci(ai4i, timeout_seconds=0.3 if "within" in told else 60)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "/etc/passwd", None, 7, "ftp://127.0.0.1/rows.csv"])
def test_data_is_never_read_from_this_machine(
    web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch, place: object
) -> None:
    web.pages["/api?id=601"] = json.dumps({"status": 200, "data": {"data_url": place}}).encode()
    monkeypatch.setattr(uci, "API_URL", f"{web.url}/api")
    with pytest.raises(OutsideError, match="not usable: ValueError it names no CSV"):
        fetch_uci(ai4i)


@pytest.mark.parametrize("about", ["[]", '{"status": 200}', '{"status": 200, "data": []}', "[" * 100_000])
def test_a_description_of_another_shape_is_an_outside_failure(
    web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch, about: str
) -> None:
    web.pages["/api?id=601"] = about.encode()
    monkeypatch.setattr(uci, "API_URL", f"{web.url}/api")
    with pytest.raises(OutsideError, match=r"answer is not usable: (ValueError|RecursionError)"):
        fetch_uci(ai4i)


def test_an_answer_that_is_no_dataset_is_an_outside_failure(
    web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.pages["/api?id=601"] = b"<html>maintenance</html>"
    monkeypatch.setattr(uci, "API_URL", f"{web.url}/api")
    with pytest.raises(OutsideError, match="answer is not usable: JSONDecodeError"):
        fetch_uci(ai4i)


def test_a_column_that_uci_lacks_is_named(web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = generate_frame(ai4i, 5, 1).set_axis(NAMES, axis=1).drop(columns="Torque")
    serve_uci(web, frame, monkeypatch)
    with pytest.raises(OutsideError, match=r"UCI dataset 601 has no column 'Torque \[Nm\]'; it has UID,"):
        fetch_uci(ai4i)


def test_a_dataset_without_uci_number_is_refused(ai4i: Dataset) -> None:
    with pytest.raises(InputError, match="has no uci_id: give a CSV"):
        fetch_uci(msgspec.structs.replace(ai4i, uci_id=None))


def test_names_match_without_units_and_punctuation_and_nothing_matches_twice(ai4i: Dataset) -> None:
    matched = match_columns(ai4i.raw_columns, NAMES)
    assert matched["Air temperature"] == "Air temperature [K]"
    assert matched["UID"] == "UDI"
    assert sorted(matched.values()) == sorted(ai4i.raw_columns)
    assert match_columns(["weight (kg)", "height"], ["Weight_", "colour"]) == {"Weight_": "weight (kg)"}
