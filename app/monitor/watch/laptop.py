"""What `make watch` starts, in its order, and where a person finds it."""

import secrets
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.monitor.annotations.marks import EventMark
from app.monitor.dashboards.place import FOLDER
from app.monitor.viewer.page import find_page, read_dashboards
from app.monitor.viewer.prometheus import open_prometheus
from app.monitor.viewer.server import Content, ViewerServer
from app.monitor.watch.alerts import AlertPrinter
from app.monitor.watch.children import HOST, Children, choose_port, find_program
from app.monitor.watch.configuration import SCRAPE_SECONDS, write_alertmanager, write_prometheus

RETENTION = "6h"


@dataclass(frozen=True)
class LaptopPlan:
    """`folder` is for logs, configuration and Prometheus' data; ports of 0 are any that are free.

    `canary` is a bundle of another version, which one more predictor serves.
    """

    bundle: Path
    folder: Path
    page: Path
    gate_report: Path | None = None
    canary: Path | None = None
    predictors: int = 2
    port: int = 0
    prometheus_port: int = 0
    alertmanager_port: int = 0
    marks: tuple[EventMark, ...] = ()

    @property
    def bundles(self) -> list[Path]:
        """Of each predictor, the canary's last."""
        return [self.bundle] * self.predictors + [path for path in [self.canary] if path]


@dataclass(frozen=True)
class Laptop:
    """The addresses of what runs."""

    children: Children
    viewer: str
    prometheus: str
    alertmanager: str
    predictors: tuple[str, ...]


@contextmanager
def run_laptop(plan: LaptopPlan, show: Callable[[str], None]) -> Iterator[Laptop]:
    """Everything ready; leaving the block ends all of it.

    Raises: InputError, OutsideError.
    """
    programs = {
        "prometheus": find_program("prometheus", package="prometheus"),
        "alertmanager": find_program("prometheus-alertmanager", "alertmanager", package="prometheus-alertmanager"),
    }
    plan.folder.mkdir(parents=True, exist_ok=True)
    content = (find_page(plan.page), read_dashboards(FOLDER))
    with ExitStack() as stack:
        printer = stack.enter_context(AlertPrinter(show))
        printer.start()
        children = stack.enter_context(Children(plan.folder / "logs"))
        alertmanager = start_alertmanager(children, plan, programs["alertmanager"], printer.url)
        predictors = tuple(start_predictors(children, plan))
        prometheus = start_prometheus(children, plan, programs["prometheus"], predictors, alertmanager)
        client = stack.enter_context(open_prometheus(prometheus))
        server = stack.enter_context(
            ViewerServer(Content(*content, client, f"{SCRAPE_SECONDS}s", list(plan.marks)), choose_port(plan.port))
        )
        stack.callback(server.shutdown)
        threading.Thread(target=server.serve_forever, name="viewer", daemon=True).start()
        yield Laptop(children, server.url, prometheus, alertmanager, predictors)


def start_predictors(children: Children, plan: LaptopPlan) -> Iterator[str]:
    """Each of them takes the receipts of the others, as replicas do."""
    key = plan.folder / "receipt-key"
    key.touch(mode=0o600)
    key.write_text(secrets.token_hex(32) + "\n", encoding="utf-8")
    settings = {
        "LATHE_RECEIPT_KEY_FILE": str(key),
        "LATHE_LINGER_SECONDS": "0",  # Prometheus ends first
    }
    if plan.gate_report is not None:
        settings["LATHE_GATE_REPORT"] = str(plan.gate_report)
    started = []
    for number, bundle in enumerate(plan.bundles):
        url, name = f"http://{HOST}:{choose_port(0)}", f"predictor-{number}"
        port = url.rpartition(":")[2]
        command = [sys.executable, "-m", "app.predictor", "--bundle", str(bundle), "--port", port, "--host", HOST]
        children.start(name, command, **settings)
        started.append((url, name))
    for url, name in started:
        children.wait_until(lambda url=url: answers(f"{url}/readyz"), name)  # type: ignore[misc]
        yield url


def start_prometheus(
    children: Children, plan: LaptopPlan, program: str, predictors: tuple[str, ...], alertmanager: str
) -> str:
    address = f"{HOST}:{choose_port(plan.prometheus_port)}"
    targets = [
        (url.removeprefix("http://"), "stable" if bundle == plan.bundle else "canary")
        for url, bundle in zip(predictors, plan.bundles, strict=True)
    ]
    config = write_prometheus(plan.folder, targets, alertmanager.removeprefix("http://"), address)
    options = {
        "config.file": config,
        "storage.tsdb.path": plan.folder / "prometheus",
        "storage.tsdb.retention.time": RETENTION,
        "web.listen-address": address,
    }
    children.start("prometheus", [program, *(f"--{name}={value}" for name, value in options.items())])
    children.wait_until(lambda: answers(f"http://{address}/-/ready"), "prometheus")
    return f"http://{address}"


def start_alertmanager(children: Children, plan: LaptopPlan, program: str, receiver: str) -> str:
    address = f"{HOST}:{choose_port(plan.alertmanager_port)}"
    options = {
        "config.file": write_alertmanager(plan.folder, receiver),
        "storage.path": plan.folder / "alertmanager",
        "web.listen-address": address,
        "cluster.listen-address": "",  # it is alone
    }
    children.start("alertmanager", [program, *(f"--{name}={value}" for name, value in options.items())])
    children.wait_until(lambda: answers(f"http://{address}/-/ready"), "alertmanager")
    return f"http://{address}"


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2.0, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
