"""One list of metrics: the code, the docs and the live page hold the same names."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.predictor.metrics import METRICS, MODEL_LABELS
from contract.bundle import Bundle
from contract.compute.bins import name_bins
from tests.app.predictor.running import ROOT, StartServer, read_sample
from tests.review.worlds import read_report_json

# of a server without API keys, which test_access has, and without the gate's report
WITHOUT_SAMPLES = [row.name for row in METRICS if row.name.startswith(("lathe_key_", "lathe_prediction_log_"))]
WITHOUT_SAMPLES += ["lathe_model_trained_timestamp_seconds"]


def test_the_docs_show_every_metric_and_nothing_else() -> None:
    lines = (ROOT / "docs/metrics.md").read_text().splitlines()
    shown = [line for line in lines if line.startswith("| `")]
    expected = [
        f"| `{row.name}` | {row.kind} | {', '.join(f'`{label}`' for label in row.labels)} | {row.help} |"
        for row in METRICS
    ]
    assert shown == expected


def test_the_live_page_has_every_metric_with_its_labels_and_nothing_else(client: httpx.Client, bundle: Bundle) -> None:
    client.get("/healthz")
    families = {f.name: f for f in text_string_to_metric_families(client.get("/metrics").text) if "lathe" in f.name}
    assert set(families) == {row.name.removesuffix("_total") for row in METRICS}
    for row in METRICS:
        samples = families[row.name.removesuffix("_total")].samples
        assert samples or row.name in WITHOUT_SAMPLES, row.name
        for sample in samples:
            assert set(sample.labels) - {"le"} == {*MODEL_LABELS, *row.labels}
            assert sample.labels["model_version"] == bundle.manifest.version


@pytest.mark.slow
def test_the_time_of_training_is_that_of_the_gates_report(
    bundle_folder: Path, bundle: Bundle, start_server: StartServer, tmp_path: Path
) -> None:
    report = read_report_json("good")
    report["candidate"]["digest"] = bundle.digest
    path = tmp_path / "report.json"
    path.write_text(json.dumps(report | {"created": "2026-11-28T13:00:00+01:00"}))
    server = start_server(bundle_folder, gate_report=path).wait_until_ready()
    found = read_sample(server, "lathe_model_trained_timestamp_seconds")
    assert found == datetime(2026, 11, 28, 12, tzinfo=UTC).timestamp()


def test_every_bin_has_its_count_and_its_reference(client: httpx.Client, bundle: Bundle) -> None:
    text = client.get("/metrics").text
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    for feature, bins in bundle.manifest.reference.items():
        kind = "score" if feature == "score" else "feature"
        for name in (f"lathe_{kind}_rows_total", f"lathe_{kind}_reference_ratio"):
            found = [s for s in samples if s.name == name and s.labels.get("feature", "score") == feature]
            assert [s.labels["bin"] for s in found] == list(name_bins(bins))
        assert [s.value for s in found] == list(bins.ratios)


def test_a_scraper_that_asks_for_openmetrics_gets_it(client: httpx.Client) -> None:
    answer = client.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")
