"""Large bodies are read a piece at a time, and say what the whole would have said."""

import gc
import json
import tracemalloc
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.predictor.http.errors import ApiError
from app.predictor.inputs import pieces, row_pieces
from app.predictor.inputs.rows import RowReader
from contract.bundle import Bundle
from contract.errors import RowError

PIECE = 700  # a row and a half to four
BODY = 8 * 1024 * 1024
MAX_ROWS = 10_000

BLANKS = st.sampled_from(["", "", " ", "\n", "\t \r\n", " " * 900])
ODD_VALUES: list[Any] = [
    "}",
    "},",
    "]}",
    '"',
    "\\",
    '"},{',
    "é",
    "a:b",
    "x" * 300,
    1,
    None,
    [1],
    {"a": 1},
    {},
    [],
    -1e300,
]


@pytest.fixture
def reader(bundle: Bundle) -> RowReader:
    return RowReader(bundle.manifest.schema, MAX_ROWS)


def outcome(read: Callable[[], Any]) -> object:
    """What was read or why not, without the place of a byte."""
    try:
        columns = read()
    except RowError as error:
        return error.code, error.field, str(error)
    except ApiError as error:
        return error.code, error.field
    return {name: list(values) for name, values in columns.items()}


def read_whole(reader: RowReader, body: bytes) -> Any:
    columns = reader.try_rows(body)
    if columns is None:
        raise reader._explain(body)
    return columns


@st.composite
def bodies(draw: Any, row: dict[str, Any]) -> Any:
    """Batches with blanks anywhere, at most one odd value, and perhaps something amiss at a place between rows."""
    rows: list[dict[str, Any]] = [dict(row) for _ in range(draw(st.integers(0, 12)))]
    if rows and draw(st.booleans()):
        odd = rows[draw(st.integers(0, len(rows) - 1))]
        name = draw(st.sampled_from([*row, "extra", "type", "type"]))
        odd[name] = draw(st.sampled_from(ODD_VALUES))
    is_ascii: bool = draw(st.booleans())
    texts = [json.dumps(one, ensure_ascii=is_ascii) for one in rows]
    if texts and draw(st.integers(0, 3)) == 0:
        broken = draw(st.integers(0, len(texts) - 1))
        texts[broken] = draw(
            st.sampled_from(["", "{", "[", "null", "1", '"', "01", texts[broken][:-1], texts[broken] + "}"])
        )
    joined = ",".join(draw(BLANKS) + text + draw(BLANKS) for text in texts)
    end = draw(
        st.sampled_from(
            ["]}"] * 8 + ["]", "}", "],}", "]} x", '], "more": 1}', '], "rows": []}', '], "a": "' + "b" * 800 + '"}']
        )
    )
    return ('{"rows":' + draw(BLANKS) + "[" + joined + end + draw(BLANKS)).encode()


@given(data=st.data())
def test_pieces_give_what_the_whole_gives(data: st.DataObject, bundle: Bundle) -> None:
    row = dict(bundle.manifest.golden[0].row)
    body = data.draw(bodies(row))
    reader = RowReader(bundle.manifest.schema, 10)
    with pytest.MonkeyPatch.context() as patch:
        for module in (pieces, row_pieces):
            patch.setattr(module, "PIECE_BYTES", PIECE)
        found = outcome(lambda: reader._to_columns(reader._read_pieces(body)))
    whole = outcome(lambda: read_whole(reader, body))
    if isinstance(whole, tuple) and isinstance(found, tuple) and found != whole:
        # of two faults it is the first in the body that is told, and a row may be too long for its piece
        assert len(body) > PIECE or found[0] in ("unknown_field", "too_many_rows", "wrong_type", "missing_field")
        return
    assert found == whole


def good(reader: RowReader, bundle: Bundle) -> bytes:
    return json.dumps(dict(bundle.manifest.golden[0].row)).encode()


def fill(item: bytes) -> bytes:
    """{"rows": [item, item, …]} as large as a body may be."""
    return b'{"rows":[' + item + (b"," + item) * ((BODY - 30) // (len(item) + 1) - 1) + b"]}"


@pytest.mark.slow
def test_hostile_rows_are_refused_in_little_memory_and_leave_nothing(reader: RowReader, bundle: Bundle) -> None:
    row = good(reader, bundle)
    hostile = {
        "repeated_name": [fill(row.replace(b"{", b'{"type":1,', 1))],
        "missing_field": [
            fill(b"{}"), fill(b'{"a":{}}'), fill(b"{%b}" % b",".join(b'"%d":{}' % i for i in range(2000))),
        ],
        "too_many_rows": [fill(row), fill(row + b" " * 100)],
        "wrong_type": [
            fill(b"[]"), fill(b"1"), fill(b'""'), fill(b"[1,2]"), b'{"rows":[' + b"9" * BODY + b"]}",
        ],
        "malformed_json": [
            fill(b""), b'{"rows":[' + b"[" * BODY, b'{"rows":[' + b"{" * BODY, b'{"rows":[' + b" " * BODY,
            b'{"rows":[' + b"," * BODY, fill(b'{"a":'), b'{"rows":[' + row + b"," * BODY + b"]}",
        ],
        "body_too_large": [
            b'{"rows":[{"' + b"a" * BODY + b'":1}]}', b'{"rows":["' + b"a" * BODY + b'"]}',
            b'{"rows":[' + row + b',"' + b"a" * BODY + b'"]}',
        ],
        "unknown_field": [b'{"rows":[' + row + b'],"a":[' + b"1," * (BODY // 2) + b"1]}"],
    }  # fmt: skip # a table
    for codes, bodies in hostile.items():
        for body in bodies:
            gc.collect()
            gc.disable()
            tracemalloc.start()
            told = outcome(partial(reader.read_rows, body))
            left, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            gc.enable()
            assert isinstance(told, tuple), body[:60]
            assert told[0] == codes, (told, body[:60])
            assert peak < 12 * 1024 * 1024, (peak, body[:60])
            # of small keys msgspec keeps some; a piece would be more
            assert left < 48 * 1024, (left, body[:60])


def test_no_call_is_given_more_than_a_piece(reader: RowReader, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    row = good(reader, bundle)
    seen: list[int] = []

    def watch(name: str) -> None:
        usual = getattr(reader, name)

        def record(body: bytes) -> Any:
            seen.append(len(body))
            return usual(body)

        monkeypatch.setattr(reader, name, record)

    for name in ("_decode_list", "_decode_row", "_decode_rows"):
        watch(name)
    columns = reader.read_rows(b'{"rows":[' + b",  ".join([row + b" " * 600] * MAX_ROWS) + b"]}")
    assert {len(values) for values in columns.values()} == {MAX_ROWS}
    assert len(seen) > 100
    assert max(seen) <= pieces.PIECE_BYTES + 2
