"""Sample traffic: rows one at a time to any of the predictors, and what really happened for some of them, later."""

import random
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx

from app.monitor.watch.rows import LabelledRow

BATCH = 100  # outcomes in one request
WITH_RECEIPT = {"x-lathe-receipt": "1"}


@dataclass(frozen=True)
class Plan:
    """`label_share` of the rows get their outcome back after `label_delay_seconds`."""

    rows_per_second: float
    label_share: float
    label_delay_seconds: float
    seed: int = 7


@dataclass
class Sent:
    """How much went out, and what failed last."""

    rows: int = 0
    labels: int = 0
    failures: int = 0
    last_failure: str = ""


@dataclass
class Traffic:
    """Sends rows until it is stopped; a predictor that does not answer is counted, and asked again."""

    urls: Sequence[str]
    rows: Sequence[LabelledRow]
    plan: Plan
    sent: Sent = field(default_factory=Sent)
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.plan.seed)  # noqa: S311 - sample traffic, and the same each time
        self.waiting: deque[tuple[float, dict[str, object]]] = deque()
        self.thread = threading.Thread(target=self._send_all, name="traffic")

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join()

    def _send_all(self) -> None:
        due = time.monotonic()
        with httpx.Client(timeout=10.0, trust_env=False) as client:
            while not self.stopping.wait(max(0.0, due - time.monotonic())):
                try:
                    self._send_row(client)
                    self._send_labels(client)
                except (httpx.HTTPError, KeyError, ValueError) as error:
                    self.sent.failures += 1
                    self.sent.last_failure = str(error) or type(error).__name__
                # what is late is not made up for: it is sample traffic, not a load test
                due = max(due + 1 / self.plan.rows_per_second, time.monotonic())

    def _send_row(self, client: httpx.Client) -> None:
        row = self.chance.choice(self.rows)
        url = self.chance.choice(self.urls)
        answer = client.post(f"{url}/v1/predict", json=row.values, headers=WITH_RECEIPT)
        (prediction,) = answer.raise_for_status().json()["predictions"]
        self.sent.rows += 1
        if self.chance.random() < self.plan.label_share:
            label = {"receipt": prediction["receipt"], "outcome": row.outcome}
            self.waiting.append((time.monotonic() + self.plan.label_delay_seconds, label))

    def _send_labels(self, client: httpx.Client) -> None:
        known: list[dict[str, object]] = []
        while self.waiting and len(known) < BATCH and self.waiting[0][0] <= time.monotonic():
            known.append(self.waiting.popleft()[1])
        if known:
            url = self.chance.choice(self.urls)
            client.post(f"{url}/v1/feedback", json={"feedback": known}).raise_for_status()
            self.sent.labels += len(known)
