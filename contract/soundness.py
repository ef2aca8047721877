"""Whether the parts of a manifest agree: digests say that nobody changed it by accident, not that it makes sense."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from contract.errors import BundleError
from contract.schema import Column, Manifest, ReferenceBins, SliceReference, Value
from contract.slices import LIMITS, are_few, name_bands

SUM_TOLERANCE = 1e-6
MAX_NAME_BYTES = 120  # of name and version each: both stand in every receipt, which has 512 characters at most
HIGHEST_THRESHOLD = 1.0 + 1e-5  # a model that is better never to alarm has one just above its highest score


def check_manifest(manifest: Manifest) -> None:
    """Raises: BundleError with one line that names the first part that cannot be, what was found and expected."""
    for problem in _find_problems(manifest):
        raise BundleError(f"the bundle {_on_one_line(manifest.name)} {_on_one_line(manifest.version)}: {problem}")


def check_served(manifest: Manifest) -> None:
    """As `check_manifest`, and that a score rises with its margin: a worse model is packaged, and left to the gate.

    Raises: BundleError.
    """
    check_manifest(manifest)
    slope = manifest.calibration.slope
    if not slope > 0.0:
        raise BundleError(f"the slope of the bundle's calibration is {slope:g}, expected one above 0")


def _on_one_line(text: str) -> str:
    return text if text.isprintable() else repr(text[:40])


def _find_problems(manifest: Manifest) -> Iterator[str]:
    schema = manifest.schema
    for what, text in (("name", manifest.name), ("version", manifest.version)):
        if not text or not text.isprintable() or len(text.encode()) > MAX_NAME_BYTES:
            yield f"its {what} is {text[:40]!r}, expected one printable line of at most {MAX_NAME_BYTES} bytes"
    for what, names in (("column", [c.name for c in schema.columns]), ("feature", list(schema.features))):
        if not names:
            yield f"it has no {what}s, expected at least one"
        yield from (f"{what} {name!r} stands twice" for name in _find_repeated(names))
    for column in schema.columns:
        yield from _find_column_problems(column)
    if schema.task == "binary":
        yield from _find_probability_problems(manifest)
    if not manifest.golden:
        yield "it has no golden rows, so its scores cannot be checked"
    for index, golden in enumerate(manifest.golden):
        if golden.row.keys() != {column.name for column in schema.columns}:
            yield f"golden row {index} does not follow the schema: it has {', '.join(golden.row)}"
        for column in schema.columns:
            if problem := find_misfit(column, golden.row.get(column.name)):
                yield f"golden row {index}: {problem}, so its own routes would refuse it"
    yield from _find_reference_problems(manifest)
    yield from _find_slice_problems(manifest)


def _find_probability_problems(manifest: Manifest) -> Iterator[str]:
    threshold = manifest.threshold
    if threshold is None and manifest.requirements is not None and manifest.requirements.costs:
        yield "its threshold is null, expected the one that its costs of a mistake give"
    if threshold is not None and not 0.0 < threshold <= HIGHEST_THRESHOLD:
        yield f"its threshold is {threshold:g}, expected a probability above 0"
    for index, golden in enumerate(manifest.golden):
        if not 0.0 <= golden.score <= 1.0:
            yield f"golden row {index} has the score {golden.score:g}, expected a probability"


def _find_column_problems(column: Column) -> Iterator[str]:
    if column.type == "category":
        if not column.categories:
            yield f"column {column.name!r} has no categories, expected at least one"
        yield from (
            f"column {column.name!r} has the category {one!r} twice" for one in _find_repeated(column.categories)
        )
    elif column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
        yield f"column {column.name!r} goes from {column.minimum:g} to {column.maximum:g}, which no value can be"
    if column.step is not None and not column.step > 0:
        yield f"column {column.name!r} has the step {column.step:g}, expected one above 0"
    if column.example is not None and (problem := find_misfit(column, column.example)):
        yield f"the example of {problem}"


def find_misfit(column: Column, value: Value) -> str | None:
    """Why the column cannot take a value, in words that begin with the column; None if it can."""
    name = f"column {column.name!r}"
    if value is None:
        return None if column.nullable else f"{name} is missing"
    if isinstance(value, str) != (column.type == "category"):
        return f"{name} is {value!r}, expected {'a category' if column.type == 'category' else 'a number'}"
    if isinstance(value, str):
        is_known = value in column.categories or column.unknown == "missing"
        return None if is_known else f"{name} is {value!r}, expected one of {', '.join(column.categories)}"
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    if not low <= value <= high:
        return f"{name} is {value:g}, expected {low:g} to {high:g}"
    if column.type == "integer" and value % 1:
        return f"{name} is {value:g}, expected a whole number"
    return None


def _find_reference_problems(manifest: Manifest) -> Iterator[str]:
    schema = manifest.schema
    expected = {column.name: column.categories for column in schema.columns}
    expected |= {feature.name: () for feature in schema.derived} | {"score": ()}
    if differing := expected.keys() ^ manifest.reference.keys():
        yield f"its reference bins and its schema differ in {min(differing)!r}"
    if manifest.data.rows < 1:
        yield f"its reference is of {manifest.data.rows} rows, expected at least 1"
    if manifest.score_rows is not None and manifest.score_rows < 1:
        yield f"the reference of its score is of {manifest.score_rows} rows, expected at least 1"
    for name, bins in manifest.reference.items():
        yield from _find_bin_problems(name, bins)
        size = (len(bins.categories) if bins.categories else len(bins.edges) + 1) + 1
        if bins.categories != expected.get(name, ()) or len(bins.ratios) != size:
            yield f"the reference bins of {name!r} do not fit its schema, expected {size} of them"


def _find_bin_problems(name: str, bins: ReferenceBins) -> Iterator[str]:
    if any(low >= high for low, high in zip(bins.edges, bins.edges[1:], strict=False)):
        yield f"the edges of the reference bins of {name!r} do not rise"
    yield from _find_ratio_problems(f"the reference bins of {name!r}", bins.ratios)
    if bins.minimum is None or bins.maximum is None:
        return
    if not all(bins.minimum <= edge <= bins.maximum for edge in (bins.minimum, *bins.edges)):
        yield f"the reference bins of {name!r} are not within their range, {bins.minimum:g} to {bins.maximum:g}"


def _find_ratio_problems(what: str, ratios: Sequence[float]) -> Iterator[str]:
    if not all(0.0 <= ratio <= 1.0 for ratio in ratios):
        yield f"{what} have a ratio outside of 0 to 1"
    elif abs(sum(ratios) - 1.0) > SUM_TOLERANCE:
        yield f"the ratios of {what} sum to {sum(ratios):g}, expected 1"


def _find_slice_problems(manifest: Manifest) -> Iterator[str]:
    names = [column.name for column in manifest.slices]
    yield from (f"the slices of {name!r} stand twice" for name in _find_repeated(names))
    if not are_few([len(column.slices) for column in manifest.slices], manifest.reference):
        yield f"it has too many slices, expected at most {LIMITS}"
    for column in manifest.slices:
        bins = manifest.reference.get(column.name)
        if bins is None or column.name == "score":
            yield f"it has slices of {column.name!r}, which is no column or derived feature"
            continue
        expected = bins.categories or name_bands(column.edges)
        if (bins.categories and column.edges) or tuple(one.value for one in column.slices) != expected:
            yield f"the slices of {column.name!r} do not fit its schema"
        if any(low >= high for low, high in pairwise(column.edges)):
            yield f"the edges of the slices of {column.name!r} do not rise"
        for one in column.slices:
            yield from _find_slice_reference_problems(manifest, f"{column.name}={one.value}", one)


def _find_slice_reference_problems(manifest: Manifest, name: str, one: SliceReference) -> Iterator[str]:
    if one.rows < 0:
        yield f"the reference of slice {name!r} is of {one.rows} rows"
    sizes = {feature: len(bins.ratios) for feature, bins in manifest.reference.items() if feature != "score"}
    if one.ratios and {feature: len(ratios) for feature, ratios in one.ratios.items()} != sizes:
        yield f"the reference of slice {name!r} does not have the bins of the whole reference"
    for feature, ratios in one.ratios.items():
        yield from _find_ratio_problems(f"the reference bins of {feature!r} in slice {name!r}", ratios)


def _find_repeated(names: Sequence[str]) -> list[str]:
    return [name for index, name in enumerate(names) if name in names[:index]]
