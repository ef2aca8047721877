"""The gate's report as its readers here need it: every text bounded, every number finite, the verdict its checks'."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from cli.errors import RefusedError
from review.files import read_file

VERSION = 1  # REPORT_VERSION in training/report/document.py
# the limits of training/report/limits.py: what the gate writes is taken; a test compares both at each limit
MAX_BYTES = 4 * 1024 * 1024  # today's have 30 kB

Name = Annotated[str, msgspec.Meta(max_length=200)]
Line = Annotated[str, msgspec.Meta(max_length=2000)]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Number = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]  # JSON has no NaN, and this no infinity
Verdict = Literal["pass", "fail", "not_enough_evidence"]


class Interval(msgspec.Struct, frozen=True):
    mean: Number
    low: Number
    high: Number


class Check(msgspec.Struct, frozen=True):
    name: Name
    verdict: Verdict
    found: Line
    expected: Line
    reason: Line
    blocking: bool = True
    accepted: Line = ""  # who accepts what was found, and why

    @property
    def group(self) -> str:
        return self.name.partition("/")[0]


class MetricLine(msgspec.Struct, frozen=True):
    """`difference` is turned so that plus is better."""

    name: Name
    label: Name
    higher_is_better: bool
    values: Annotated[dict[Name, Interval], msgspec.Meta(max_length=10)]
    difference: Interval | None = None


class SliceLine(msgspec.Struct, frozen=True):
    column: Name
    value: Name
    rows: Count
    positives: Count | None
    metrics: Annotated[tuple[MetricLine, ...], msgspec.Meta(max_length=50)] = ()


class DriftLine(msgspec.Struct, frozen=True):
    """How far the candidate's training data lies from the champion's, one column or feature each."""

    feature: Name
    psi: Annotated[float, msgspec.Meta(ge=0, le=1e12)]
    limit: Number | None = None  # above it the line is marked
    alerts: bool = False


class Data(msgspec.Struct, frozen=True):
    sha256: Digest
    rows: Count


class Model(msgspec.Struct, frozen=True):
    name: Name
    version: Name
    digest: Digest
    size_bytes: Count
    data: Data


class Outcome(msgspec.Struct, frozen=True):
    rows: Count
    positives: Count | None = None
    found: Count | None = None
    false_alarms: Count | None = None
    cost_per_1000: Number | None = None
    mean_error: Number | None = None


class Report(msgspec.Struct, frozen=True):
    """Fields that the gate may add are passed over: the pull request's gate may be newer than this reader."""

    schema_version: Literal[1]
    created: Name
    verdict: Verdict
    headline: Line
    reproduce: Line
    revision: Name
    title: Name
    target: Name
    origin: Line
    data_sha256: Digest
    rows: Count
    holdout_rows: Count
    candidate: Model
    champion: Model | None
    outcomes: Annotated[dict[Name, Outcome], msgspec.Meta(max_length=10)]
    checks: Annotated[tuple[Check, ...], msgspec.Meta(max_length=1000)]
    metrics: Annotated[tuple[MetricLine, ...], msgspec.Meta(max_length=50)]
    slices: Annotated[tuple[SliceLine, ...], msgspec.Meta(max_length=2000)]
    drift: Annotated[tuple[DriftLine, ...], msgspec.Meta(max_length=2000)] = ()

    def list_troubles(self) -> list[Check]:
        """The blocking checks that fail, then those that lack evidence."""
        order: tuple[Verdict, ...] = ("fail", "not_enough_evidence")
        return [check for verdict in order for check in self.checks if check.blocking and check.verdict == verdict]

    def list_accepted(self) -> list[Check]:
        """What somebody accepts by name in the dataset file."""
        return [check for check in self.checks if check.accepted]


def parse_report(content: bytes, what: str) -> Report:
    """Raises: RefusedError."""
    try:
        report = msgspec.json.decode(content, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError(f"{what} is no gate report of version {VERSION}: {error}") from error
    if report.verdict != (due := decide_verdict(report)):
        raise RefusedError(f"{what} says {report.verdict!r}, and its own checks say {due!r}: it was changed")
    return report


def decide_verdict(report: Report) -> Verdict:
    """The gate's rule: fail if a blocking check fails, or there is none; else not enough evidence if one lacks it."""
    verdicts = {check.verdict for check in report.checks if check.blocking}
    if "fail" in verdicts or not verdicts:
        return "fail"
    return "not_enough_evidence" if "not_enough_evidence" in verdicts else "pass"


def read_report(path: Path) -> tuple[Report, str]:
    """The report and the SHA-256 of its bytes.

    Raises: InputError, RefusedError.
    """
    content = read_file(path, MAX_BYTES)
    return parse_report(content, str(path)), hashlib.sha256(content).hexdigest()
