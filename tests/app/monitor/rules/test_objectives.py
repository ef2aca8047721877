"""An objectives file that does not hold together is refused in one line that says where, what, and what instead."""

from pathlib import Path

import pytest

from app.monitor.rules.groups import load_datasets
from app.monitor.rules.objectives import OBJECTIVES, check_models, load_objectives
from cli.errors import InputError
from cli.yaml_file import read_yaml
from contract.durations import DURATION_BUCKETS

GATE = OBJECTIVES.parents[3] / "training" / "gate.yaml"
SCRAPED = "  interval_seconds: 15\n  timeout_seconds: 5\n  bridged: 10m"
SELDOM = "  interval_seconds: 45\n  timeout_seconds: 5\n  bridged: 1m"
# what is replaced, by what, and the line
REFUSED: dict[str, tuple[str, str, str]] = {
    "an unknown field": ("max_age_days: 180", "max_age: 180", "unknown field `max_age`"),
    "a share of 1": ("ratio: 0.999", "ratio: 1.0", r"Expected `float` < 1.* at `\$.availability.ratio`|< 1"),
    "a latency between two buckets": ("seconds: 0.05", "seconds: 0.03", "latency.seconds is 0.03, expected a bound of"),
    "an endless limit": ("warn: 0.02", "warn: .inf", "drift.warn is inf, expected a finite number"),
    "limits the wrong way round": ("warn: 0.02", "warn: 0.2", "drift.warn is 0.2, expected less than drift.retrain"),
    "a window in no unit": ("bridged: 10m", "bridged: 10", "Expected `str`, got `int`"),
    "a window in an unknown unit": ("bridged: 10m", "bridged: 10w", "scraping.bridged has '10w', expected minutes"),
    "windows that do not grow": ("15m, 1h, 6h", "1h, 15m, 6h", "drift.windows are 1h, 15m, 6h, 24h, expected"),
    "a window that is missing": ("[15m, 1h, 6h, 24h]", "[15m, 24h]", "expected 1h among them"),
    "a bridge shorter than two scrapes": (SCRAPED, SELDOM, "has 60 s, expected at least"),
    "a timeout longer than the interval": ("timeout_seconds: 5", "timeout_seconds: 20", "is 20 s, longer than"),
    "a job that is a query": ("job: predictor-pods", "job: '\"} or up{a=\"'", "scraping.job is"),
    "a route that is a query": ("route: /v1/predict", "route: '/v1\"} or x{'", "latency.route is"),
    "a runbook with a place": ("docs/runbook.md", "docs/runbook.md#top", "runbook is"),
    "no distance": ("calibration: 3", "calibration: 0", r"> 0"),
    "no YAML": ("quality:", "quality: [", "is not YAML"),
}  # fmt: skip # a table


@pytest.mark.parametrize(("old", "new", "line"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_hold_together_is_refused(tmp_path: Path, old: str, new: str, line: str) -> None:
    text = OBJECTIVES.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "objectives.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=line) as caught:
        load_objectives(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_floors_of_a_model_that_is_not_there_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "objectives.yaml"
    path.write_text(OBJECTIVES.read_text(encoding="utf-8").replace("  ai4i:", "  other:"), encoding="utf-8")
    with pytest.raises(InputError, match="quality names 'other', expected one of ai4i"):
        check_models(load_objectives(path), load_datasets(), path)


@pytest.mark.parametrize("seconds", DURATION_BUCKETS)
def test_every_bound_of_a_bucket_can_be_an_objective(tmp_path: Path, seconds: float) -> None:
    path = tmp_path / "objectives.yaml"
    path.write_text(
        OBJECTIVES.read_text(encoding="utf-8").replace("seconds: 0.05", f"seconds: {seconds}"), encoding="utf-8"
    )
    assert load_objectives(path).latency.seconds == seconds


def test_the_floors_are_not_lower_than_the_gates() -> None:
    gate, objectives = read_yaml(GATE), load_objectives()
    for name, floors in objectives.quality.items():
        of_gate = gate["floors"][name]["metrics"]
        assert (floors.recall or 1) >= of_gate["recall"]


def test_what_is_scraped_is_what_the_service_monitor_says() -> None:
    monitor = read_yaml(OBJECTIVES.with_name("servicemonitor.yaml"))
    service = read_yaml(OBJECTIVES.with_name("service-pods.yaml"))
    scraping = load_objectives().scraping
    endpoint = monitor["spec"]["endpoints"][0]
    assert endpoint["interval"] == f"{scraping.interval_seconds}s"
    assert endpoint["scrapeTimeout"] == f"{scraping.timeout_seconds}s"
    assert service["metadata"]["name"] == scraping.job  # the operator names the job by the Service
