"""A value means the same on every route, alone or beside others, and in the data that training reads."""

import csv
import dataclasses
import io
import json
import math
import random
import struct
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.predictor.admission.batch_threads import BatchThreads
from app.predictor.counters import Counters
from app.predictor.endpoints.explain import Explainer, read_one_row
from app.predictor.endpoints.infer import Inferrer
from app.predictor.endpoints.upload import Upload
from app.predictor.endpoints.upload_answer import NdjsonWriter
from app.predictor.endpoints.what_if import Sweeper
from app.predictor.http.spool import Spool
from app.predictor.inputs.csv_upload import CsvReader
from app.predictor.inputs.ndjson_upload import NdjsonReader
from app.predictor.inputs.rows import RowReader
from app.predictor.scoring.model import ServedModel
from app.predictor.settings import read_settings
from contract.bundle import Bundle
from contract.compute.scoring import PARITY_TOLERANCE, ReferenceModel
from contract.dataset import Dataset
from contract.errors import RowError
from contract.intake.cells import parse_cell
from contract.schema import Column, ModelSchema
from tests.app.predictor.uploads import CSV, NDJSON, read_lines, upload
from tests.conftest import make_bundle
from tests.examples import examples
from training.data.reading import read_values
from training.data.rules import find_broken
from training.data.table import Table
from training.params import Params

Outcome = str | float  # the code of what is refused, or a score
Cells = list[str]

PLACES = ["", " ", "\t", "\u00a0", "\u3000", "\x1c"]
NUMBERS = [
    "", " ", "nan", "inf", "-Infinity", "1e999", "-1e400", "9" * 400, "9" * 5000, "1_000", "0x10", "1,5", "1 0",
    "\u0661", "\uff11", "TRUE", "5.", ".5", "+7", "-0", "0", "007", "1e-320", "15e2", "1551.0", "1.5", "1e39",
    "-1", "200", "200.0000001", "250", "249.99999", "500", "60000", "120", "121", "--1", "e5", "L", '5"',
]  # fmt: skip # a table
TEXTS = [
    "", " ", "X", "null", "0", "1", "1.0", "00", "L", "l", "\uff2c", "L\u0301", "\u200bL", "TA==", "One", "one year",
    "Month-to-month", "MAILED CHECK", "missing", 'L"', "L,M",
]  # fmt: skip # a table
ODD = [True, False, None, 0, 1, 1.5, -0.0, 1e39, 10**30, "", " ", "1", "L", "X"]  # in JSON
REASONS = {
    "is missing": "missing_value",
    "is not a number": "wrong_type",
    "is not one": "unknown_category",
    "is not a whole": "not_whole",
    "is below": "below_minimum",
    "is above": "above_maximum",
}


@dataclasses.dataclass(repr=False)
class Case:
    """A model, the data it comes from, and cells that its columns may be given."""

    bundle: Bundle
    table: Table
    model: ServedModel
    inferrer: Inferrer = dataclasses.field(init=False)
    explainer: Explainer = dataclasses.field(init=False)
    sweeper: Sweeper = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        counters = Counters([], [])
        threads = BatchThreads(counters, 1, 8)
        self.inferrer = Inferrer(threads, counters, self.model, read_settings().max_rows)
        self.explainer, self.sweeper = Explainer(threads, self.model), Sweeper(threads, self.model)

    @property
    def schema(self) -> ModelSchema:
        return self.bundle.manifest.schema

    def draw_cell(self, column: Column, draw: random.Random) -> str:
        values = self.table.inputs[column.name]
        value = values[draw.randrange(len(values))]
        known = "" if pd.isna(value) else str(value)
        if draw.random() < 0.9:
            return known
        odd = draw.choice(TEXTS if column.type == "category" else NUMBERS)
        way = draw.randrange(4)
        if way == 0:
            return odd
        if way == 1 and column.type != "category" and known:
            return f"{float(known):.17e}"
        written = known if way == 2 else draw.choice([known, odd, known.lower(), known.upper()])
        return draw.choice(PLACES) + written + draw.choice(PLACES)

    def draw_rows(self, rows: int, seed: int) -> list[Cells]:
        draw = random.Random(seed)
        return [[self.draw_cell(column, draw) for column in self.schema.columns] for _ in range(rows)]


@pytest.fixture(scope="session", params=["ai4i", "churn", "lenient"])
def case(
    request: pytest.FixtureRequest,
    table: Table,
    churn_table: Table,
    small_params: Params,
    tmp_path_factory: pytest.TempPathFactory,
) -> Case:
    if request.param == "ai4i":
        bundle: Bundle = request.getfixturevalue("bundle")
        return Case(bundle, table, ServedModel(bundle, 1))
    if request.param == "lenient":
        columns = tuple(msgspec.structs.replace(one, unknown="missing") for one in churn_table.dataset.columns)
        dataset = msgspec.structs.replace(churn_table.dataset, columns=columns)
        churn_table = dataclasses.replace(churn_table, dataset=dataset)
    bundle = make_bundle(tmp_path_factory.mktemp("bundles") / request.param, churn_table, small_params)
    return Case(bundle, churn_table, ServedModel(bundle, 1))


def outcome(score: Callable[[], float]) -> Outcome:
    try:
        return score()
    except RowError as error:
        return error.code


def score_alone(case: Case, reader: RowReader, row: dict[str, Any]) -> Outcome:
    """As /v1/predict, /v1/explain and /v1/sweep read one row."""

    def score() -> float:
        values = reader.read_row(json.dumps(row).encode())
        assert values is not None
        return case.model.score_row(reader.settle_row(values), count=False)

    return outcome(score)


def score_many(case: Case, reader: RowReader, rows: list[dict[str, Any]]) -> list[float] | str:
    """As /v1/predict reads many rows: all of them, or the code of the first that is refused."""
    try:
        columns = reader.read_rows(json.dumps({"rows": rows}).encode())
    except RowError as error:
        return error.code
    return case.model.score_columns(columns).scores.tolist()  # type: ignore[no-any-return]


def score_upload(model: ServedModel, content: bytes, is_csv: bool) -> list[Outcome]:
    """As /v1/batch."""
    spool = Spool(2**40)
    schema = model.manifest.schema
    reader = CsvReader(schema) if is_csv else NdjsonReader(schema)
    job = Upload(model, reader, NdjsonWriter(), spool)
    for start in range(0, len(content), 65536):
        job.feed(content[start : start + 65536], start + 65536 >= len(content))
    job.finish()
    answer = b"".join(iter(lambda: spool.read(1_000_000), b""))
    spool.close()
    lines = [json.loads(line) for line in answer.splitlines()][:-1]
    return [line["score"] if "score" in line else line["error"]["code"] for line in lines]


def write_csv(case: Case, rows: Sequence[Cells], quoting: Any = csv.QUOTE_MINIMAL) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting)
    writer.writerow([column.name for column in case.schema.columns])
    writer.writerows(rows)
    return text.getvalue().encode()


def to_json(case: Case, cells: Cells) -> dict[str, Any]:
    """What the cells mean, in JSON; a number too large for JSON's writers is written out."""
    values = [parse_cell(column, cell) for column, cell in zip(case.schema.columns, cells, strict=True)]
    large: dict[Any, int] = {math.inf: 10**400, -math.inf: -(10**400)}
    return {name: large.get(value, value) for name, value in zip(case.model.names, values, strict=True)}


def read_training(case: Case, rows: Sequence[Cells]) -> list[Outcome]:
    """What training makes of the cells: the code of the first reason, or the score of the reference model."""
    dataset: Dataset = case.table.dataset
    good = case.table.frame
    frame = pd.DataFrame({name: [good[name].iloc[0]] * len(rows) for name in dataset.raw_columns}).astype(object)
    if dataset.key:
        frame[dataset.key] = range(len(rows))
    for place, column in enumerate(dataset.columns):
        frame[column.source] = pd.Series([row[place] for row in rows], dtype=object)
    frame.loc[0, dataset.target.source] = good[dataset.target.source].iloc[-1]
    reading = read_values(frame, dataset)
    broken = find_broken(reading, dataset)
    order = {column.source: place for place, column in enumerate(dataset.columns)}
    broken = broken[broken["column"].isin(list(order))]
    found: dict[int, tuple[int, str]] = {}
    for row, name, reason in zip(broken["row"], broken["column"], broken["reason"], strict=True):
        code = next((code for words, code in REASONS.items() if reason.startswith(words)), None)
        if reason == "is not finite":
            code = "above_maximum" if reading.frame[name].to_numpy()[row] > 0 else "below_minimum"
        assert code is not None, reason
        found[row] = min(found.get(row, (99, "")), (order[name], code))
    sound = [row for row in range(len(rows)) if row not in found]
    values = {column.name: reading.frame[column.source].to_numpy()[sound] for column in dataset.columns}
    scores = ReferenceModel.from_bundle(case.bundle).score_table(values).tolist() if sound else []
    told: list[Outcome] = [found[row][1] if row in found else 0.0 for row in range(len(rows))]
    for row, score in zip(sound, scores, strict=True):
        told[row] = float(score)
    return told


def check_alike(found: Sequence[Outcome], expected: Sequence[Outcome], rows: Sequence[Any]) -> None:
    """Codes are equal, scores within the tolerance."""
    assert len(found) == len(expected)
    for one, other, row in zip(found, expected, rows, strict=True):
        if isinstance(one, str) or isinstance(other, str):
            assert one == other, row
        else:
            assert abs(one - other) <= PARITY_TOLERANCE, row


def write_tensors(case: Case, rows: Sequence[dict[str, Any]]) -> bytes:
    return json.dumps(
        {"inputs": [tensor(column, [row[column.name] for row in rows]) for column in case.schema.columns]}
    ).encode()


def write_binary(case: Case, rows: Sequence[dict[str, Any]]) -> tuple[bytes, bytes]:
    """A request of binary tensors, and the length of its JSON; a missing number is NaN, a missing text is empty."""
    inputs, parts = [], []
    for column in case.schema.columns:
        values = [row[column.name] for row in rows]
        if column.type == "category":
            texts = [("" if value is None else value).encode() for value in values]
            parts.append(b"".join(struct.pack("<I", len(text)) + text for text in texts))
        else:
            parts.append(np.array([to_float(value) for value in values], dtype="<f8").tobytes())
        kind = {"name": column.name, "shape": [len(rows)], "datatype": tensor(column, [])["datatype"]}
        inputs.append({**kind, "parameters": {"binary_data_size": len(parts[-1])}})
    head = json.dumps({"inputs": inputs}).encode()
    return head + b"".join(parts), str(len(head)).encode()


def to_float(value: Any) -> float:
    """A number too large for a float64 is infinite, as on the way that JSON takes."""
    if value is None:
        return math.nan
    return float(value) if abs(value) < 10**300 else math.inf if value > 0 else -math.inf


def infer(case: Case, body: bytes, length: bytes | None = None) -> list[float] | str:
    """As the routes of the Open Inference Protocol: all scores, or the code of the first row that is refused."""
    try:
        _, table = case.inferrer.reader.read(body, length)
    except RowError as error:
        return error.code
    return case.model.score_prepared(case.inferrer.prepare(table)).scores.tolist()  # type: ignore[no-any-return]


def check_tensors(case: Case, rows: list[dict[str, Any]], alone: list[Outcome], most_refused: int) -> None:
    """Holds tensors, in JSON and binary, against the row alone: sound ones together, refused ones each by itself."""
    sound = [place for place, told in enumerate(alone) if not isinstance(told, str)]
    if sound:
        together = [rows[place] for place in sound]
        for told in (infer(case, write_tensors(case, together)), infer(case, *write_binary(case, together))):
            assert not isinstance(told, str), told
            check_alike(told, [alone[place] for place in sound], together)
    numbers = [column.name for column in case.schema.columns if column.type != "category"]
    refused = [place for place, told in enumerate(alone) if isinstance(told, str)]
    for place in refused[:most_refused]:
        row = rows[place]
        assert infer(case, write_tensors(case, [row])) == alone[place], row
        if not any(isinstance(row[name], str) for name in numbers):  # binary numbers cannot be text
            assert infer(case, *write_binary(case, [row])) == alone[place], row


def check_questions(case: Case, rows: list[dict[str, Any]], alone: list[Outcome]) -> None:
    """Explanations and sweeps of each row, against the row alone."""
    for row, told in zip(rows, alone, strict=True):
        body = json.dumps(row).encode()
        if isinstance(told, str):
            for reader in (case.explainer.reader, case.sweeper.reader):
                with pytest.raises(RowError) as refused:
                    read_one_row(reader, body)
                assert refused.value.code == told, row
            continue
        values = read_one_row(case.explainer.reader, body)
        base, shares = case.explainer.explain_row(values)
        logit = base + sum(share.contribution for share in shares)
        assert 1 / (1 + math.exp(-logit)) == pytest.approx(told, abs=1e-5), row
        for name, value in zip(case.model.names, values, strict=True):
            assert abs(case.sweeper.score_values(values, name, [value])[0] - told) <= PARITY_TOLERANCE, row


def check_routes(case: Case, rows: list[Cells], most_refused: int = 12, most_questions: int = 12) -> list[Outcome]:
    """Holds every way to read text, JSON or tensors against the row alone."""
    reader = RowReader(case.schema, 10**6)
    meant = [to_json(case, cells) for cells in rows]
    alone = [score_alone(case, reader, row) for row in meant]
    check_alike(score_upload(case.model, write_csv(case, rows), is_csv=True), alone, rows)
    check_alike(score_upload(case.model, write_csv(case, rows, csv.QUOTE_ALL), is_csv=True), alone, rows)
    check_alike(score_upload(case.model, "\n".join(map(json.dumps, meant)).encode(), is_csv=False), alone, rows)
    check_alike(read_training(case, rows), alone, rows)
    sound = [row for row, told in zip(meant, alone, strict=True) if not isinstance(told, str)]
    if sound:
        together = score_many(case, reader, sound)
        assert not isinstance(together, str)
        check_alike(together, [told for told in alone if not isinstance(told, str)], sound)
    check_tensors(case, meant, alone, most_refused)
    check_questions(case, meant[:most_questions], alone[:most_questions])
    return alone


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.integers(1, 12), seed=st.integers(0, 2**32))
def test_every_route_and_training_agree_on_what_is_accepted_and_on_the_score(case: Case, rows: int, seed: int) -> None:
    check_routes(case, case.draw_rows(rows, seed))


@pytest.mark.slow
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_text_at_all_means_the_same_on_every_route(case: Case, data: st.DataObject) -> None:
    cells = st.one_of(
        st.sampled_from(NUMBERS + TEXTS),
        st.text(max_size=6),
        st.floats().map(str),
        st.integers().map(str),
        st.text(st.sampled_from("0123456789+-.eE _,\u0661"), max_size=8),
    ).filter(lambda text: not set("\r\n") & set(text.strip()) and text.isprintable())
    width = len(case.model.names)
    rows = data.draw(st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=4))
    usual = case.draw_rows(len(rows), 1)
    place = data.draw(st.integers(0, width - 1))
    check_routes(case, [[*good[:place], row[place], *good[place + 1 :]] for good, row in zip(usual, rows, strict=True)])


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_json_value_means_the_same_alone_and_beside_others(case: Case, data: st.DataObject) -> None:
    rows = [to_json(case, cells) for cells in case.draw_rows(4, data.draw(st.integers(0, 2**32)))]
    values: st.SearchStrategy[Any] = st.one_of(
        st.sampled_from(ODD), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=4), st.just([])
    )
    for row in rows[1:3]:
        name = data.draw(st.sampled_from(case.model.names))
        row[name] = data.draw(values)
    reader = RowReader(case.schema, 100)
    alone = [score_alone(case, reader, row) for row in rows]
    check_alike(score_upload(case.model, "\n".join(map(json.dumps, rows)).encode(), is_csv=False), alone, rows)
    together = score_many(case, reader, rows)
    first = next((told for told in alone if isinstance(told, str)), None)
    if first is None:
        assert not isinstance(together, str)
        check_alike(together, alone, rows)
    else:
        assert together == first


@pytest.mark.slow
def test_seventy_thousand_rows_of_each_model_are_read_alike(case: Case) -> None:
    size, found = 70_000, 0
    for seed in range(7):
        rows = case.draw_rows(size // 7, seed)
        told = check_routes(case, rows, most_refused=100, most_questions=15)
        found += sum(isinstance(one, str) for one in told)
    print(f"{size} rows, {found} of them refused")
    assert 0.02 * size < found < 0.9 * size


def tensor(column: Column, values: list[Any]) -> dict[str, Any]:
    kind = "BYTES" if column.type == "category" else "FP64"
    return {"name": column.name, "shape": [len(values)], "datatype": kind, "data": values}


def ask(client: httpx.Client, path: str, body: Any, read: Callable[[dict[str, Any]], float]) -> Outcome:
    answer = client.post(path, json=body)
    told = answer.json()
    if answer.status_code == httpx.codes.OK:
        return read(told)
    assert answer.status_code == 422
    return str(told["code"] if path.startswith("/v2") else told["error"]["code"])


@pytest.mark.parametrize("name", ["client", pytest.param("lenient", marks=pytest.mark.slow)])
def test_a_real_server_says_of_a_row_the_same_on_every_route(
    request: pytest.FixtureRequest, name: str, bundle: Bundle, table: Table
) -> None:
    client: httpx.Client = request.getfixturevalue(name)
    served: Bundle = bundle if name == "client" else request.getfixturevalue("lenient_bundle")
    case = Case(served, table, ServedModel(served, 1))
    rows = case.draw_rows(150, 5)
    meant = [to_json(case, cells) for cells in rows]
    columns = case.schema.columns
    alone = [ask(client, "/v1/predict", row, lambda told: told["predictions"][0]["score"]) for row in meant]
    pick = partial(check_alike, expected=alone, rows=meant)
    pick([ask(client, "/v1/predict", {"rows": [row]}, lambda told: told["predictions"][0]["score"]) for row in meant])
    pick([ask(client, "/v1/explain", row, lambda told: told["score"]) for row in meant])
    infer = f"/v2/models/{served.manifest.name}/infer"
    bodies = [{"inputs": [tensor(column, [row[column.name]]) for column in columns]} for row in meant]
    pick([ask(client, infer, body, lambda told: told["outputs"][0]["data"][0]) for body in bodies])
    swept = [ask(client, "/v1/sweep", {"row": row, "column": "torque_nm", "points": 2}, lambda _: 0.0) for row in meant]
    pick([told if isinstance(told, str) else one for told, one in zip(swept, alone, strict=True)])
    for body, kind in ((write_csv(case, rows), CSV), ("\n".join(map(json.dumps, meant)).encode(), NDJSON)):
        lines, _ = read_lines(upload(client, body, kind))
        pick([line["score"] if "score" in line else line["error"]["code"] for line in lines])
    assert {type(told) for told in alone} == {str, float}


def test_a_known_failure_of_the_published_file_is_found_however_its_cells_are_written(
    published_model: ServedModel,
) -> None:
    cells = ["L", "300.5", "311.8", "1368", "57.9", "191"]
    names = published_model.names
    for padded in (cells, [f" {cell}" for cell in cells], [f'"{cell}" ' for cell in cells]):
        content = f"{','.join(names)}\n{','.join(padded)}\n".encode()
        (score,) = score_upload(published_model, content, is_csv=True)
        assert score == pytest.approx(0.9707, abs=0.0001)
        assert published_model.decide(float(score)) is True


def test_blanks_behind_the_commas_of_the_published_file_change_no_score(
    published_model: ServedModel, published: Path
) -> None:
    clean = published.read_bytes().replace(b"\r\n", b"\n")
    hole = b"\n9, M1, M, 300, 310, 1500, , 5, 0, 0, 0, 0, 0, 0\n"
    sources = {
        "clean": clean,
        "blanks": clean.replace(b",", b", "),
        "tabs": clean.replace(b",", b"\t,\t"),
        "quoted": b"\n".join(b'"%b"' % line.replace(b",", b'", "') for line in clean.splitlines()),
        "one empty cell": clean.replace(b",", b", ").rstrip() + hole,
    }
    failed = pd.read_csv(published)["Machine failure"].to_numpy()
    told = {name: score_upload(published_model, content, is_csv=True) for name, content in sources.items()}
    scores = {name: [one for one in found if not isinstance(one, str)] for name, found in told.items()}
    assert all(found == scores["clean"] for found in scores.values())
    assert published_model.threshold is not None
    at_risk = np.array(scores["blanks"]) >= published_model.threshold
    assert (len(at_risk), int(at_risk.sum()), int((at_risk & (failed == 1)).sum())) == (10_000, 336, 309)
