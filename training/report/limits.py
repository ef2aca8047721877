"""A report is written as its readers take it: the limits are those of the definition that they read it by."""

from typing import Any

import msgspec
from msgspec.inspect import CustomType, DictType, ListType, NoneType, StrType, StructType, Type, UnionType, VarTupleType

from cli.errors import InputError
from contract.report import LARGEST, MAX_REPORT_BYTES, Report, find_large_numbers, parse_report

REPORT_TYPE = msgspec.inspect.type_info(Report)
DECLARE_FEWER = "declare fewer columns, categories or `slices` in the dataset file"


def encode_report(report: Report) -> bytes:
    """The bytes of report.json, which its readers take.

    Raises: InputError where they would not; ReportError where the verdict is not that of the checks.
    """
    content = fit_report(msgspec.to_builtins(report))
    encoded = check_size(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")
    parse_report(encoded)
    return encoded


def fit_report(content: dict[str, Any]) -> dict[str, Any]:
    """The report with every text as long as its readers take, a cut one with an ellipsis at its end.

    Raises: InputError where cutting would change what is said: too many lines, or a number beyond all use.
    """
    for place, number in find_large_numbers(content):
        raise InputError(
            f"the gate's report has {number:g} at {place}, its readers take numbers up to {LARGEST:g}: give the "
            "target in a larger unit, or look for values that are none"
        )
    fitted: dict[str, Any] = _fit(content, REPORT_TYPE, "report")
    return fitted


def check_size(content: bytes) -> bytes:
    """Raises: InputError."""
    if len(content) > MAX_REPORT_BYTES:
        raise InputError(
            f"the gate's report would have {len(content):,} bytes, its readers take {MAX_REPORT_BYTES:,}: "
            f"{DECLARE_FEWER}"
        )
    return content


def _fit(value: Any, kind: Type | CustomType, name: str) -> Any:
    match kind:
        case UnionType(types=types) if value is not None:
            return _fit(value, next(one for one in types if not isinstance(one, NoneType)), name)
        case StructType(fields=fields) if isinstance(value, dict):
            known = {field.encode_name: field.type for field in fields}
            return {key: _fit(part, known[key], key) if key in known else part for key, part in value.items()}
        case DictType(value_type=inner) if isinstance(value, dict):
            return {key: _fit(part, inner, name) for key, part in value.items()}
        case ListType(item_type=inner, max_length=most) | VarTupleType(item_type=inner, max_length=most):
            if most is not None and len(value) > most:
                raise InputError(
                    f"the gate's report would have {len(value):,} {name}, its readers take {most:,}: {DECLARE_FEWER}"
                )
            return [_fit(part, inner, name) for part in value]
        case StrType(max_length=int(most)) if isinstance(value, str) and len(value) > most:
            return value[: most - 1] + "…"
    return value
