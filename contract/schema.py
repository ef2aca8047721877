"""What a model expects and promises: columns, features, reference bins, golden rows. Data, no behaviour."""

from typing import Literal

import msgspec

SCHEMA_VERSION = 3
# A reader takes these. A later version only adds optional fields, and a bundle of an earlier one has none of them;
# whatever else changes ends the list of versions that are read.
READABLE_VERSIONS = (1, 2, 3)

Value = float | str | None
Task = Literal["binary", "regression"]
DriftUse = Literal["alert", "show"]
UnknownUse = Literal["refuse", "missing"]


class Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Strict, immutable data; unknown fields are refused on reading."""


class Column(Struct, frozen=True):
    """One input value of a row.

    `minimum` and `maximum` are the bounds of the possible, in `unit`: a value outside is an
    error, a value between them that training never saw is drift.
    """

    name: str
    source: str  # the column's name in the raw data
    type: Literal["number", "integer", "category"]
    description: str
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None  # the sensor's resolution, in `unit`
    categories: tuple[str, ...] = ()
    ordered: bool = False  # categories: one code rather than one flag each
    unknown: UnknownUse = "refuse"  # a category that is none of these: refuse its row, or take it as missing and say so
    nullable: bool = False
    drift: DriftUse = "show"
    example: Value = None


class DerivedFeature(Struct, frozen=True):
    """A feature computed by the derivation module from the columns of the same row."""

    name: str
    description: str
    unit: str | None = None
    drift: DriftUse = "show"


class Target(Struct, frozen=True):
    """What is predicted. `positive` is the raw value that means the event happened (binary only)."""

    name: str
    source: str
    description: str
    unit: str | None = None
    positive: int | str | None = None


class ModelSchema(Struct, frozen=True):
    """Everything needed to turn a row into the model's input and to explain its output."""

    task: Task
    target: Target
    columns: tuple[Column, ...]
    derivation: str | None  # a module of contract.compute.features
    derived: tuple[DerivedFeature, ...]
    features: tuple[str, ...]  # the model matrix, in order
    leakage: tuple[str, ...]  # raw columns that no feature may ever come from


class Calibration(Struct, frozen=True):
    """Platt scaling: score = 1 / (1 + exp(-(slope * margin + intercept))). Identity for regression."""

    slope: float
    intercept: float


class Interval(Struct, frozen=True):
    """An estimate with its 95 % interval."""

    mean: float
    low: float
    high: float


class ReferenceBins(Struct, frozen=True):
    """Proportions of the reference's rows in each bin: those fitted, for the score those held out.

    Numbers: bin i holds edges[i-1] <= x < edges[i], the first and last are open, so there are
    len(edges) + 1 of them. Categories: one bin each, in the schema's order. In both cases
    one more bin at the end counts the missing and unknown. `ratios` sums to 1.
    `minimum` and `maximum`, since version 3, are the least and greatest number among those rows.
    """

    edges: tuple[float, ...]
    categories: tuple[str, ...]
    ratios: tuple[float, ...]
    drift: DriftUse
    minimum: float | None = None
    maximum: float | None = None


class SliceReference(Struct, frozen=True):
    """The fitted rows of one slice, with the proportions in each of the whole reference's bins by column and feature.

    `ratios` is empty where there are too few rows for a reference.
    """

    value: str
    rows: int
    ratios: dict[str, tuple[float, ...]]


class SliceColumn(Struct, frozen=True):
    """A column or derived feature by whose values traffic is counted apart: its categories, or bands of a number.

    Band i holds edges[i-1] <= x < edges[i], as a bin does; a row without a value is in no slice.
    """

    name: str
    edges: tuple[float, ...]
    slices: tuple[SliceReference, ...]


class CalibrationPoint(Struct, frozen=True):
    """Training rows of about the same out-of-fold score: their mean score, and their mean outcome with its interval."""

    predicted: float
    observed: float
    low: float
    high: float
    rows: int


class GoldenRow(Struct, frozen=True):
    """A row with the score that training computed for it."""

    row: dict[str, Value]
    score: float


class TrainingData(Struct, frozen=True):
    """The data a model was trained on. `sha256` is over the validated values, not over a file."""

    dataset: str
    sha256: str
    rows: int
    positives: int | None
    origin: str


class RowRecord(Struct, frozen=True):
    """Since version 2: which rows were fitted and which were held out, each side in the table's order.

    Base64 of 8 bytes a row, big-endian: 6 of a SHA-256 over its inputs, 2 of one over its outcome. Identifiers and
    leakage columns are no part of it, so a row under another key is the same row.
    """

    fitted: str
    held_out: str


class Requirements(Struct, frozen=True):
    """Since version 2: what the dataset file and the parameters required of the model beside its schema.

    `split` says by name how rows are put aside, `behaviour` has a digest for each sentence by its name.
    """

    identifiers: tuple[str, ...]
    slices: tuple[str, ...]
    costs: dict[str, float]
    split: dict[str, str]
    behaviour: dict[str, str]
    bounds: dict[str, float]


class FileDigest(Struct, frozen=True):
    sha256: str
    size_bytes: int


class Manifest(Struct, frozen=True):
    """`bundle.json`. The file opens with `digest`: SHA-256 of its own bytes with the digest as zeros."""

    digest: str
    schema_version: int
    name: str
    version: str
    schema: ModelSchema
    calibration: Calibration
    threshold: float | None
    metrics: dict[str, Interval]
    reference: dict[str, ReferenceBins]  # columns and derived features by name, and "score"
    golden: tuple[GoldenRow, ...]
    data: TrainingData
    inputs: dict[str, str]  # what was put in (data, dataset, parameters, code), each by SHA-256
    libraries: dict[str, str]
    files: dict[str, FileDigest]
    reliability: tuple[CalibrationPoint, ...] = ()  # by rising score
    rows: RowRecord | None = None  # None in a bundle of version 1
    requirements: Requirements | None = None
    score_rows: int | None = None  # of the score's reference; None in a bundle of version 1 or 2: the fitted rows
    slices: tuple[SliceColumn, ...] = ()  # since version 3
