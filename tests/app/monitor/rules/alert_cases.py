"""Three series for each alert: one with which it fires, one with which it does not, and one with which it resolves."""

from collections.abc import Mapping
from typing import NamedTuple

from tests.app.monitor.rules.series import grow, of_pod, pod, process, reference, rows_of

Series = Mapping[str, str]
Parts = tuple[tuple[float, int], ...]
HALVES = {"1": 0.5, "2": 0.5}
TENTHS = {str(bin): 0.1 for bin in range(10)}
DAY_STEPS = 3 * 288  # of five minutes
RULE_FILES = "/etc/prometheus/rules/prometheus-k8s-rulefiles-0"
UID = "-lathe-3f0c2f0a-5d5e-4c59-9d0a-6e1b2f7a9c11"
OURS, OTHERS, BESIDE = f"{RULE_FILES}/lathe-test{UID}", f"{RULE_FILES}/lathe-prod-eks{UID}", "/etc/prometheus/rules"
GROUP = f'rule_group="{OURS}.yaml;lathe-counts"'


class AlertCase(NamedTuple):
    """Steps of `seconds`: `fires` at `at`, `quiet` at neither, and `resolves` at `at` and no more at `later`."""

    fires: Series
    quiet: Series
    resolves: Series
    at: str
    later: str
    seconds: int = 60
    labels: Mapping[str, str] = {}


def up(*values: str) -> Series:
    return {f"up{{{pod(number)}}}": one for number, one in enumerate(values)}


def requests(*failing: tuple[float, int]) -> Series:
    """A thousand predictions a minute, of which so many fail, part after part."""
    good: Parts = tuple((1000 - each, steps) for each, steps in failing)
    labels = {"route": "/v1/predict"}
    return {
        of_pod("lathe_requests_total", 0, code="200", **labels): grow(*good),
        of_pod("lathe_requests_total", 0, code="503", **labels): grow(*failing),
        of_pod("lathe_requests_total", route="/healthz", code="503"): grow((5000, 1000)),  # no prediction
    }


def durations(*slow: tuple[float, int]) -> Series:
    good: Parts = tuple((1000 - each, steps) for each, steps in slow)
    steps = sum(part[1] for part in slow)
    return {
        of_pod("lathe_request_duration_seconds_bucket", route="/v1/predict", le="0.05"): grow(*good),
        of_pod("lathe_request_duration_seconds_count", route="/v1/predict"): grow((1000, steps)),
    }


def torque(bins: Mapping[str, Parts], ratios: Mapping[str, float] = HALVES, drift: str = "alert") -> Series:
    steps = max(sum(part[1] for part in parts) for parts in bins.values())
    return {**process(steps=steps), **reference(ratios, steps=steps, drift=drift), **rows_of(bins)}


def sliced(bins: Mapping[str, Parts]) -> Series:
    """The same in a slice."""
    found = {}
    for series, values in torque(bins).items():
        named = series
        for name in ("feature_rows_total", "feature_reference_ratio", "reference_rows"):
            named = named.replace(f"lathe_{name}{{", f'lathe_slice_{name}{{slice="type=L", ')
        found[named] = values
    return found


def flawed(metric: str, bad: Parts, good: Parts) -> Series:
    """A feature with so many flawed values among its rows."""
    found = {**torque({"1": good, "2": good})}
    found[of_pod(metric, feature="torque_nm")] = grow(*bad)
    return found


def missing(bad: Parts, good: Parts) -> Series:
    return torque({"1": good, "2": good, "missing": bad}, {**HALVES, "missing": 0.0})


def decisions(
    alarms: tuple[float, float, float], others: tuple[float, float, float], labels: Mapping[str, float], *parts: int
) -> Series:
    """Rows, Σp and Σp(1 - p) decided true and false, and labels by outcome: at each of the first steps, then nothing.

    The score of each label is the mean of its decision's.
    """
    first, rest = parts
    counters: dict[str, float] = {}
    for decision, (rows, scores, variance), kinds in (
        ("true", alarms, ("true_positive", "false_positive")),
        ("false", others, ("false_negative", "true_negative")),
    ):
        counters[of_pod("lathe_predicted_rows_total", decision=decision)] = rows
        counters[of_pod("lathe_score_sum_total", decision=decision)] = scores
        counters[of_pod("lathe_score_variance_total", decision=decision)] = variance
        known = [labels.get(kind, 0.0) for kind in kinds]
        mean = scores / rows
        for kind, count in zip(kinds, known, strict=True):
            counters[of_pod("lathe_feedback_total", outcome=kind)] = count
        counters[of_pod("lathe_feedback_score_total", decision=decision)] = mean * sum(known)
        errors = known[0] * (1 - mean) ** 2 + known[1] * mean**2
        counters[of_pod("lathe_feedback_squared_error_total", decision=decision)] = errors
    found = {series: grow((0, 1), (each, first), (0, rest)) for series, each in counters.items()}
    return {**process(steps=1 + first + rest), **found}


GOOD = ((80.0, 68.0, 7.0), (1920.0, 15.0, 14.0))
RIGHT = {"true_positive": 85.0, "false_positive": 15.0, "false_negative": 1.0, "true_negative": 150.0}
WRONG = {"true_positive": 14.0, "false_positive": 86.0, "false_negative": 30.0, "true_negative": 120.0}
ALARMS_ONLY = {"true_positive": 85.0, "false_positive": 15.0}


def served(*versions: str) -> Series:
    return {
        f'lathe_model_info{{{pod(number)}, model_name="ai4i", model_version="{version}"}}': values
        for number, (version, values) in enumerate(zip("ab", versions, strict=False))
    }


def group_of(file: str, pod_name: str = "one") -> str:
    """The group of the counts as Prometheus itself shows it."""
    labels = f'rule_group="{file}.yaml;lathe-counts", pod="{pod_name}"'
    return f"prometheus_rule_group_interval_seconds{{{labels}}}"


def seldom(bin: str) -> Parts:
    """A few rows each twelve hours, unevenly over the bins."""
    return ((1 + 2 * (int(bin) % 3), 1), (0, 143))


# of a feature that is only shown
SHOWN = {
    **reference({"1": 0.0, "2": 1.0}, steps=20, feature="air", drift="show"),
    **rows_of({"1": ((100, 20),), "2": ((0, 20),)}, "air"),
}
SHOWN_OUT_OF_RANGE = {**SHOWN, of_pod("lathe_out_of_range_rows_total", feature="air"): grow((100, 20))}
CASES: dict[str, AlertCase] = {
    "LatheScrapeDead": AlertCase(
        up("1x5 0x20", "1x5 stale _x19"), up("1x5 0x20", "1x25"), up("1x5 0x10 1x30", "1x5 0x40"), "12m", "30m"
    ),
    "LatheScrapeFailing": AlertCase(
        up("1x5 0x40", "1x45"), up("1x5 0x8 1x40", "1x45"), up("1x5 0x20 1x40", "1x70"), "20m", "40m"
    ),
    "LatheAvailabilityBurn 14.4": AlertCase(
        requests((0, 60), (100, 60)), requests((14, 120)), requests((0, 60), (100, 20), (0, 60)), "75m", "110m",
        labels={"burn": "14.4"},
    ),
    "LatheAvailabilityBurn 6": AlertCase(
        requests((10, 120)), requests((5, 120)), requests((10, 60), (0, 120)), "60m", "150m", labels={"burn": "6"}
    ),
    "LatheAvailabilityBurn 1": AlertCase(
        requests((2, 200)), requests((0.9, 200)), requests((2, 130), (0, 400)), "120m", "500m", labels={"burn": "1"}
    ),
    "LatheLatencyBurn 14.4": AlertCase(
        durations((0, 60), (900, 60)), durations((140, 120)), durations((0, 60), (900, 20), (0, 60)), "75m", "110m",
        labels={"burn": "14.4"},
    ),
    "LatheLatencyBurn 6": AlertCase(
        durations((100, 120)), durations((50, 120)), durations((100, 60), (0, 120)), "60m", "150m", labels={"burn": "6"}
    ),
    "LatheLatencyBurn 1": AlertCase(
        durations((20, 200)), durations((9, 200)), durations((20, 130), (0, 400)), "120m", "500m", labels={"burn": "1"}
    ),
    "LatheDriftStrong": AlertCase(
        torque({"1": ((100, 20),), "2": ((0, 20),)}), torque({"1": ((60, 20),), "2": ((40, 20),)}),
        torque({"1": ((100, 3), (5000, 500)), "2": ((0, 3), (5000, 500))}), "15m", "30h", 300,
    ),
    "LatheDrift": AlertCase(
        torque({"1": ((70, 20),), "2": ((30, 20),)}),
        {**torque({"1": ((52, 20),), "2": ((48, 20),)}), **SHOWN},
        torque({"1": ((100, 10), (9000, 60)), "2": ((0, 10), (9000, 60))}), "10m", "40m",
    ),
    "LatheDriftUnknown": AlertCase(
        torque({bin: seldom(bin) * 6 for bin in TENTHS}, TENTHS),
        torque(dict.fromkeys(TENTHS, ((30, DAY_STEPS),)), TENTHS),
        torque({bin: (*seldom(bin) * 4, (30, 288)) for bin in TENTHS}, TENTHS), "40h", "60h", 300,
    ),
    "LatheSliceDrift": AlertCase(
        sliced({"1": ((100, 20),), "2": ((0, 20),)}), sliced({"1": ((52, 20),), "2": ((48, 20),)}),
        sliced({"1": ((100, 10), (9000, 60)), "2": ((0, 10), (9000, 60))}), "10m", "40m",
    ),
    "LatheMissingValues": AlertCase(
        missing(((5, 30),), ((50, 30),)), missing(((0.5, 30),), ((50, 30),)),
        missing(((5, 30), (0, 80)), ((50, 110),)), "25m", "100m",
    ),
    "LatheUnknownCategories": AlertCase(
        flawed("lathe_unknown_categories_total", ((5, 30),), ((50, 30),)),
        flawed("lathe_unknown_categories_total", ((0.5, 30),), ((50, 30),)),
        flawed("lathe_unknown_categories_total", ((5, 30), (0, 80)), ((50, 110),)), "25m", "100m",
    ),
    "LatheOutOfRange": AlertCase(
        flawed("lathe_out_of_range_rows_total", ((5, 30),), ((50, 30),)),
        {**flawed("lathe_out_of_range_rows_total", ((0.5, 30),), ((50, 30),)), **SHOWN_OUT_OF_RANGE},
        flawed("lathe_out_of_range_rows_total", ((5, 30), (0, 80)), ((50, 110),)), "25m", "100m",
    ),
    "LatheQualityWorse precision": AlertCase(
        decisions(*GOOD, WRONG, 3, 20), decisions(*GOOD, RIGHT, 3, 20), decisions(*GOOD, WRONG, 3, 700),
        "1h", "56h", 300, {"measure": "precision"},
    ),
    "LatheQualityWorse recall": AlertCase(
        decisions(*GOOD, WRONG, 3, 20), decisions(*GOOD, RIGHT, 3, 20), decisions(*GOOD, WRONG, 3, 700),
        "1h", "56h", 300, {"measure": "recall"},
    ),
    "LatheQualityUnknown precision": AlertCase(
        decisions(*GOOD, {}, 400, 20), decisions(*GOOD, RIGHT, 400, 20), decisions(*GOOD, {}, 300, 400),
        "26h", "58h", 300, {"measure": "precision"},
    ),
    "LatheQualityUnknown recall": AlertCase(
        decisions(*GOOD, ALARMS_ONLY, 400, 20), decisions(*GOOD, RIGHT, 400, 20),
        decisions(*GOOD, ALARMS_ONLY, 300, 400),
        "26h", "58h", 300, {"measure": "recall"},
    ),
    "LatheExpectedCost": AlertCase(
        decisions(GOOD[0], (1920.0, 150.0, 100.0), {}, 30, 30), decisions(*GOOD, {}, 30, 30),
        decisions(GOOD[0], (1920.0, 150.0, 100.0), {}, 30, 90), "25m", "100m",
    ),
    "LatheCalibration": AlertCase(
        decisions(*GOOD, WRONG, 20, 20), decisions(*GOOD, RIGHT, 20, 20), decisions(*GOOD, WRONG, 20, 400),
        "1h", "30h", 300,
    ),
    "LatheLabelsMissing": AlertCase(
        decisions(*GOOD, ALARMS_ONLY, 400, 20), decisions(*GOOD, RIGHT, 400, 20),
        decisions(*GOOD, ALARMS_ONLY, 300, 400),
        "26h", "58h", 300, {"decision": "false"},
    ),
    "LatheStaleModel": AlertCase(
        {of_pod("lathe_model_trained_timestamp_seconds"): f"{-181 * 86400}x200"},
        {of_pod("lathe_model_trained_timestamp_seconds"): f"{-179 * 86400}x200"},
        {of_pod("lathe_model_trained_timestamp_seconds"): f"{-181 * 86400}x100 0x100"}, "90m", "150m",
    ),
    "LatheEngineFallback": AlertCase(
        {of_pod("lathe_engine_info", engine="xgboost"): "1x20"},
        {of_pod("lathe_engine_info", engine="onnxruntime"): "1x20"},
        {of_pod("lathe_engine_info", engine="xgboost"): "1x20 stale"}, "15m", "30m",
    ),
    "LatheCanaryWaiting": AlertCase(
        served("1x200", "1x200"), served("1x200", "_x50 1x60 stale"), served("1x200", "1x150 stale"), "140m", "180m"
    ),
    "LatheRulesMissed": AlertCase(
        {f"prometheus_rule_group_iterations_missed_total{{{GROUP}}}": "0x5 0+1x30"},
        {f"prometheus_rule_group_iterations_missed_total{{{GROUP}}}": "7x40"},
        {f"prometheus_rule_group_iterations_missed_total{{{GROUP}}}": "0x5 0+1x20 20x60"}, "20m", "70m",
    ),
    "LatheRulesTwice": AlertCase(
        {group_of(OURS): "15x30", group_of(OTHERS): "15x30"},
        {group_of(OURS, "one"): "15x30", group_of(OURS, "other"): "15x30"},  # two of one configuration
        {group_of(OURS): "15x60", group_of(BESIDE): "15x20 stale"}, "15m", "40m",
    ),
}  # fmt: skip # a table
