"""The gate's report, `report.json`: one definition and one reader, whoever writes or reads it.

A pull request's report may be a stranger's: every text and list is bounded and every number finite.
"""

import hashlib
import math
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from contract.errors import ReportError
from contract.schema import Interval, Task

REPORT_NAME = "report.json"
REPORT_VERSION: Literal[1] = 1
MAX_REPORT_BYTES = 4 * 1024 * 1024  # today's have 30 kB
MAX_NAME, MAX_LINE = 200, 2000  # characters
MAX_ITEMS = {"checks": 1000, "metrics": 50, "slices": 2000, "drift": 2000}
LARGEST = 1e12  # of a number, on either side of 0

Name = Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
Line = Annotated[str, msgspec.Meta(max_length=MAX_LINE)]
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Verdict = Literal["pass", "fail", "not_enough_evidence"]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that a later gate adds are passed over: the gate of a pull request may be newer than its reader."""


class Check(Part, frozen=True):
    """One question with its answer. `name` is `group/subject`; `reason` is one sentence for a person.

    A check that is not `blocking` is shown and decides nothing. `about` are the columns or features it is about;
    `accepted` says who accepts what was found and why, in the words of the dataset file.
    """

    name: Name
    verdict: Verdict
    found: Line
    expected: Line
    reason: Line
    blocking: bool = True
    about: Annotated[tuple[Name, ...], msgspec.Meta(max_length=2000)] = ()
    accepted: Line = ""

    @property
    def group(self) -> str:
        return self.name.partition("/")[0]

    @property
    def subject(self) -> str:
        return self.name.partition("/")[2]


class MetricLine(Part, frozen=True):
    """One metric on the same rows: `values` by candidate, champion and rule.

    `difference` is candidate against champion, turned so that more is better; None without a champion.
    A value that is not finite is left out. `margin` and `floor` are the policy's, in the metric's unit.
    """

    name: Name
    label: Name
    higher_is_better: bool
    values: Annotated[dict[Name, Interval], msgspec.Meta(max_length=10)]
    difference: Interval | None = None
    margin: float | None = None
    floor: float | None = None


class SliceLine(Part, frozen=True):
    """A part of the holdout; `metrics` is empty if it holds too little evidence."""

    column: Name
    value: Name
    rows: Count
    positives: Count | None
    metrics: Annotated[tuple[MetricLine, ...], msgspec.Meta(max_length=MAX_ITEMS["metrics"])] = ()


class DriftLine(Part, frozen=True):
    """How far the candidate's training data lies from the champion's: `psi` of one column or feature.

    It is corrected for chance, and marked above `limit`; `alerts` where drift of it alerts when it is served.
    """

    feature: Name
    psi: Annotated[float, msgspec.Meta(ge=0)]
    limit: float
    alerts: bool


class Latency(Part, frozen=True):
    """Of one row, in microseconds: the candidate and the fixed small model, timed alternately."""

    candidate_us: float
    reference_us: float
    ratio: float
    path: Name  # the library that scored


class JudgedData(Part, frozen=True):
    """The rows that a model learnt from, as its bundle describes them."""

    dataset: Name
    sha256: Digest
    rows: Count
    positives: Count | None
    origin: Line


class JudgedModel(Part, frozen=True):
    """Which bundle, made from what."""

    name: Name
    version: Name
    digest: Digest
    threshold: float | None
    size_bytes: Count
    data: JudgedData
    inputs: Annotated[dict[Name, Digest], msgspec.Meta(max_length=50)]
    libraries: Annotated[dict[Name, Name], msgspec.Meta(max_length=50)]


class Outcome(Part, frozen=True):
    """What a model's decisions come to on the holdout; without decisions, how far it is off."""

    rows: Count
    positives: Count | None = None
    found: Count | None = None
    false_alarms: Count | None = None
    cost_per_1000: float | None = None
    mean_error: float | None = None


class Report(Part, frozen=True):
    """One judgement. `created` is UTC, ISO 8601; `outcomes` is by role; `policy` is training/gate.yaml as it was."""

    schema_version: Literal[1]
    created: Name
    verdict: Verdict
    headline: Line
    reproduce: Line
    revision: Name
    dataset: Name
    title: Name
    task: Task
    target: Name
    origin: Line
    data_sha256: Digest
    rows: Count
    holdout_rows: Count
    candidate: JudgedModel
    champion: JudgedModel | None
    outcomes: Annotated[dict[Name, Outcome], msgspec.Meta(max_length=10)]
    checks: Annotated[tuple[Check, ...], msgspec.Meta(max_length=MAX_ITEMS["checks"])]
    metrics: Annotated[tuple[MetricLine, ...], msgspec.Meta(max_length=MAX_ITEMS["metrics"])]
    slices: Annotated[tuple[SliceLine, ...], msgspec.Meta(max_length=MAX_ITEMS["slices"])]
    latency: Latency
    memory_bytes: Count | None
    policy: dict[str, Any]
    drift: Annotated[tuple[DriftLine, ...], msgspec.Meta(max_length=MAX_ITEMS["drift"])] = ()

    def list_troubles(self) -> list[Check]:
        """The blocking checks that fail, then those that lack evidence."""
        order: tuple[Verdict, ...] = ("fail", "not_enough_evidence")
        return [check for verdict in order for check in self.checks if check.blocking and check.verdict == verdict]

    def list_accepted(self) -> list[Check]:
        """What somebody accepts by name in the dataset file."""
        return [check for check in self.checks if check.accepted]


def decide_verdict(checks: Sequence[Check]) -> Verdict:
    """Fail if a blocking check fails, else not enough evidence if one lacks it, else pass; without checks, fail."""
    verdicts = {check.verdict for check in checks if check.blocking}
    if "fail" in verdicts or not verdicts:
        return "fail"
    return "not_enough_evidence" if "not_enough_evidence" in verdicts else "pass"


def parse_report(content: bytes, what: str = REPORT_NAME) -> Report:
    """The report, bounded, and its verdict that of its own checks; `what` names it in an error.

    Raises: ReportError.
    """
    if len(content) > MAX_REPORT_BYTES:
        raise ReportError(f"{what} has {len(content):,} bytes, expected at most {MAX_REPORT_BYTES:,}")
    try:
        report = msgspec.json.decode(content, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ReportError(f"{what} is no gate report of version {REPORT_VERSION}: {error}") from error
    for place, number in find_large_numbers(msgspec.to_builtins(report)):
        raise ReportError(f"{what} has {number:g} at {place}, expected a number up to {LARGEST:g}")
    if report.verdict != (due := decide_verdict(report.checks)):
        raise ReportError(f"{what} says {report.verdict!r}, and its own checks say {due!r}: it was changed")
    return report


def read_report(path: Path) -> tuple[Report, str]:
    """The report and the SHA-256 of its bytes.

    Raises: ReportError.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would never end
            raise ReportError(f"{path} is not a regular file; expected a gate report")
        if status.st_size > MAX_REPORT_BYTES:
            raise ReportError(f"{path} has {status.st_size:,} bytes, expected at most {MAX_REPORT_BYTES:,}")
        content = path.read_bytes()
    except OSError as error:
        raise ReportError(f"{path} cannot be read: {error.strerror}; run `make gate` first") from error
    return parse_report(content, str(path)), hashlib.sha256(content).hexdigest()


def find_large_numbers(value: Any, place: str = "") -> Iterator[tuple[str, float]]:
    """The numbers beyond all use and their places; the policy is the gate's own."""
    if isinstance(value, dict):
        for key, part in value.items():
            if place or key != "policy":
                yield from find_large_numbers(part, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from find_large_numbers(part, f"{place}[{index}]")
    elif isinstance(value, float) and not (math.isfinite(value) and abs(value) <= LARGEST):
        yield place, value
