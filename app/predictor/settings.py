"""Every setting of the predictor, read once at the start from the environment and the command line."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ENV_PREFIX = "LATHE_"
MAY_HOLD_PASSWORDS = (f"{ENV_PREFIX}PROMETHEUS_URL",)  # are not shown
URL_PATTERN = r"^https?://[^\s/?#]+(/[^\s?#]*)?$"


class SettingsError(ValueError):
    """A setting that cannot be used; one line that names the variable, what was found and what was expected."""


class Settings(BaseSettings):
    """Each field is the environment variable LATHE_<NAME>; docs/settings.md shows the same table."""

    model_config = SettingsConfigDict(env_prefix=ENV_PREFIX, extra="forbid", frozen=True)

    bundle: Path = Field(Path("artifacts/bundle"), description="Folder of the bundle to serve")
    gate_report: Path | None = Field(
        None, description="The gate's `report.json` of this bundle, for the model card; none shows none"
    )
    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    metrics_port: int | None = Field(
        None, ge=0, le=65535, description="Port of /metrics and the probes alone; none leaves them on the other port"
    )
    threads: int = Field(0, ge=0, le=256, description="Threads for one batch; 0 is every core the pod may use")
    parity_rows: int = Field(
        10_000,
        ge=0,
        le=1_000_000,
        description="Rows compared between both engines at the start; if they differ, XGBoost answers alone",
    )
    fast_path: bool = Field(
        True, description="Answer small requests where they are parsed; false sends every request through ASGI"
    )
    max_body_bytes: int = Field(8 * 1024 * 1024, ge=1024, description="Largest request body; above it 413")
    max_bytes_in_flight: int = Field(
        64 * 1024 * 1024,
        ge=1024,
        description="Bytes of bodies, and of answers not taken yet, of all connections; above it 503 with Retry-After",
    )
    max_rows: int = Field(10_000, ge=1, description="Most rows in one JSON request; above it 422")
    max_connections: int = Field(
        2048, ge=1, description="Connections at once, without those of LATHE_METRICS_PORT; above it 503, and closed"
    )
    max_concurrency: int = Field(1024, ge=1, description="Requests at once; above it 503 with Retry-After")
    max_waiting_batches: int = Field(32, ge=1, description="Batches at once; above it 503 with Retry-After")
    max_batch_bytes: int = Field(1024 * 1024 * 1024, ge=1024, description="Largest upload to /v1/batch; above it 413")
    max_answer_bytes: int = Field(
        4 * 1024 * 1024 * 1024, ge=1024, description="Largest answer to /v1/batch kept on disk; above it 507"
    )
    max_uploads: int = Field(2, ge=1, description="Uploads to /v1/batch at once; above it 503 with Retry-After")
    header_timeout_seconds: float = Field(10.0, gt=0, description="Time a client has to send a request's headers")
    body_timeout_seconds: float = Field(20.0, gt=0, description="Time a client has to send a request's body")
    keep_alive_seconds: int = Field(75, ge=1, description="Time an idle connection stays open")
    api_keys_file: Path | None = Field(
        None, description="File of hashed API keys, read again when it changes; none requires no key"
    )
    cors_origins: str | None = Field(
        None,
        pattern=r"^https?://[^,\s/]+(,https?://[^,\s/]+)*$",
        description="Origins allowed by CORS, such as `https://a.example,https://b.example`; none allows none",
    )
    receipt_key_file: Path | None = Field(
        None, description="File of the key that signs receipts, the same for all replicas; none makes one at the start"
    )
    receipt_max_age_seconds: int = Field(
        90 * 24 * 3600, ge=1, description="Time in which an outcome may come back to /v1/feedback"
    )
    feedback_memory: int = Field(100_000, ge=1, description="Receipts remembered as used, to count an outcome once")
    feedback_folder: Path | None = Field(
        None,
        description="Folder of all replicas in which used receipts are noted; none remembers them in each replica",
    )
    prediction_log_folder: Path | None = Field(
        None, description="Folder for the log of predictions, JSON lines of rows and scores; none writes none"
    )
    prediction_log_share: float = Field(1.0, gt=0, le=1, description="Share of the rows that is logged")
    prediction_log_leave_out: str | None = Field(
        None,
        pattern=r"^[^,\s]+(,[^,\s]+)*$",
        description="What is not logged, such as `air_temperature_k,receipt`: columns, `score`, `decision`, `receipt`",
    )
    prediction_log_max_bytes: int = Field(
        256 * 1024 * 1024, ge=1024 * 1024, description="Most bytes of the log in its folder; the oldest file goes first"
    )
    prediction_log_max_age_seconds: int = Field(
        7 * 24 * 3600, ge=60, description="Time after which a file of the log is removed"
    )
    prediction_log_queue_rows: int = Field(
        20_000, ge=1, description="Most rows that wait to be logged; what comes above it is dropped and counted"
    )
    reports_url: str | None = Field(
        None, pattern=URL_PATTERN, description="Address of the reports, for a link on the page; none shows none"
    )
    dashboards_url: str | None = Field(
        None, pattern=URL_PATTERN, description="Address of the dashboards, for a link on the page; none shows none"
    )
    prometheus_url: str | None = Field(
        None,
        pattern=URL_PATTERN,
        description="Prometheus that scrapes all replicas, for the page's figures; none shows this process's own",
    )
    prometheus_matchers: str | None = Field(
        None,
        pattern=r'^\w+="[^"\\\n{}]*"(,\s*\w+="[^"\\\n{}]*")*$',
        description='What of that Prometheus is this fleet, such as `namespace="lathe-prod"`',
    )
    drain_seconds: float = Field(0.0, ge=0, description="Time to go on serving after SIGTERM, not ready any more")
    linger_seconds: float = Field(
        15.0,
        ge=0,
        description="Longest wait after the drain for a scrape of what was counted since the last; 0 is none",
    )
    grace_seconds: int = Field(5, ge=1, description="Time for requests under way once the listener is closed")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Lowest level logged")
    log_requests: bool = Field(False, description="One log line for every request, not only failed and slow ones")
    slow_request_seconds: float = Field(1.0, gt=0, description="From this duration on a request is logged as slow")

    @field_validator("max_bytes_in_flight")
    @classmethod
    def _holds_a_body(cls, value: int, info: ValidationInfo) -> int:
        largest = info.data.get("max_body_bytes", 0)
        if value < largest:
            raise ValueError(f"expected at least the {largest} bytes of one body, LATHE_MAX_BODY_BYTES")
        return value

    def count_threads(self) -> int:
        """Threads for one batch."""
        return self.threads or count_cores()


def read_settings(**given: Any) -> Settings:
    """Settings from the environment; `given` (not None) goes before it.

    Raises: SettingsError.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        variable = ENV_PREFIX + "_".join(str(part) for part in first["loc"]).upper()
        found = "not usable" if variable in MAY_HOLD_PASSWORDS else repr(first["input"])
        raise SettingsError(f"setting {variable} is {found}: {first['msg']}") from error


def count_cores(quota_file: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Whole cores this process may use: its affinity, cut by the pod's CPU limit (cgroup v2) if it has one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = quota_file.read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, int(quota) // int(period)))
