"""Alerts reach whom they should and no more than once, in Alertmanager itself; its operator's kind says the same."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from app.monitor.rules.delivery.alertmanager import INHIBITIONS, NOBODY, PAGES, ROUTES, TICKETS
from app.monitor.rules.files import OPERATOR_DELIVERY, PLAIN_DELIVERY, PLAIN_PROMETHEUS
from app.monitor.rules.groups import load_datasets, make_groups
from app.monitor.rules.objectives import load_objectives
from app.monitor.rules.promql import Alert
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port

SERVICE_MONITOR = PLAIN_PROMETHEUS.parents[1] / "servicemonitor.yaml"
ALERTS = [
    rule for group in make_groups(load_objectives(), load_datasets()) for rule in group.rules if isinstance(rule, Alert)
]
RECEIVERS = {"critical": PAGES, "warning": TICKETS, "info": NOBODY}
MODEL = {"namespace": "lathe-test", "model_name": "ai4i", "model_version": "v1"}
# what fires beside each other, and which of them nobody is sent
INHIBITED: dict[str, tuple[list[dict[str, str]], list[str]]] = {
    "a strong drift of the same feature": (
        [{"alertname": "LatheDriftStrong", "feature": "power_w"}, {"alertname": "LatheDrift", "feature": "power_w"}],
        ["LatheDrift"],
    ),
    "a strong drift of another feature": (
        [{"alertname": "LatheDriftStrong", "feature": "torque_nm"}, {"alertname": "LatheDrift", "feature": "power_w"}],
        [],
    ),
    "a drift of every slice": (
        [{"alertname": "LatheDrift", "feature": "torque_nm"}, {"alertname": "LatheSliceDrift", "feature": "torque_nm"}],
        ["LatheSliceDrift"],
    ),
    "a worse quality and its note": (
        [{"alertname": "LatheQualityWorse"}, {"alertname": "LatheQualityUnknown"}, {"alertname": "LatheCalibration"}],
        ["LatheCalibration", "LatheQualityUnknown"],
    ),
    "a dead scrape and what follows from it": (
        [{"alertname": "LatheScrapeDead"}, {"alertname": "LatheDriftStrong"}, {"alertname": "LatheLabelsMissing"}],
        ["LatheDriftStrong", "LatheLabelsMissing"],
    ),
    "a dead scrape and rules that are not evaluated": (
        [{"alertname": "LatheScrapeDead"}, {"alertname": "LatheRulesMissed"}, {"alertname": "LatheRulesTwice"}], [],
    ),
    "a dead scrape of another environment": (
        [{"alertname": "LatheScrapeDead", "namespace": "lathe-prod-eks"}, {"alertname": "LatheDriftStrong"}], [],
    ),
    "somebody else's alert": ([{"alertname": "LatheScrapeDead"}, {"alertname": "NodeDown", "severity": "warning"}], []),
}  # fmt: skip # a table


def run_amtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [need_program("amtool"), *arguments], capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False
    )


def test_alertmanager_takes_the_configuration() -> None:
    done = run_amtool("check-config", PLAIN_DELIVERY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(INHIBITIONS)} inhibit rules" in done.stdout


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.alert)
def test_an_alert_goes_to_the_receiver_of_its_severity(alert: Alert) -> None:
    labels = [f"{name}={value}" for name, value in {"alertname": alert.alert, **alert.labels}.items()]
    receiver = RECEIVERS[alert.labels["severity"]]
    arguments = ("config", "routes", "test", f"--config.file={PLAIN_DELIVERY}", f"--verify.receivers={receiver}")
    done = run_amtool(*arguments, *labels)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_alert_of_an_unknown_severity_is_a_ticket() -> None:
    route = ("config", "routes", "test", f"--config.file={PLAIN_DELIVERY}")
    assert run_amtool(*route, f"--verify.receivers={TICKETS}", "severity=urgent").returncode == 0
    assert run_amtool(*route, f"--verify.receivers={PAGES}", "severity=urgent").returncode != 0


def test_every_severity_has_its_route() -> None:
    assert {one.severity: one.receiver for one in ROUTES} == RECEIVERS
    assert {alert.labels["severity"] for alert in ALERTS} == set(RECEIVERS)


def test_the_operators_kind_says_the_same() -> None:
    plain = yaml.safe_load(PLAIN_DELIVERY.read_text(encoding="utf-8"))
    spec = yaml.safe_load(OPERATOR_DELIVERY.read_text(encoding="utf-8"))["spec"]

    def write(matchers: list[dict[str, str]]) -> list[str]:
        return [f'{one["name"]}{one["matchType"]}"{one["value"]}"' for one in matchers]

    assert [(write(one["matchers"]), one["receiver"], one["repeatInterval"]) for one in spec["route"]["routes"]] == [
        (one["matchers"], one["receiver"], one["repeat_interval"]) for one in plain["route"]["routes"]
    ]
    assert [(write(one["sourceMatch"]), write(one["targetMatch"]), one["equal"]) for one in spec["inhibitRules"]] == [
        (one["source_matchers"], one["target_matchers"], one["equal"]) for one in plain["inhibit_rules"]
    ]
    assert [one["name"] for one in spec["receivers"]] == [one["name"] for one in plain["receivers"]]


def test_no_secret_stands_in_either() -> None:
    """Only where it is: a file, or a key of a Secret."""
    for path in (PLAIN_DELIVERY, OPERATOR_DELIVERY):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text
        assert "routing_key:" not in text


def test_promtool_takes_the_plain_scrape_configuration(tmp_path: Path) -> None:
    """All but the pods' discovery, which Debian's Prometheus is built without."""
    document = yaml.safe_load(PLAIN_PROMETHEUS.read_text(encoding="utf-8"))
    discovery = document["scrape_configs"][0].pop("kubernetes_sd_configs")
    assert discovery == [{"role": "pod"}]
    document["rule_files"] = [str(PLAIN_PROMETHEUS.with_name(name)) for name in document["rule_files"]]
    path = tmp_path / "prometheus.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    command = [need_program("promtool"), "check", "config", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LAST_RESORT_SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address; what it would send goes nowhere, as there is no secret."""
    folder = tmp_path_factory.mktemp("alertmanager")
    url = f"127.0.0.1:{take_free_port()}"
    options = (f"--config.file={PLAIN_DELIVERY}", f"--storage.path={folder}", f"--web.listen-address={url}")
    command = [need_program("prometheus-alertmanager"), *options, "--cluster.listen-address="]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            wait_until(lambda: is_ready(url), "Alertmanager")
            yield f"http://{url}/api/v2"
        finally:
            process.terminate()


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"http://{url}/-/ready").is_success
    except httpx.TransportError:
        return False


@pytest.mark.slow
@pytest.mark.parametrize(("firing", "inhibited"), INHIBITED.values(), ids=INHIBITED)
def test_what_a_worse_alert_says_already_is_not_sent(
    alertmanager: str, firing: list[dict[str, str]], inhibited: list[str], request: pytest.FixtureRequest
) -> None:
    own = {alert.alert: alert.labels for alert in ALERTS}
    case = {"namespace": f"lathe-{abs(hash(request.node.name))}"}  # the alerts of the other cases stay apart
    alerts = [{**MODEL, **case, **own.get(labels["alertname"], {}), **labels} for labels in firing]
    answer = httpx.post(f"{alertmanager}/alerts", json=[{"labels": labels} for labels in alerts])
    assert answer.is_success, answer.text

    def list_states() -> dict[str, Any]:
        found = httpx.get(f"{alertmanager}/alerts").json()
        wanted = {labels["namespace"] for labels in alerts}
        return {one["labels"]["alertname"]: one["status"] for one in found if one["labels"]["namespace"] in wanted}

    def list_inhibited() -> list[str]:
        return sorted(name for name, status in list_states().items() if status["inhibitedBy"])

    wait_until(lambda: list_inhibited() == inhibited, f"{inhibited} to be inhibited, found {list_states()}")
    assert set(list_states()) == {labels["alertname"] for labels in alerts}


def test_a_plain_prometheus_takes_as_many_samples_as_the_operators() -> None:
    plain = yaml.safe_load(PLAIN_PROMETHEUS.read_text(encoding="utf-8"))["scrape_configs"][0]
    monitor = yaml.safe_load(SERVICE_MONITOR.read_text(encoding="utf-8"))["spec"]
    (endpoint,) = monitor["endpoints"]
    of_both = yaml.safe_load(PLAIN_PROMETHEUS.read_text(encoding="utf-8"))["global"]
    assert plain["sample_limit"] == monitor["sampleLimit"]
    assert (of_both["scrape_interval"], of_both["scrape_timeout"]) == (endpoint["interval"], endpoint["scrapeTimeout"])
