"""What opens a URL is kept out of Git and of every message."""

from pathlib import Path

import pytest

from cli.errors import InputError
from contract.dataset import Dataset
from tests.churn import write_churn
from training.data.load import load_table
from training.data.sources import pin
from training.data.sources.credentials import find_credentials, hide_credentials
from training.data.table import Table

SECRET = "hunter2"

OPEN = [
    f"https://user:{SECRET}@example.org/rows.csv",
    f"https://{SECRET}@example.org/rows.csv",
    f"s3://key:{SECRET}@bucket/rows.csv",
    f"sftp://user:{SECRET}@example.org/rows.csv",
    f"https://bucket.s3.amazonaws.com/rows.csv?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature={SECRET}",
    f"https://bucket.s3.amazonaws.com/rows.csv?AWSAccessKeyId=a&Signature={SECRET}",
    f"https://storage.googleapis.com/b/rows.csv?X-Goog-Signature={SECRET}",
    f"https://account.blob.core.windows.net/c/rows.csv?sv=2024-11-04&sr=b&sig={SECRET}",
    f"https://raw.githubusercontent.com/o/r/main/rows.csv?token={SECRET}",
    f"https://example.org/rows.csv?a=1&api_key={SECRET}",
    f"https://example.org/rows.csv?API-Key={SECRET}",
    f"https://example.org/rows.csv?access%5Ftoken={SECRET}",
    f"https://example.org/rows.csv#access_token={SECRET}",
    f"simplecache::https://user:{SECRET}@example.org/rows.csv",
    f"zip://rows.csv::https://example.org/rows.zip?sig={SECRET}",
]
PLAIN = [
    "https://example.org/rows.csv?version=3&signed=no&keyword=x&design=a",
    "s3://bucket/user:name@home/rows.csv",
    "abfss://container@account.dfs.core.windows.net/rows.csv",
    "sftp://user@example.org/rows.csv",
    "data/token=a/rows.csv",
    "uci",
    "generator",
]


@pytest.fixture
def table(churn: Dataset, tmp_path: Path) -> Table:
    return load_table(churn, str(write_churn(tmp_path / "rows.csv", 400)), tmp_path / "rejected.csv")


@pytest.mark.parametrize("source", OPEN)
def test_a_url_that_opens_by_itself_is_not_pinned(table: Table, tmp_path: Path, source: str) -> None:
    with pytest.raises(InputError, match="and a pin is read by everybody who reads Git; give a URL without it") as said:
        pin.write_pin(table, source, tmp_path / "pins")
    assert SECRET not in str(said.value)
    assert not (tmp_path / "pins").exists()


@pytest.mark.parametrize("source", PLAIN)
def test_a_url_that_opens_nothing_is_pinned(table: Table, tmp_path: Path, source: str) -> None:
    assert find_credentials(source) is None
    pin.write_pin(table, source, tmp_path)


@pytest.mark.parametrize("source", OPEN)
def test_a_pin_that_was_written_with_one_is_refused_without_repeating_it(tmp_path: Path, source: str) -> None:
    (tmp_path / "churn.yaml").write_text(f"source: '{source}'\nsha256: {'a' * 64}\nrows: 1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"churn\.yaml holds .*: whoever reads Git has it; revoke it there") as said:
        pin.read_pin("churn", tmp_path)
    assert SECRET not in str(said.value)


@pytest.mark.parametrize("source", OPEN)
def test_what_is_said_of_a_url_never_holds_what_opens_it(source: str) -> None:
    shown = hide_credentials(source)
    assert SECRET not in shown
    assert "rows" in shown


def test_a_broken_url_is_no_crash() -> None:
    assert find_credentials("https://[broken/rows.csv") is None
    assert hide_credentials("https://[broken/rows.csv?a") == "https://[broken/rows.csv"
