"""Of several bad rows every route names the first, whatever is wrong with each and however the tensors come."""

import re
from typing import Any

import httpx
import msgspec
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract.bundle import Bundle
from tests.examples import examples

BAD: dict[str, list[Any]] = {
    "type": ["X", "l", None],
    "air_temperature_k": [None, "x", -5.0],
    "torque_nm": [None, True, 1e9],
    "tool_wear_min": [None, "7", -1, 0.5],
    "rotational_speed_rpm": [1.5, -1, "x"],
}
CELLS = [(name, value) for name, values in BAD.items() for value in values]
TYPES = {"type": "BYTES", "rotational_speed_rpm": "INT64", "tool_wear_min": "INT64"}
ROWS = 6


def name_field(answer: httpx.Response) -> str:
    assert answer.status_code == 422, answer.text
    error = answer.json()["error"]
    return str(error["field"] if isinstance(error, dict) else answer.json()["field"])


def name_row(answer: httpx.Response) -> int:
    found = re.match(r"(?:rows|inputs\[\d+\]\.data)\[(\d+)\]", name_field(answer))
    assert found, answer.text
    return int(found[1])


def make_tensors(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "inputs": [
            {
                "name": name,
                "shape": [len(rows)],
                "datatype": TYPES.get(name, "FP64"),
                "data": [row[name] for row in rows],
            }
            for name in rows[0]
        ]
    }


def test_rows_and_tensors_name_the_first_bad_row(client: httpx.Client, bundle: Bundle) -> None:
    path = f"/v2/models/{bundle.manifest.name}/infer"

    @settings(max_examples=examples(150))
    @given(bad=st.dictionaries(st.integers(0, ROWS - 1), st.sampled_from(CELLS), min_size=1, max_size=4))
    @example(bad={1: ("tool_wear_min", -1), 0: ("torque_nm", 1e9)})
    @example(bad={4: ("type", "X"), 2: ("tool_wear_min", None)})
    @example(bad={5: ("torque_nm", True), 3: ("torque_nm", 1e9)})
    @example(bad={5: ("rotational_speed_rpm", 1.5), 3: ("rotational_speed_rpm", -1)})
    @example(bad={5: ("air_temperature_k", "x"), 3: ("type", "l")})
    def check(bad: dict[int, tuple[str, Any]]) -> None:
        rows = [dict(entry.row) for entry in bundle.manifest.golden[:ROWS]]
        for place, (name, value) in bad.items():
            rows[place][name] = value
        assert name_row(client.post("/v1/predict", json={"rows": rows})) == min(bad)
        assert name_row(client.post(path, json=make_tensors(rows))) == min(bad)

    check()


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize(
    "bad",
    [{(4, 1): -5.0, (2, 4): 1e9}, {(5, 0): 7, (4, 5): -1}, {(5, 1): None, (3, 2): -5.0}, {(5, 1): "x", (3, 2): -5.0}],
)
def test_a_matrix_names_the_first_bad_row(
    client: httpx.Client, bundle: Bundle, bad: dict[tuple[int, int], Any], nested: bool
) -> None:
    columns = bundle.manifest.schema.columns
    matrix: list[list[Any]] = [
        [
            column.categories.index(value) if isinstance(value := entry.row[column.name], str) else value
            for column in columns
        ]
        for entry in bundle.manifest.golden[:ROWS]
    ]
    for (row, place), value in bad.items():
        matrix[row][place] = value
    data = matrix if nested else [value for values in matrix for value in values]
    tensor = {"name": "rows", "shape": [ROWS, len(columns)], "datatype": "FP64", "data": data}
    answer = client.post(f"/v2/models/{bundle.manifest.name}/infer", json={"inputs": [tensor]})
    row, place = min(bad)
    expected = f"inputs[0].data[{row}][{place}]" if nested else f"inputs[0].data[{row * len(columns) + place}]"
    assert name_field(answer) == expected


def test_binary_tensors_name_the_first_bad_row(client: httpx.Client, bundle: Bundle) -> None:
    rows = [dict(entry.row) for entry in bundle.manifest.golden[:ROWS]]
    rows[4]["air_temperature_k"], rows[2]["torque_nm"] = -5.0, -1.0
    request = make_tensors(rows)
    parts = []
    for tensor in request["inputs"]:
        if tensor["datatype"] == "FP64":
            parts.append(np.array(tensor.pop("data"), dtype="<f8").tobytes())
            tensor["parameters"] = {"binary_data_size": len(parts[-1])}
    head = msgspec.json.encode(request)
    answer = client.post(
        f"/v2/models/{bundle.manifest.name}/infer",
        content=head + b"".join(parts),
        headers={"content-type": "application/octet-stream", "inference-header-content-length": str(len(head))},
    )
    assert name_row(answer) == 2


def test_an_input_that_is_wrong_as_a_whole_comes_before_any_row(client: httpx.Client, bundle: Bundle) -> None:
    rows = [dict(entry.row) for entry in bundle.manifest.golden[:ROWS]]
    rows[0]["air_temperature_k"] = -5.0
    request = make_tensors(rows)
    request["inputs"][-1]["shape"] = [ROWS, 2]
    answer = client.post(f"/v2/models/{bundle.manifest.name}/infer", json=request)
    assert name_field(answer) == f"inputs[{len(request['inputs']) - 1}].shape"
