"""The UCI repository through its own client, against a server on loopback in UCI's place."""

import msgspec
import pandas as pd
import pytest
import ucimlrepo.fetch

from tests.training.data.conftest import Web, serve_uci
from training.data.generator import generate_frame
from training.data.uci import fetch_uci, match_columns
from training.dataset import Dataset
from training.errors import InputError, OutsideError

NAMES = ["UID", "Product ID", "Type", "Air temperature", "Process temperature", "Rotational speed", "Torque"]
NAMES += ["Tool wear", "Machine failure", "TWF", "HDF", "PWF", "OSF", "RNF"]


def test_rows_come_back_under_the_raw_names(web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = generate_frame(ai4i, 50, 1)
    serve_uci(web, sent.set_axis(NAMES, axis=1), monkeypatch)
    pd.testing.assert_frame_equal(fetch_uci(ai4i).reset_index(drop=True), sent)


def test_a_silent_server_costs_no_more_than_the_limit(web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    web.pages["/api?id=601"] = None
    monkeypatch.setattr(ucimlrepo.fetch, "API_BASE_URL", f"{web.url}/api")
    # it is given up by its own limit: the server would hold it for as long as the test
    with pytest.raises(OutsideError, match=r"did not answer within 0\.3 s"):
        fetch_uci(ai4i, timeout_seconds=0.3)
    assert not web.closing.is_set()


def test_an_answer_that_is_no_dataset_is_an_outside_failure(
    web: Web, ai4i: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.pages["/api?id=601"] = b"<html>maintenance</html>"
    monkeypatch.setattr(ucimlrepo.fetch, "API_BASE_URL", f"{web.url}/api")
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
