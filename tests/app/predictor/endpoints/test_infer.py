"""The Open Inference Protocol V2 on a real server, in JSON and in bytes."""

import json
import struct
from typing import Any

import httpx
import numpy as np
import pytest

from contract.bundle import Bundle
from contract.compute.scoring import PARITY_TOLERANCE, ReferenceModel
from training.data.table import Table

ROWS = 1000
TYPES = {"category": "BYTES", "integer": "INT64", "number": "FP64"}
CODES = {"FP64": "<f8", "FP32": "<f4", "INT64": "<i8", "INT32": "<i4"}


@pytest.fixture(scope="session")
def columns(table: Table) -> dict[str, list[Any]]:
    return {name: values[:ROWS].tolist() for name, values in table.inputs.items()}


@pytest.fixture(scope="session")
def expected(bundle: Bundle, columns: dict[str, list[Any]]) -> np.ndarray:
    return ReferenceModel.from_bundle(bundle).score_table(columns)


@pytest.fixture(scope="session")
def path(bundle: Bundle) -> str:
    return f"/v2/models/{bundle.manifest.name}/infer"


@pytest.fixture(scope="session")
def tensors(bundle: Bundle, columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    kinds = {column.name: TYPES[column.type] for column in bundle.manifest.schema.columns}
    return [{"name": n, "shape": [ROWS], "datatype": kinds[n], "data": data} for n, data in columns.items()]


def take(tensors: list[dict[str, Any]], rows: int) -> list[dict[str, Any]]:
    return [tensor | {"shape": [rows], "data": tensor["data"][:rows]} for tensor in tensors]


def read_outputs(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == httpx.codes.OK, answer.text
    return {output["name"]: output for output in answer.json()["outputs"]}


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    told = answer.json()
    return answer.status_code, told["code"], told.get("field")


def pack(tensor: dict[str, Any]) -> bytes:
    """A tensor's data as the binary extension has them."""
    if tensor["datatype"] == "BYTES":
        return b"".join(struct.pack("<I", len(text.encode())) + text.encode() for text in tensor["data"])
    return np.array(tensor["data"]).astype(CODES[tensor["datatype"]]).tobytes()


def send_binary(client: httpx.Client, path: str, tensors: list[dict[str, Any]], **request: Any) -> httpx.Response:
    parts = [pack(tensor) for tensor in tensors]
    inputs = [
        {name: value for name, value in tensor.items() if name != "data"}
        | {"parameters": {"binary_data_size": len(part)}}
        for tensor, part in zip(tensors, parts, strict=True)
    ]
    content = json.dumps({"inputs": inputs, **request}).encode()
    headers = {"inference-header-content-length": str(len(content)), "content-type": "application/octet-stream"}
    return client.post(path, content=content + b"".join(parts), headers=headers)


@pytest.mark.parametrize("rows", [1, 64, 65, ROWS])
def test_tensors_of_each_column_score_as_xgboost_does(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], expected: np.ndarray, bundle: Bundle, rows: int
) -> None:
    outputs = read_outputs(client.post(path, json={"inputs": take(tensors, rows)}))
    assert outputs["score"]["shape"] == outputs["decision"]["shape"] == [rows]
    np.testing.assert_allclose(outputs["score"]["data"], expected[:rows], atol=PARITY_TOLERANCE, rtol=0)
    scores = np.array(outputs["score"]["data"])
    assert outputs["decision"]["data"] == (scores >= bundle.manifest.threshold).tolist()


@pytest.mark.parametrize("datatype", ["FP64", "FP32"])
def test_one_matrix_with_codes_scores_as_xgboost_does(
    client: httpx.Client, path: str, table: Table, expected: np.ndarray, datatype: str
) -> None:
    encoded = table.plan.encode_table({name: values[:ROWS] for name, values in table.inputs.items()})
    matrix = np.column_stack(list(encoded.values()))
    tensor = {"name": "rows", "shape": list(matrix.shape), "datatype": datatype, "data": matrix.tolist()}
    flat = tensor | {"data": matrix.ravel().tolist()}
    for sent in (tensor, flat):
        outputs = read_outputs(client.post(path, json={"inputs": [sent]}))
        np.testing.assert_allclose(outputs["score"]["data"], expected, atol=PARITY_TOLERANCE, rtol=0)


def test_binary_tensors_are_taken_and_given(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], expected: np.ndarray
) -> None:
    answer = send_binary(client, path, tensors, parameters={"binary_data_output": True}, id="one")
    length = int(answer.headers["inference-header-content-length"])
    told = json.loads(answer.content[:length])
    assert told["id"] == "one"
    assert [output["parameters"]["binary_data_size"] for output in told["outputs"]] == [8 * ROWS, ROWS]
    scores = np.frombuffer(answer.content[length : length + 8 * ROWS])
    np.testing.assert_allclose(scores, expected, atol=PARITY_TOLERANCE, rtol=0)
    json_out = read_outputs(send_binary(client, path, take(tensors, 5), outputs=[{"name": "score"}]))
    assert list(json_out) == ["score"]


def test_a_version_may_be_named(client: httpx.Client, bundle: Bundle, tensors: list[dict[str, Any]]) -> None:
    model = f"/v2/models/{bundle.manifest.name}"
    versioned = f"{model}/versions/{bundle.manifest.version}"
    body = {"inputs": take(tensors, 1)}
    assert client.post(f"{versioned}/infer", json=body).json() == client.post(f"{model}/infer", json=body).json()
    assert client.post(f"{model}/versions/0/infer", json=body).status_code == httpx.codes.NOT_FOUND
    assert client.get(versioned).json() == client.get(model).json()


def test_the_metadata_describe_every_column(client: httpx.Client, bundle: Bundle) -> None:
    told = client.get(f"/v2/models/{bundle.manifest.name}").json()
    assert [entry["name"] for entry in told["inputs"]] == [column.name for column in bundle.manifest.schema.columns]
    assert told["versions"] == [bundle.manifest.version]


REFUSALS: list[tuple[str, dict[str, Any], int, str, str | None]] = [
    ("too large", {"data": [42.8, 1e300]}, 422, "above_maximum", "inputs[4].data[1]"),
    ("too small", {"data": [-1.0, 2.0]}, 422, "below_minimum", "inputs[4].data[0]"),
    ("null", {"data": [1.0, None]}, 422, "missing_value", "inputs[4].data[1]"),
    ("boolean", {"data": [1.0, True]}, 422, "wrong_type", "inputs[4].data[1]"),
    ("string", {"data": [1.0, "2"]}, 422, "wrong_type", "inputs[4].data[1]"),
    ("nested string", {"data": [[1.0], ["2"]], "shape": [2, 1]}, 422, "wrong_type", "inputs[4].data[1][0]"),
    ("an object", {"data": {}}, 422, "wrong_type", "inputs[4].data"),
    ("too few", {"data": [1.0]}, 422, "wrong_shape", "inputs[4].data"),
    ("no data", {"data": None}, 422, "missing_field", "inputs[4].data"),
    ("negative shape", {"shape": [-2]}, 422, "wrong_shape", "inputs[4].shape"),
    ("shape of another type", {"shape": ["2"]}, 422, "wrong_type", "inputs[4].shape[0]"),
    ("no shape", {"shape": None}, 422, "wrong_type", "inputs[4].shape"),
    ("other rows", {"shape": [3], "data": [1.0, 2.0, 3.0]}, 422, "wrong_shape", "inputs[4].shape"),
    ("other rank", {"shape": [1, 2]}, 422, "wrong_shape", "inputs[4].shape"),
    ("other datatype", {"datatype": "BYTES"}, 422, "wrong_type", "inputs[4].datatype"),
    ("datatype of no protocol", {"datatype": "float"}, 422, "wrong_type", "inputs[4].datatype"),
    ("fraction as integer", {"datatype": "INT64", "data": [1.0, 1.5]}, 422, "not_whole", "inputs[4].data[1]"),
    ("unknown name", {"name": "other"}, 422, "unknown_field", "inputs[4].name"),
    ("name of no type", {"name": 1}, 422, "wrong_type", "inputs[4].name"),
    ("name of another", {"name": "process_temperature_k", "data": [300.0, 300.0]}, 400, "repeated_name",
     "inputs[4].name"),
    ("parameters of no type", {"parameters": []}, 422, "wrong_type", "inputs[4].parameters"),
    ("a codec", {"parameters": {"content_type": "base64"}}, 422, "unknown_field",
     "inputs[4].parameters.content_type"),
    ("shared memory", {"parameters": {"shared_memory_region": "a"}}, 422, "unknown_field",
     "inputs[4].parameters.shared_memory_region"),
    ("data twice", {"parameters": {"binary_data_size": 0}}, 400, "malformed_tensor",
     "inputs[4].parameters.binary_data_size"),
]  # fmt: skip # a table


@pytest.mark.parametrize("case", REFUSALS, ids=[case[0] for case in REFUSALS])
def test_a_tensor_that_does_not_fit_is_refused(
    client: httpx.Client,
    path: str,
    tensors: list[dict[str, Any]],
    case: tuple[str, dict[str, Any], int, str, str | None],
) -> None:
    _, change, status, code, field = case
    inputs = [tensor | change if tensor["name"] == "torque_nm" else tensor for tensor in take(tensors, 2)]
    assert refusal(client.post(path, json={"inputs": inputs})) == (status, code, field)


ABOUT_ALL: list[tuple[dict[str, Any], str, str | None]] = [
    ({"id": 1}, "wrong_type", "id"),
    ({"parameters": 1}, "wrong_type", "parameters"),
    ({"outputs": [{"name": "other"}]}, "unknown_field", "outputs[0].name"),
    ({"outputs": [{"name": "score"}, {}]}, "missing_field", "outputs[1].name"),
    (
        {"outputs": [{"name": "score", "parameters": {"classification": 2}}]},
        "unknown_field",
        "outputs[0].parameters.classification",
    ),
    (
        {"outputs": [{"name": "score", "parameters": {"binary_data": "yes"}}]},
        "wrong_type",
        "outputs[0].parameters.binary_data",
    ),
    ({"parameters": {"binary_data_output": 1}}, "wrong_type", "parameters.binary_data_output"),
]


@pytest.mark.parametrize(("change", "code", "field"), ABOUT_ALL, ids=[str(case[0]) for case in ABOUT_ALL])
def test_what_would_mean_something_else_is_refused_by_its_path(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], change: dict[str, Any], code: str, field: str
) -> None:
    answer = client.post(path, json={"inputs": take(tensors, 2), **change})
    assert refusal(answer) == (422, code, field)
    assert field in answer.json()["error"]


def test_an_input_that_is_missing_is_named(client: httpx.Client, path: str, tensors: list[dict[str, Any]]) -> None:
    answer = client.post(path, json={"inputs": take(tensors, 2)[1:]})
    assert refusal(answer) == (422, "missing_field", "inputs")
    assert tensors[0]["name"] in answer.json()["error"]


IGNORED: list[dict[str, Any]] = [
    {"model_name": "other", "model_version": None, "id": None, "parameters": None, "outputs": None},
    {"extra": {"deep": [1, {"inputs": 2}]}, "raw_input_contents": None},
    {
        "parameters": {
            "content_type": "pd",
            "headers": {"a": "b"},
            "sequence_id": 0,
            "priority": None,
            "binary_data_output": None,
        }
    },
    {"outputs": [{"name": "score", "parameters": None, "data": None}, {"name": "decision", "shape": []}]},
    {"outputs": []},
]
IGNORED_OF_AN_INPUT: list[dict[str, Any]] = [
    {"parameters": None},
    {"parameters": {"content_type": None, "headers": None, "binary_data_size": None, "any": [1]}},
    {"contents": None, "extra": True, "model_name": "x"},
]


@pytest.mark.parametrize("of_input", IGNORED_OF_AN_INPUT, ids=str)
@pytest.mark.parametrize("beside", IGNORED, ids=str)
def test_what_the_protocol_s_other_servers_ignore_is_ignored(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], beside: dict[str, Any], of_input: dict[str, Any]
) -> None:
    plain = read_outputs(client.post(path, json={"inputs": take(tensors, 3)}))
    dressed = {**beside, "inputs": [tensor | of_input for tensor in take(tensors, 3)]}
    assert read_outputs(client.post(path, json=dressed)) == plain


@pytest.mark.parametrize(
    "extra", ["9" * 5000, "[" * 900 + "]" * 900, '"\\ud800"', "1e999", '{"a": 1, "b": 2}'], ids=lambda extra: extra[:9]
)
def test_whatever_is_ignored_breaks_nothing(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], extra: str
) -> None:
    text = json.dumps({"inputs": take(tensors, 1)})
    for sent in (text.replace("{", f'{{"extra": {extra}, ', 1), text[:-1] + f', "extra": {extra}}}'):
        assert client.post(path, content=sent.encode()).status_code in (200, 400)
    broken = text.replace("{", '{"extra": "\xff", ', 1).encode("latin-1")
    assert refusal(client.post(path, content=broken))[:2] == (400, "malformed_json")
    twice = text.replace("{", '{"extra": 1, "extra": 2, ', 1).encode()
    assert refusal(client.post(path, content=twice))[:2] == (400, "repeated_name")


def test_nulls_may_stand_beside_bytes(client: httpx.Client, path: str, tensors: list[dict[str, Any]]) -> None:
    plain = read_outputs(client.post(path, json={"inputs": take(tensors, 3)}))
    dressed = [tensor | {"contents": None} for tensor in take(tensors, 3)]
    assert read_outputs(send_binary(client, path, dressed, outputs=None, parameters=None, model_name="x")) == plain


@pytest.mark.parametrize(
    "body",
    [{}, {"inputs": []}, {"inputs": None}, {"inputs": [{}]}, {"inputs": [1]}, [], None, 1, {"inputs": [], "x": 1}],
    ids=str,
)
def test_what_is_no_request_is_refused(client: httpx.Client, path: str, body: object) -> None:
    answer = client.post(path, content=json.dumps(body))
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    assert isinstance(answer.json()["error"], str)


@pytest.mark.parametrize("length", ["-1", "x", "99999999", "1e2", "", "+2", "2,2", "9" * 5000, "0" * 5000, "2_0", "²"])
def test_a_wrong_header_length_is_refused(client: httpx.Client, path: str, length: str) -> None:
    answer = client.post(path, content=b"{}", headers=[(b"inference-header-content-length", length.encode())])
    assert refusal(answer)[:2] == (400, "malformed_tensor")


@pytest.mark.parametrize("size", [-1, 0, 15, 17, 2**40, True, "16", 1.5])
def test_a_wrong_binary_size_is_refused(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], size: object
) -> None:
    inputs = take(tensors, 2)
    inputs = [t if t["name"] != "torque_nm" else {**t, "parameters": {"binary_data_size": size}} for t in inputs]
    inputs = [{k: v for k, v in t.items() if k != "data" or "parameters" not in t} for t in inputs]
    content = json.dumps({"inputs": inputs}).encode()
    headers = {"inference-header-content-length": str(len(content))}
    answer = client.post(path, content=content + b"\0" * 16, headers=headers)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_bytes_that_are_not_finite_are_refused(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], value: float
) -> None:
    inputs = [t if t["name"] != "torque_nm" else t | {"data": [1.0, value]} for t in take(tensors, 2)]
    status, _, field = refusal(send_binary(client, path, inputs))
    assert (status, field) == (422, "inputs[4].data[1]")


def test_a_repeated_key_is_refused(client: httpx.Client, path: str, tensors: list[dict[str, Any]]) -> None:
    text = json.dumps({"inputs": take(tensors, 1)})
    doubled = text.replace('"datatype": "FP64"', '"datatype": "INT64", "datatype": "FP64"', 1)
    assert refusal(client.post(path, content=doubled.encode()))[:2] == (400, "repeated_name")


def test_a_repeated_key_beside_numbers_alone_is_refused(client: httpx.Client, path: str, row: dict[str, Any]) -> None:
    tensor = {"name": "rows", "shape": [1, len(row)], "datatype": "FP64", "data": [0.0, *list(row.values())[1:]]}
    text = json.dumps({"inputs": [tensor]})
    assert client.post(path, content=text.encode()).status_code == httpx.codes.OK
    doubled = text.replace('"datatype": "FP64"', '"datatype": "INT64", "datatype": "FP64"', 1)
    assert refusal(client.post(path, content=doubled.encode()))[:2] == (400, "repeated_name")


@pytest.mark.parametrize(
    ("value", "code"), [(None, "missing_value"), ("1", "wrong_type"), (True, "wrong_type"), (1e39, "above_maximum")]
)
def test_a_matrix_with_one_value_that_is_refused(
    client: httpx.Client, path: str, row: dict[str, Any], value: object, code: str
) -> None:
    values: list[object] = [0.0, *list(row.values())[1:]] * 100
    values[6 * 50 + 1] = value
    tensor = {"name": "rows", "shape": [100, len(row)], "datatype": "FP64", "data": values}
    assert refusal(client.post(path, json={"inputs": [tensor]})) == (422, code, "inputs[0].data[301]")
    tensor["data"] = [values[at : at + 6] for at in range(0, 600, 6)]
    assert refusal(client.post(path, json={"inputs": [tensor]})) == (422, code, "inputs[0].data[50][1]")


def test_a_code_beyond_the_categories_is_refused(client: httpx.Client, path: str, row: dict[str, Any]) -> None:
    values = [3.0, *(row[name] for name in list(row)[1:])]
    tensor = {"name": "rows", "shape": [1, len(values)], "datatype": "FP64", "data": values}
    assert refusal(client.post(path, json={"inputs": [tensor]}))[:2] == (422, "above_maximum")


def test_more_rows_than_allowed_are_refused(client: httpx.Client, path: str) -> None:
    tensor = {"name": "rows", "shape": [10_001, 6], "datatype": "FP64", "data": [1.0] * 60_006}
    assert refusal(client.post(path, json={"inputs": [tensor]}))[:2] == (422, "too_many_rows")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("X", "unknown_category"),
        ("l", "unknown_category"),
        ("TA==", "unknown_category"),
        (" ", "missing_value"),
        (None, "missing_value"),
    ],
)
def test_a_category_that_is_not_declared_is_refused(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], value: str | None, code: str
) -> None:
    inputs = take(tensors, 3)
    inputs[0] = inputs[0] | {"data": ["L", value, "Y"]}
    answer = client.post(path, json={"inputs": inputs})
    assert refusal(answer) == (422, code, "inputs[0].data[1]")
    assert answer.json()["error"].endswith("expected one of L, M, H")
    if value is not None:
        assert refusal(send_binary(client, path, inputs)) == (422, code, "inputs[0].data[1]")


def test_blanks_around_a_category_are_not_part_of_it(
    client: httpx.Client, path: str, tensors: list[dict[str, Any]], expected: np.ndarray
) -> None:
    inputs = take(tensors, 100)
    inputs[0] = inputs[0] | {"data": [f" {text} " for text in inputs[0]["data"]]}
    for answer in (client.post(path, json={"inputs": inputs}), send_binary(client, path, inputs)):
        np.testing.assert_allclose(read_outputs(answer)["score"]["data"], expected[:100], atol=PARITY_TOLERANCE, rtol=0)


def test_an_undeclared_category_is_warned_of_where_the_dataset_file_takes_it(
    lenient: httpx.Client, lenient_bundle: Bundle, tensors: list[dict[str, Any]]
) -> None:
    inputs = take(tensors, 3)
    path = f"/v2/models/{lenient_bundle.manifest.name}/infer"
    assert "parameters" not in lenient.post(path, json={"inputs": inputs}).json()
    inputs[0] = inputs[0] | {"data": ["X", "L", "x"]}
    warnings = json.loads(lenient.post(path, json={"inputs": inputs}).json()["parameters"]["warnings"])
    assert [(entry["code"], entry["row"]) for entry in warnings] == [("unknown_category", 0), ("unknown_category", 2)]
