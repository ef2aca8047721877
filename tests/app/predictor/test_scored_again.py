"""A scored CSV is uploaded again: what was quoted for spreadsheets changes no score and no refusal."""

import csv
import io

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.predictor.endpoints.upload import Upload
from app.predictor.endpoints.upload_answer import CsvWriter
from app.predictor.http.spool import Spool
from app.predictor.inputs.csv_upload import CsvReader
from app.predictor.scoring.model import ServedModel
from tests.churn import generate_churn
from tests.conftest import DATASETS, make_bundle
from tests.examples import examples
from training.data.dataset_file import load_dataset
from training.data.load import load_table
from training.params import Params

SIGNED = {"Month-to-month": "=1+1", "One year": "-1 year", "Two year": "a;@b"}
NAMES = ["+Contract", "PaymentMethod", "SeniorCitizen", "tenure", "-12 V", "TotalCharges", "=note", "Branch"]
CELLS = {
    "+Contract": [*SIGNED.values(), " -1 year\t", "'=1+1", "=other", "", "\t", "-1 YEAR"],
    "PaymentMethod": ["Mailed check", "Electronic check", "@Mailed check", "\t\t", ""],
    "SeniorCitizen": ["0", "1", "-1", "+1", "=1", "\u00a0"],
    "tenure": ["5", "+5", "-5", "5.0", "=5", "\t5", "5;-5", "", "\t"],
    "-12 V": ["70.35", "+7e1", "=70", "-70", "@70", "70;=1"],
    "TotalCharges": ["351.75", "", "\t\t", "\t", "+0", "-", "=", "\n", " \r "],
    "=note": ["=1", "plain", "+49 170", 'a "b"', "", "a,b", "\t=2", "'=3", "-5"],
    "Branch": ["B1"],
}


@pytest.fixture(scope="module", params=["refuse", "missing"])
def model(
    request: pytest.FixtureRequest, small_params: Params, tmp_path_factory: pytest.TempPathFactory
) -> ServedModel:
    """A model whose own names and categories look like formulas."""
    folder = tmp_path_factory.mktemp("signed")
    given = load_dataset(str(DATASETS / "churn.yaml"))
    contract, *others = given.columns
    signed = msgspec.structs.replace(
        contract, source="+Contract", categories=tuple(SIGNED.values()), example="=1+1", unknown=request.param
    )
    others = [msgspec.structs.replace(one, source="-12 V") if one.source == "MonthlyCharges" else one for one in others]
    dataset = msgspec.structs.replace(given, columns=(signed, *others))
    frame = generate_churn(600).rename(columns={"Contract": "+Contract", "MonthlyCharges": "-12 V"})
    frame["+Contract"] = frame["+Contract"].map(SIGNED)
    frame.to_csv(folder / "rows.csv", index=False)
    table = load_table(dataset, str(folder / "rows.csv"), folder / "rejected.csv")
    return ServedModel(make_bundle(folder / "bundle", table, small_params), 1)


def score(model: ServedModel, content: bytes) -> tuple[bytes, int]:
    """The scored CSV, and how many of its cells were quoted."""
    spool = Spool(2**30)
    reader = CsvReader(model.manifest.schema)
    job = Upload(model, reader, CsvWriter(reader, with_receipts=False), spool)
    job.feed(content, True)
    job.finish()
    answer = b"".join(iter(lambda: spool.read(1_000_000), b""))
    spool.close()
    return answer, job.summary.quoted_formulas


def write(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([NAMES, *rows])
    return text.getvalue().encode()


def list_rows(answer: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.decode(), newline="")))


@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(*(st.sampled_from(CELLS[name]) for name in NAMES)), min_size=1, max_size=12))
def test_what_was_scored_gives_the_same_when_it_is_scored_again(
    model: ServedModel, rows: list[tuple[str, ...]]
) -> None:
    first, _ = score(model, write([list(row) for row in rows]))
    second, quoted = score(model, first)
    assert second == first or all(
        {**one, "error": code(one)} == {**other, "error": code(other)}
        for one, other in zip(list_rows(first), list_rows(second), strict=True)
    )
    assert quoted == 0


def code(row: dict[str, str]) -> str:
    """Of a refusal; its words repeat the cell, which may have an apostrophe by now."""
    return row["error"].partition(":")[0]


def test_declared_names_and_categories_are_left_alone_and_all_else_is_quoted(model: ServedModel) -> None:
    usual = ["Mailed check", "0", "5", "70.35", "", "=note", "B1"]
    answer, quoted = score(model, write([["=1+1", *usual], ["=other", *usual], ["-1 year", *usual]]))
    lines = answer.decode().splitlines()
    assert lines[0].startswith("+Contract,PaymentMethod,SeniorCitizen,tenure,-12 V,TotalCharges,'=note,Branch,score")
    assert [row["+Contract"] for row in list_rows(answer)] == ["=1+1", "'=other", "-1 year"]
    assert {row["'=note"] for row in list_rows(answer)} == {"'=note"}
    assert quoted == 5
