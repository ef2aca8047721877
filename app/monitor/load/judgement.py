"""What a load says of the objectives: kept, missed, or too short to say."""

import math
from collections.abc import Sequence
from statistics import quantiles
from typing import Literal

import msgspec

from app.monitor.load.open_loop import Reply
from contract.quality import CONFIDENCE_Z, measure_share

Verdict = Literal["kept", "missed", "unknown"]

OK = 200
WORDS: dict[Verdict, str] = {"kept": "kept", "missed": "missed", "unknown": "too short to say"}
PERCENTILES = (50, 90, 99)


class PromiseKept(msgspec.Struct, frozen=True):
    """One objective and the share of requests that kept it, with its 95 % interval (Wilson)."""

    name: str
    ratio: float
    good: int
    requests: int
    low: float
    high: float
    verdict: Verdict
    text: str


class LoadJudgement(msgspec.Struct, frozen=True):
    """All objectives of a load; `late_seconds` is the longest that a request waited in this program."""

    verdict: Verdict
    promises: tuple[PromiseKept, ...]
    requests: int
    answered: int
    percentiles: dict[str, float]
    late_seconds: float


def judge_replies(
    replies: Sequence[Reply], availability: float, latency_seconds: float, latency_ratio: float
) -> LoadJudgement:
    """Holds replies to good rows against the objectives.

    Whatever is no 200 is a failure, and a failure is not answered in time either. If this program itself sent too many
    requests late, nothing can be said of the latency.
    """
    answered = sorted(reply.seconds for reply in replies if reply.status == OK)
    late = sum(reply.late > latency_seconds / 2 for reply in replies)
    in_time = sum(seconds <= latency_seconds for seconds in answered)
    promises = (
        judge_share("availability", availability, len(answered), len(replies), "answered with 200"),
        judge_share(
            "latency", latency_ratio, in_time, len(replies), f"answered within {latency_seconds:g} s of when it was due"
        ),
    )
    if late > (1 - latency_ratio) * len(replies) and promises[1].verdict == "missed":
        text = f"{promises[1].text}; but this program sent {late:,} of them late: give it more of a machine"
        promises = (promises[0], msgspec.structs.replace(promises[1], verdict="unknown", text=text))
    return LoadJudgement(
        verdict=sum_up([promise.verdict for promise in promises]),
        promises=promises,
        requests=len(replies),
        answered=len(answered),
        percentiles=measure_percentiles(answered),
        late_seconds=max((reply.late for reply in replies), default=0.0),
    )


def judge_share(name: str, ratio: float, good: int, requests: int, what: str) -> PromiseKept:
    """Kept if the interval lies above `ratio`, missed if it lies below."""
    found = measure_share(good, requests)
    low, high = (0.0, 1.0) if found is None else found[1:]
    verdict: Verdict = "kept" if low >= ratio else "missed" if high < ratio else "unknown"
    share = 100 * good / requests if requests else 0.0
    text = (
        f"{share:.3f} % of {requests:,} requests {what} (95 % interval {100 * low:.3f} to {100 * high:.3f}), "
        f"objective {100 * ratio:g} %: {WORDS[verdict]}"
    )
    if verdict == "unknown" and good == requests:
        text += f", which takes {count_needed(ratio):,} requests without a failure"
    return PromiseKept(name, ratio, good, requests, low, high, verdict, text)


def count_needed(ratio: float) -> int:
    """Requests without one that fails from which on the interval lies above `ratio`."""
    return math.ceil(CONFIDENCE_Z**2 * ratio / (1 - ratio))


def sum_up(verdicts: Sequence[Verdict]) -> Verdict:
    """Missed if one is, else unknown if one is."""
    if "missed" in verdicts:
        return "missed"
    return "unknown" if "unknown" in verdicts else "kept"


def measure_percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """By name, of values in order; empty without values."""
    if not seconds:
        return {}
    cuts = quantiles(seconds, n=100, method="inclusive") if len(seconds) > 1 else [seconds[0]] * 99
    return {**{f"p{percentile}": cuts[percentile - 1] for percentile in PERCENTILES}, "longest": seconds[-1]}
