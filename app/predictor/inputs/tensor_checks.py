"""What is refused of an inference request of the Open Inference Protocol V2, by the path of its place."""

import re
from typing import Any

import msgspec

from contract.errors import RowError
from contract.intake.values import name_type
from contract.schema import Column

EXPECTED = "expected what the Open Inference Protocol V2 has there"
# parameters of the protocol's extensions that would change what is asked or answered
CHANGES = ("classification", "shared_memory_region", "shared_memory_byte_size", "shared_memory_offset")
SWITCHES = ("binary_data", "binary_data_output")
CODECS = ("base64", "datetime")  # of MLServer: they make other values of the same data


def explain_mismatch(error: msgspec.ValidationError, prefix: str = "", first: int = 0) -> RowError:
    """What msgspec says of JSON that has another shape, by the path of the place; it never repeats a value.

    `first` is the index of the first item where only a part of an array was decoded.
    """
    what, _, place = str(error).partition(" - at `$")
    if first:
        place = re.sub(r"^\[(\d+)\]", lambda types: f"[{int(types[1]) + first}]", place)
    path = f"{prefix}{place.rstrip('`')}".lstrip(".")
    if missing := re.fullmatch("Object missing required field `(.*)`", what):
        field = f"{path}.{missing[1]}".lstrip(".")
        return RowError(
            "missing_field", f"{field} is missing, expected as the Open Inference Protocol V2 has it", field
        )
    types = re.fullmatch("Expected `(.*)`, got `(.*)`", what)
    problem = f"is of type {types[2]}, expected {types[1]}" if types else f"is not right, {EXPECTED}"
    return RowError("wrong_type", f"{path or 'the request'} {problem}", path or None)


def check_datatype(datatype: str, name: str, expected: tuple[str, ...], path: str) -> None:
    """Raises: RowError."""
    if datatype not in expected:
        field = f"{path}.datatype"
        message = f"{field} ({name}) is not one that it can have, expected {' or '.join(expected)}"
        raise RowError("wrong_type", message, field)


def check_parameters(request: Any) -> None:
    """Whether the parameters ask for nothing that is not done here; those that mean nothing here are ignored.

    Raises: RowError.
    """
    _check_known(request.parameters, "parameters")
    for name, parts in (("inputs", request.inputs), ("outputs", request.outputs or ())):
        for index, part in enumerate(parts):
            _check_known(part.parameters, f"{name}[{index}].parameters")


def _check_known(parameters: Any, path: str) -> None:
    if not parameters:
        return
    for name, value in parameters.items():
        field = f"{path}.{name}"
        if name in SWITCHES and not isinstance(value, bool | None):
            raise RowError("wrong_type", f"{field} is {name_type(value)}, expected true or false", field)
        if name in CHANGES and value is not None:
            raise RowError("unknown_field", f"{field} asks for what is not done here", field)
        if name == "content_type" and value in CODECS:
            raise RowError("unknown_field", f"{field} names a codec that is not supported, expected plain data", field)


def locate_column(error: RowError, column: Column, path: str) -> RowError:
    """What is wrong with a column's value, by its place in the request: `inputs[2].data[5]`."""
    if error.field is None or not error.field.startswith(f"{column.name}["):
        return error
    return move_error(error, column, path + error.field.removeprefix(column.name))


def locate_cell(error: RowError, column: Column, place: int, width: int, is_nested: bool) -> RowError:
    """As `locate_column`, of column `place` of a matrix of `width` columns."""
    row = int((error.field or "[0]").rpartition("[")[2].rstrip("]"))
    index = f"[{row}][{place}]" if is_nested else f"[{row * width + place}]"
    return move_error(error, column, f"inputs[0].data{index}")


def move_error(error: RowError, column: Column, field: str) -> RowError:
    return RowError(error.code, str(error).replace(error.field or "", f"{field} ({column.name})", 1), field)
