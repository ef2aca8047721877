"""A manifest whose digests are in order and whose parts do not agree is refused, by the part's name."""

from typing import Any

import msgspec
import pytest

from contract.bundle import Bundle, parse_manifest, seal_manifest
from contract.errors import BundleError
from contract.schema import Manifest
from contract.soundness import check_manifest, check_served

PLACES_OF_NUMBERS = ("calibration.slope", "metrics.pr_auc.low", "golden.0.score", "reference.score.ratios.0")


def change(manifest: Manifest, path: str, value: Any) -> Manifest:
    """The manifest with another value at a place such as `golden.0.score`."""
    data = msgspec.json.decode(msgspec.json.encode(manifest))
    *steps, last = path.split(".")
    place: Any = data
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    place[int(last) if isinstance(place, list) else last] = value
    return msgspec.convert(data, Manifest)


def test_what_is_packaged_is_sound(bundle: Bundle, other_bundle: Bundle) -> None:
    check_served(bundle.manifest)
    check_served(other_bundle.manifest)


def test_a_score_that_falls_with_its_margin_is_the_gates_matter_until_it_is_served(bundle: Bundle) -> None:
    turned = change(bundle.manifest, "calibration.slope", -0.3)
    check_manifest(turned)
    with pytest.raises(BundleError, match="slope"):
        check_served(turned)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("schema.columns.5.minimum", 9e9, "column 'tool_wear_min' goes from 9e\\+09 to"),
        (
            "schema.columns.5.maximum",
            1,
            r"golden row [0-9]+: column 'tool_wear_min' is [0-9]+, expected 0 to 1, so its own",
        ),
        ("schema.columns.4.type", "integer", r"column 'torque_nm' is [0-9.]+, expected a whole number"),
        ("schema.columns.0.categories", ["L", "M"], r"column 'type' is 'H', expected one of L, M"),
        ("schema.columns.0.categories", [], "column 'type' has no categories"),
        ("schema.columns.0.categories", ["L", "M", "H", "L"], "column 'type' has the category 'L' twice"),
        ("schema.columns.4.step", 0, "column 'torque_nm' has the step 0, expected one above 0"),
        ("schema.columns.4.step", -0.1, "has the step -0.1"),
        ("schema.columns.4.example", -7, "the example of column 'torque_nm' is -7, expected 0 to"),
        ("schema.columns.0.example", "X", "the example of column 'type' is 'X'"),
        ("schema.columns.1.name", "type", "column 'type' stands twice"),
        ("schema.features", ["type", "type"], "feature 'type' stands twice"),
        ("schema.features", [], "it has no features"),
        ("schema.columns", [], "it has no columns"),
        ("threshold", 0.0, "its threshold is 0, expected a probability above 0"),
        ("threshold", None, "its threshold is null, expected the one that its costs of a mistake give"),
        ("threshold", 1.5, "its threshold is 1.5"),
        ("threshold", -0.2, "its threshold is -0.2"),
        ("calibration.slope", 0.0, "the slope of the bundle's calibration is 0"),
        ("calibration.slope", -1.0, "the slope of the bundle's calibration is -1"),
        ("name", "x" * 121, "its name is 'x{40}', expected one printable line of at most 120 bytes"),
        ("version", "a\nb", r"^the bundle [^\n]* 'a\\nb': its version is 'a\\nb', expected one printable line[^\n]*$"),
        ("name", "a\0b", r"its name is 'a\\x00b'"),
        ("version", "ä" * 61, "its version is 'ä{40}', expected one printable line of at most 120 bytes"),
        ("version", "", "its version is ''"),
        ("golden", [], "it has no golden rows"),
        ("golden.0.score", 1.5, "golden row 0 has the score 1.5, expected a probability"),
        ("golden.1.row", {"type": "L"}, "golden row 1 does not follow the schema: it has type"),
        ("golden.2.row.type", None, "golden row 2: column 'type' is missing"),
        ("golden.2.row.type", 3, "golden row 2: column 'type' is 3.0, expected a category"),
        ("golden.2.row.torque_nm", "1.5", "golden row 2: column 'torque_nm' is '1.5', expected a number"),
        ("golden.3.row.type", "l", "golden row 3: column 'type' is 'l', expected one of"),
        ("golden.4.row.tool_wear_min", -1, "golden row 4: column 'tool_wear_min' is -1, expected 0 to"),
        ("golden.4.row.tool_wear_min", 1.5, "golden row 4: column 'tool_wear_min' is 1.5, expected a whole number"),
        ("reference.torque_nm.edges.0", 1e9, "the edges of the reference bins of 'torque_nm' do not rise"),
        ("reference.torque_nm.ratios.0", 0.7, "the ratios of the reference bins of 'torque_nm' sum to"),
        ("reference.score.edges", [], "the reference bins of 'score' do not fit its schema, expected 2 of them"),
        ("reference.type.categories", ["M", "L", "H"], "the reference bins of 'type' do not fit its schema"),
        ("schema.derived", [], "its reference bins and its schema differ in"),
        ("data.rows", 0, "its reference is of 0 rows, expected at least 1"),
        ("data.rows", -5, "its reference is of -5 rows, expected at least 1"),
        ("score_rows", 0, "the reference of its score is of 0 rows, expected at least 1"),
        ("reference.torque_nm.minimum", 1e9, "the reference bins of 'torque_nm' are not within their range, 1e.09 to"),
        ("reference.torque_nm.maximum", -1.0, "the reference bins of 'torque_nm' are not within their range"),
        ("slices.0.name", "weather", "it has slices of 'weather', which is no column or derived feature"),
        ("slices.0.name", "score", "it has slices of 'score', which is no column or derived feature"),
        ("slices.0.name", "torque_nm", "the slices of 'torque_nm' do not fit its schema"),
        ("slices.0.edges", [1.0], "the slices of 'type' do not fit its schema"),
        ("slices.0.slices.0.value", "X", "the slices of 'type' do not fit its schema"),
        ("slices.0.slices.1.rows", -1, "the reference of slice 'type=M' is of -1 rows"),
        ("slices.0.slices.1.ratios.torque_nm", [1.0], "slice 'type=M' does not have the bins of the whole reference"),
        ("slices.0.slices.1.ratios.torque_nm.0", 0.9, "the reference bins of 'torque_nm' in slice 'type=M' sum to"),
        ("reference.score.ratios.1", -0.1, "the reference bins of 'score' have a ratio outside of 0 to 1"),
    ],
)
def test_parts_that_do_not_agree_are_named(bundle: Bundle, path: str, value: Any, told: str) -> None:
    with pytest.raises(BundleError, match=told) as error:
        check_served(change(bundle.manifest, path, value))
    assert len(str(error.value).splitlines()) == 1


@pytest.mark.parametrize(
    "path", ["calibration.slope", "metrics.pr_auc.mean", "golden.0.score", "reference.score.ratios.0"]
)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_cannot_even_be_written(bundle: Bundle, path: str, value: float) -> None:
    with pytest.raises(BundleError, match="does not follow its schema"):
        parse_manifest(seal_manifest(change(bundle.manifest, path, value)))


def test_too_many_slices_are_named(bundle: Bundle) -> None:
    (column,) = bundle.manifest.slices
    many = msgspec.structs.replace(column, slices=column.slices * 9)
    with pytest.raises(BundleError, match="too many slices, expected at most 24 slices, 256 combinations of them"):
        check_manifest(msgspec.structs.replace(bundle.manifest, slices=(many,)))
