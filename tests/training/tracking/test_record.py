"""What a run says of its data, its person and its code: nothing that must not travel, and nothing made up."""

import getpass
import json

import pytest

from training.data.fingerprint import fingerprint_frame
from training.data.table import Table
from training.tracking.record import DIGEST_LENGTH, describe_table, name_user
from training.tracking.runs import describe_source


@pytest.mark.parametrize(
    ("origin", "kind", "source"),
    [
        ("file rows.csv", "local", {"uri": "rows.csv"}),
        ("file https://example.org/rows.csv", "http", {"url": "https://example.org/rows.csv"}),
        ("UCI repository, dataset 601", "http", {"url": "https://archive.ics.uci.edu/dataset/601"}),
    ],
)
def test_a_source_is_one_that_mlflow_reads_back(table: Table, origin: str, kind: str, source: dict[str, str]) -> None:
    found = describe_table(Table(table.dataset, table.frame, origin, table.sha256), "training", table.sha256)
    assert (found.source_type, json.loads(found.source)) == (kind, source)


def test_generated_rows_come_from_code(table: Table) -> None:
    found = describe_table(table, "holdout", table.sha256)
    assert found.source_type == "code"
    assert json.loads(found.source)["tags"]["origin"] == table.origin
    assert json.loads(found.profile) == {"num_rows": 3000, "positives": int(table.target.sum())}
    assert found.name == "ai4i-holdout"


def test_an_input_has_its_columns_and_target_and_a_digest_over_its_own_rows(table: Table, charges_table: Table) -> None:
    digest = fingerprint_frame(table.frame, table.dataset)
    found = describe_table(table, "training", digest)
    assert found.digest == digest[:DIGEST_LENGTH]
    columns = {column["name"]: column["type"] for column in json.loads(found.schema)["mlflow_colspec"]}
    assert columns["type"] == "string"
    assert columns["torque_nm"] == "double"
    assert columns["tool_wear_min"] == "long"
    assert columns["machine_failure"] == "long"
    charges = describe_table(charges_table, "training", digest)
    assert json.loads(charges.schema)["mlflow_colspec"][-1]["type"] == "double"
    assert "positives" not in json.loads(charges.profile)


@pytest.mark.parametrize(
    ("revision", "tags"),
    [
        ("a" * 40, {"mlflow.source.git.commit": "a" * 40, "lathe.uncommitted_changes": "false"}),
        ("a" * 40 + "-dirty", {"mlflow.source.git.commit": "a" * 40, "lathe.uncommitted_changes": "true"}),
        ("unknown", {}),
        ("v1.2.3", {}),
    ],
)
def test_a_commit_is_named_only_where_there_is_one(revision: str, tags: dict[str, str]) -> None:
    known = {"mlflow.source.name": "python -m training train", "mlflow.source.type": "LOCAL"}
    assert describe_source(revision, "train") == known | tags


def test_the_user_is_who_started_the_job_else_who_is_logged_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTOR", "somebody")
    assert name_user() == "somebody"
    monkeypatch.delenv("GITHUB_ACTOR")
    assert name_user() == getpass.getuser()

    def fail() -> str:
        raise OSError("no name for 12345")

    monkeypatch.setattr(getpass, "getuser", fail)
    assert name_user() == "unknown"
