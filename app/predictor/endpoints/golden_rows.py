"""A bundle's golden rows on the very ways that requests go: what is served must take what it was judged on."""

import contextlib
import csv
import io
from collections.abc import Iterator
from typing import Any

import msgspec

from app.predictor.endpoints.infer import Inferrer
from app.predictor.endpoints.infer_metadata import describe_model
from app.predictor.endpoints.upload import Reader, Upload
from app.predictor.endpoints.upload_answer import NdjsonWriter
from app.predictor.http.errors import ApiError
from app.predictor.http.spool import Spool
from app.predictor.inputs.csv_upload import CsvReader
from app.predictor.inputs.ndjson_upload import NdjsonReader
from app.predictor.inputs.rows import RowReader
from contract.errors import BundleError, RowError

MAX_ANSWER_BYTES = 64 * 1024 * 1024

Rows = list[dict[str, Any]]


def check_accepted(inferrer: Inferrer) -> None:
    """Reads every golden row as JSON alone and in company, as CSV, as JSON lines, and as tensors.

    Raises: BundleError if one of these ways refuses one.
    """
    schema = inferrer.model.manifest.schema
    rows = [dict(entry.row) for entry in inferrer.model.manifest.golden]
    reader = RowReader(schema, len(rows))
    for index, row in enumerate(rows):
        with _refusing(f"golden row {index} as one row of JSON"):
            reader.settle_row(reader.read_row(msgspec.json.encode(row)) or ())
    with _refusing("the golden rows as many of JSON"):
        reader.read_rows(msgspec.json.encode({"rows": rows}))
    with _refusing("the golden rows as CSV"):
        _upload(inferrer, CsvReader(schema), _write_csv(rows))
    with _refusing("the golden rows as JSON lines"):
        _upload(inferrer, NdjsonReader(schema), b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
    whole = [row for row in rows if None not in row.values()]  # these tensors cannot say that a value is missing
    most = inferrer.reader.max_rows
    with _refusing("the golden rows as tensors"):
        for start in range(0, len(whole), most):
            inferrer.reader.read(_write_tensors(inferrer, whole[start : start + most]), None)


@contextlib.contextmanager
def _refusing(what: str) -> Iterator[None]:
    try:
        yield
    except (RowError, ApiError) as error:
        raise BundleError(f"{what} are refused by the bundle's own schema: {error}") from error


def _upload(inferrer: Inferrer, reader: Reader, body: bytes) -> None:
    with contextlib.closing(Spool(MAX_ANSWER_BYTES)) as spool:
        rejected = Upload(inferrer.model, reader, NdjsonWriter(), spool).feed(body, True).rejected
    for code, count in rejected.items():
        raise RowError(code, f"{count} of them with {code}")


def _write_csv(rows: Rows) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _write_tensors(inferrer: Inferrer, rows: Rows) -> bytes:
    kinds = {column["name"]: column["datatype"] for column in describe_model(inferrer.model.manifest)["inputs"]}
    inputs = [
        {"name": name, "shape": [len(rows)], "datatype": kinds[name], "data": [row[name] for row in rows]}
        for name in rows[0]
    ]
    return msgspec.json.encode({"inputs": inputs})
