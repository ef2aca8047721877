"""A real Prometheus that scrapes real predictors, each under a pod hash of its own."""

import contextlib
import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.ports import take_free_port


class RunningPrometheus:
    """Scrapes each port every so many seconds, with the labels that the cluster would add."""

    def __init__(
        self,
        folder: Path,
        targets: Mapping[str, int],
        namespace: str,
        *,
        rules: Path | None = None,
        port: int | None = None,
        elsewhere: Sequence[int] = (),
        seconds: int = 1,
    ) -> None:
        """Listens on `port`, or a free one; the ports `elsewhere` are of another namespace."""
        self.url = f"http://127.0.0.1:{port or take_free_port()}"
        groups = [
            {
                "targets": [f"127.0.0.1:{port}"],
                "labels": {"namespace": namespace, "rollouts_pod_template_hash": name},
            }
            for name, port in targets.items()
        ]
        groups += [{"targets": [f"127.0.0.1:{one}"], "labels": {"namespace": "elsewhere"}} for one in elsewhere]
        jobs = [{"job_name": "predictor", "static_configs": groups}]
        times = {"scrape_interval": f"{seconds}s", "scrape_timeout": "1s"}
        config: dict[str, Any] = {"global": times, "scrape_configs": jobs}
        config["rule_files"] = [str(rules)] if rules else []
        (folder / "prometheus.yaml").write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        options = {
            "config.file": folder / "prometheus.yaml",
            "storage.tsdb.path": folder / "data",
            "web.listen-address": self.url.removeprefix("http://"),
        }
        command = [need_program("prometheus"), *(f"--{name}={value}" for name, value in options.items())]
        with (folder / "prometheus.log").open("w") as log:
            self.process = subprocess.Popen(command, cwd=folder, stderr=log, stdout=log)

    def ask(self, query: str) -> list[float]:
        """The values of an instant query, empty for an empty vector."""
        return [value for _, value in self.ask_series(query)]

    def ask_series(self, query: str) -> list[tuple[dict[str, str], float]]:
        """The labels and the value of each series."""
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=LAST_RESORT_SECONDS)
        assert answer.status_code == httpx.codes.OK, answer.text
        samples: list[dict[str, Any]] = answer.json()["data"]["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in samples]

    def wait_for(self, holds: Callable[["RunningPrometheus"], bool]) -> None:
        """Raises AssertionError where it does not come true in time."""

        def is_seen() -> bool:
            with contextlib.suppress(httpx.TransportError, AssertionError):
                return holds(self)
            return False

        wait_until(is_seen, "what Prometheus is to see")

    def wait_for_scrapes(self, count: int = 2) -> None:
        """Until every target was scraped so many times from now on."""
        for _ in range(count):
            now = time.time()
            self.wait_for(lambda one, now=now: min(one.ask("timestamp(up)"), default=0.0) > now)  # type: ignore[misc]

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(timeout=LAST_RESORT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def check_rules(queries: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """What promtool says of the queries."""
    rules = [{"record": f"asked:{number}", "expr": query} for number, query in enumerate(queries.values())]
    path = folder / "rules.yaml"
    path.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    return subprocess.run(
        [need_program("promtool"), "check", "rules", path],
        capture_output=True,
        text=True,
        timeout=LAST_RESORT_SECONDS,
        check=False,
    )
