"""What a running Prometheus answers to the queries of the dashboards."""

import subprocess

import httpx

from app.monitor.watch.configuration import LABELS
from app.monitor.watch.laptop import Laptop
from tests.app.monitor.dashboards.reading import FILLED, list_queries
from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS, wait_until

# what needs an alert that fires and is sent: one is handed to Alertmanager
OF_ALERTS = ("lathe-loop / Notifications A", "lathe-loop / Notifications B")
VERSIONS = 2


def ask(client: httpx.Client, query: str) -> list[dict[str, object]]:
    """The series of an instant query, in the environment of a laptop."""
    text = query.replace(FILLED["environment"], LABELS["namespace"])
    answer = client.get("/api/v1/query", params={"query": text})
    assert answer.status_code == httpx.codes.OK, answer.text
    found: list[dict[str, object]] = answer.json()["data"]["result"]
    return found


def wait_for_every_query(laptop: Laptop) -> list[str]:
    """Until each has returned data; their places. An alert is fired by Alertmanager's own program."""
    command = [need_program("amtool"), f"--alertmanager.url={laptop.alertmanager}", "alert", "add", "LatheTest"]
    subprocess.run(command, check=True, capture_output=True, timeout=LAST_RESORT_SECONDS)
    queries = list(list_queries())
    with httpx.Client(base_url=laptop.prometheus, timeout=LAST_RESORT_SECONDS) as client:
        for query in queries:
            wait_until(lambda text=query.text: ask(client, text), f"data of {query.place}: {query.text}")  # type: ignore[misc]
        for measure in ("precision", "recall"):  # of each version: enough labels of either decision
            series = f'lathe:{measure}:24h{{namespace="lathe-test"}}'
            wait_until(lambda series=series: len(ask(client, series)) == VERSIONS, f"{series} of each version")  # type: ignore[misc]
    return [query.place for query in queries]
