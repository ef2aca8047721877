"""How a version did where it runs: its own metrics since it came there, as its promotion shows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cli.errors import OutsideError
from release.live.prometheus import Prometheus, select

NAMESPACE = "lathe-{environment}"
PREDICTIONS = 'route=~"/v1/.*|/v2/.*"'
FAILED = 'code=~"5.."'
ENOUGH_ROWS = 500  # fewer exceed a PSI of 0.1 by chance alone
MAX_WINDOW_SECONDS = 30 * 24 * 3600
LEAST_WINDOW_SECONDS = 60

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drift:
    """`alerts` as the dataset file says: whether this feature is to wake somebody."""

    feature: str
    psi: float
    alerts: bool


@dataclass(frozen=True)
class Live:
    """What was found; None and empty is what Prometheus does not know, `problem` why it could not be asked."""

    window_seconds: int = 0
    requests: float | None = None
    errors: float | None = None
    p99_seconds: float | None = None
    drift: tuple[Drift, ...] = ()
    outcomes: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""


def read_live(prometheus: Prometheus, environment: str, bundle: str, seconds: float) -> Live:
    """The metrics of the pods that say they serve `bundle`, over the last `seconds`."""
    window = int(min(max(seconds, LEAST_WINDOW_SECONDS), MAX_WINDOW_SECONDS))
    try:
        version = find_version(prometheus, environment, bundle, window)
        if version is None:
            return Live(window, problem=f"no pod in {environment} said that it serves bundle {bundle[:12]}")
        return Questions(prometheus, environment, version, window).ask_all()
    except OutsideError as error:
        return Live(window, problem=f"not reachable: {error}")


def find_version(prometheus: Prometheus, environment: str, bundle: str, window: int) -> str | None:
    """The `model_version` under which a bundle counts."""
    wanted = {"namespace": NAMESPACE.format(environment=environment), "digest": bundle}
    found = prometheus.ask(
        f"group by (model_version) (last_over_time({select('lathe_model_info', wanted)}[{window}s]))"
    )
    return next((dict(labels).get("model_version") for labels in found), None)


@dataclass(frozen=True)
class Questions:
    """Every query about one version in one environment."""

    prometheus: Prometheus
    environment: str
    version: str
    window: int

    def ask_all(self) -> Live:
        requests = self._ask_one(f"sum({self._increase('lathe_requests_total', PREDICTIONS)})")
        failed = self._ask_one(f"sum({self._increase('lathe_requests_total', PREDICTIONS, FAILED)})")
        buckets = self._increase("lathe_request_duration_seconds_bucket", PREDICTIONS)
        p99 = self._ask_one(f"histogram_quantile(0.99, sum by (le) ({buckets}))")
        outcomes = self._ask_by("outcome", f"sum by (outcome) ({self._increase('lathe_feedback_total')})")
        has_any = bool(requests)
        return Live(
            self.window,
            requests,
            (failed or 0.0) / requests if requests else None,
            p99 if has_any else None,
            tuple(self._ask_drift()),
            {name: count for name, count in outcomes.items() if count > 0},
        )

    def _ask_drift(self) -> list[Drift]:
        """PSI of every feature with enough rows, the farthest first; half a row more in each bin, as none may be 0."""
        rows = self._increase("lathe_feature_rows_total")
        share = f"(sum by (feature, bin) ({rows}) + 0.5) / on(feature) group_left() sum by (feature) ({rows} + 0.5)"
        ratios = f"max by (feature, bin) ({self._select('lathe_feature_reference_ratio')})"
        reference = f"clamp_min({ratios}, 0.0001)"
        psi = f"sum by (feature) (({share} - on(feature, bin) {reference}) * on(feature, bin) "
        psi += f"ln({share} / on(feature, bin) {reference}))"
        found = self._ask_by("feature", f"{psi} and on(feature) (sum by (feature) ({rows}) >= {ENOUGH_ROWS})")
        alerting = 'drift="alert"'
        names = self._ask_by(
            "feature", f"group by (feature) ({self._select('lathe_feature_reference_ratio', alerting)})"
        )
        return sorted((Drift(name, value, name in names) for name, value in found.items()), key=lambda one: -one.psi)

    def _select(self, metric: str, *more: str) -> str:
        labels = {"namespace": NAMESPACE.format(environment=self.environment), "model_version": self.version}
        return select(metric, labels, *more)

    def _increase(self, metric: str, *more: str) -> str:
        return f"increase({self._select(metric, *more)}[{self.window}s])"

    def _ask_one(self, query: str) -> float | None:
        return next(iter(self.prometheus.ask(query).values()), None)

    def _ask_by(self, label: str, query: str) -> dict[str, float]:
        return {dict(labels).get(label, ""): value for labels, value in self.prometheus.ask(query).items()}


def list_lines(live: Live, describe: Callable[[float], str]) -> list[tuple[str, str]]:
    """Name and value of each line, as people read them; `describe` says how long a time is."""
    if live.problem:
        return [("Live metrics", live.problem)]
    lines = [("Over the last", describe(live.window_seconds))]
    lines.append(("Requests", f"{live.requests:,.0f}" if live.requests is not None else "none seen"))
    if live.errors is not None:
        lines.append(("Errors (5xx)", f"{live.errors:.3%}"))
    if live.p99_seconds is not None:
        lines.append(("99th percentile", f"{live.p99_seconds * 1000:,.1f} ms"))
    drift = [f"{one.feature} {one.psi:.3f}{'' if one.alerts else ' (shown only)'}" for one in live.drift[:5]]
    lines.append(("Drift (PSI), farthest first", ", ".join(drift) or f"fewer than {ENOUGH_ROWS} rows of any feature"))
    counts = [f"{count:,.0f} {name.replace('_', ' ')}" for name, count in sorted(live.outcomes.items())]
    lines.append(("Labels that came back", ", ".join(counts) or "none"))
    return lines
