"""A bundle's golden rows go every way that a request goes, before anything is served."""

from typing import Any

import msgspec
import pytest

from app.predictor.application import create_app
from app.predictor.endpoints.golden_rows import check_accepted
from app.predictor.scoring.model import ServedModel
from app.predictor.settings import Settings
from contract.bundle import Bundle
from contract.errors import BundleError


def check(bundle: Bundle, **settings: Any) -> None:
    check_accepted(create_app(Settings(**settings))._make_inferrer(ServedModel(bundle, 1)))


def with_column(bundle: Bundle, name: str, **changes: Any) -> Bundle:
    """The bundle with one column described otherwise."""
    schema = bundle.manifest.schema
    columns = tuple(msgspec.structs.replace(c, **changes) if c.name == name else c for c in schema.columns)
    schema = msgspec.structs.replace(schema, columns=columns)
    return Bundle(msgspec.structs.replace(bundle.manifest, schema=schema), bundle.files)


def test_every_way_takes_the_rows_of_a_bundle_as_it_is_packaged(bundle: Bundle, other_bundle: Bundle) -> None:
    check(bundle)
    check(bundle, max_rows=1)
    check(other_bundle)


@pytest.mark.parametrize(
    ("name", "changes", "told"),
    [
        ("tool_wear_min", {"maximum": 1.0}, "tool_wear_min is too large, expected a whole number from 0 to 1"),
        ("torque_nm", {"type": "integer"}, "torque_nm is not a whole number"),
        ("air_temperature_k", {"minimum": 9000.0, "maximum": 9001.0}, "air_temperature_k is too small"),
    ],
)
def test_a_row_that_a_way_refuses_is_named(bundle: Bundle, name: str, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BundleError, match=rf"golden row [0-9]+ as one row of JSON .* {told}"):
        check(with_column(bundle, name, **changes))
