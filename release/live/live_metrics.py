"""How a version did where it runs: its own metrics since it came there, as its promotion shows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cli.errors import OutsideError
from contract.psi import FEWEST_ROWS, StabilityIndex, measure_psi
from release.live.prometheus import Prometheus, select

NAMESPACE = "lathe-{environment}"
PREDICTIONS = 'route=~"/v1/.*|/v2/.*"'
FAILED = 'code=~"5.."'
STEPS = "lathe:feature_rows:step"  # recorded by the component monitoring/rules
MAX_WINDOW_SECONDS = 30 * 24 * 3600
LEAST_WINDOW_SECONDS = 60

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Drift:
    """`alerts` as the dataset file says: whether this feature is to wake somebody."""

    feature: str
    index: StabilityIndex
    alerts: bool


@dataclass(frozen=True)
class Live:
    """The measured values; None and empty is what Prometheus does not know, `problem` why it could not be queried."""

    window_seconds: int = 0
    requests: float | None = None
    errors: float | None = None
    p99_seconds: float | None = None
    reference_rows: float | None = None
    drift: tuple[Drift, ...] = ()
    outcomes: Mapping[str, float] = field(default_factory=dict)
    problem: str = ""
    is_extrapolated: bool = False  # rows and labels by increase(): the rules that count a step at a time are not there


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
    samples = prometheus.ask(
        f"group by (model_version) (last_over_time({select('lathe_model_info', wanted)}[{window}s]))"
    )
    return next((dict(labels).get("model_version") for labels in samples), None)


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
        outcomes = self._ask_by("outcome", self._count("feedback", "lathe_feedback_total", "outcome"))
        reference_rows = self._ask_one(f"max({self._select('lathe_reference_rows')})")
        drift = tuple(self._ask_drift(reference_rows)) if reference_rows else ()
        has_steps = self._ask_one(f"count(last_over_time({self._select(STEPS)}[{self.window}s]))") is not None
        has_any = bool(requests)
        return Live(
            self.window,
            requests,
            (failed or 0.0) / requests if requests else None,
            p99 if has_any else None,
            reference_rows,
            drift,
            {name: count for name, count in outcomes.items() if count > 0},
            is_extrapolated=bool(drift or any(outcomes.values())) and not has_steps,
        )

    def _ask_drift(self, reference_rows: float) -> list[Drift]:
        """Every feature with enough rows, the farthest first."""
        counts = self._ask_bins(self._count("feature_rows", "lathe_feature_rows_total", "feature, bin"))
        ratios = self._ask_bins(f"max by (feature, bin) ({self._select('lathe_feature_reference_ratio')})")
        alerting = 'drift="alert"'
        names = self._ask_by(
            "feature", f"group by (feature) ({self._select('lathe_feature_reference_ratio', alerting)})"
        )
        drifts = []
        for feature, shares in ratios.items():
            rows = counts.get(feature, {})
            index = measure_psi([rows.get(name, 0.0) for name in shares], list(shares.values()), reference_rows)
            if index.rows >= FEWEST_ROWS:
                drifts.append(Drift(feature, index, feature in names))
        return sorted(drifts, key=lambda one: -one.index.corrected)

    def _select(self, metric: str, *more: str) -> str:
        labels = {"namespace": NAMESPACE.format(environment=self.environment), "model_version": self.version}
        return select(metric, labels, *more)

    def _count(self, name: str, metric: str, labels: str) -> str:
        """The sum of the recorded steps, exact over restarts; where there are none, what increase() makes of it."""
        steps = f"sum by ({labels}) (sum_over_time({self._select(f'lathe:{name}:step')}[{self.window}s]))"
        return f"{steps} or sum by ({labels}) ({self._increase(metric)})"

    def _increase(self, metric: str, *more: str) -> str:
        return f"increase({self._select(metric, *more)}[{self.window}s])"

    def _ask_one(self, query: str) -> float | None:
        return next(iter(self.prometheus.ask(query).values()), None)

    def _ask_by(self, label: str, query: str) -> dict[str, float]:
        return {dict(labels).get(label, ""): value for labels, value in self.prometheus.ask(query).items()}

    def _ask_bins(self, query: str) -> dict[str, dict[str, float]]:
        """By feature, the value of each bin."""
        bins: dict[str, dict[str, float]] = {}
        for labels, value in self.prometheus.ask(query).items():
            of_sample = dict(labels)
            bins.setdefault(of_sample.get("feature", ""), {})[of_sample.get("bin", "")] = value
        return bins


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
    lines.append(
        ("Drift (PSI), farthest first", ", ".join(map(_describe_drift, live.drift[:5])) or _explain_none(live))
    )
    if live.is_extrapolated:
        lines.append(("Counted by", "increase(), which extrapolates: the rules of monitoring/rules are not installed"))
    counts = [f"{count:,.0f} {name.replace('_', ' ')}" for name, count in sorted(live.outcomes.items())]
    lines.append(("Labels that came back", ", ".join(counts) or "none"))
    return lines


def _describe_drift(drift: Drift) -> str:
    index = drift.index
    values = "{:.3f} [{:.3f}, {:.3f}]".format(*(max(one, 0.0) for one in (index.corrected, index.low, index.high)))
    return f"{drift.feature} {values}{'' if drift.alerts else ' (shown only)'}"


def _explain_none(live: Live) -> str:
    if live.reference_rows is None:
        return "unknown: no pod exports lathe_reference_rows"
    return f"unknown: fewer than {FEWEST_ROWS} rows of any feature"
