"""Who takes part: Lathe, its peers as their own users would run and tune them, and the ceilings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bench.environments import LATHE
from bench.protocols import (
    BENTOML,
    EMPTY,
    KSERVE_V1,
    LATHE_RECORDS,
    LATHE_ROW,
    MLFLOW,
    RAY,
    TUTORIAL_RECORDS,
    TUTORIAL_ROW,
    V2,
    Protocol,
    lathe_tensor,
)
from cli.errors import CommandError

Kind = Literal["lathe", "peer", "ceiling"]


@dataclass(frozen=True)
class System:
    """A server and how to ask it.

    `command`, `prepare` and `environ` may hold {python}, {bin}, {model}, {bundle}, {port}, {port2}, {port3},
    {peers} and {work}; `prepare` runs once before the first start.
    """

    name: str
    title: str
    kind: Kind
    environment: str
    command: tuple[str, ...]
    row: Protocol
    batches: Mapping[str, Protocol] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    prepare: tuple[str, ...] = ()
    health: str = "/openapi.json"  # what a load balancer asks; a plain FastAPI app has nothing better
    metrics: str = ""  # what Prometheus scrapes, if it is on the same port
    engine: str = ""  # what /v1/model must name as the engine in use, or nothing it measures is what serves


HEALTH_V2 = "/v2/health/ready"
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
SHORT = ("lathe", "kserve-v1-one-thread", "uvicorn-echo", "fastapi-empty")
ROBUST = ("lathe", "kserve-v1-one-thread", "mlserver-one-thread", "fastapi-tutorial")  # the experiments' systems


def list_systems(model_name: str) -> list[System]:
    """Everyone, in the order of the table; `model_name` is the bundle's, which Lathe's V2 route carries."""
    batches = {"records": LATHE_RECORDS, "tensor": lathe_tensor(model_name)}
    command = ("{python}", "-m", "app.predictor", "--bundle", "{bundle}", "--port", "{port}")
    lathe = System(
        "lathe",
        "Lathe",
        "lathe",
        LATHE,
        command,
        LATHE_ROW,
        batches,
        health="/readyz",
        metrics="/metrics",
        engine="onnxruntime",
    )
    return [lathe, *_kserve(), *_mlserver(), *_bentoml(), *_mlflow(), *_ray(), *_tutorial(), *_ceilings()]


def pick_systems(known: list[System], names: tuple[str, ...]) -> list[System]:
    """Raises: CommandError for a name that is not known."""
    if unknown := set(names) - {system.name for system in known}:
        raise CommandError(f"system {min(unknown)!r} is not known, expected some of {', '.join(c.name for c in known)}")
    return [system for system in known if system.name in names]


def _with_one_thread(default: System) -> list[System]:
    """The system as it is, and as a user who knows OpenMP runs it."""
    one_thread = replace(
        default,
        name=f"{default.name}-one-thread",
        title=f"{default.title}, OMP_NUM_THREADS=1",
        environ={**default.environ, **ONE_THREAD},
    )
    return [default, one_thread]


def _kserve() -> list[System]:
    command = ("{python}", "{peers}/kserve/server.py", "--model", "{model}", "--port", "{port}")
    v1 = System(
        "kserve-v1", "KServe 0.21, V1", "peer", "kserve", command, KSERVE_V1, {"instances": KSERVE_V1}, health=HEALTH_V2
    )
    v2 = System("kserve-v2", "KServe 0.21, V2", "peer", "kserve", command, V2, {"tensor": V2}, health=HEALTH_V2)
    return [*_with_one_thread(v1), *_with_one_thread(v2)]


def _mlserver() -> list[System]:
    command = ("{bin}/mlserver", "start", "{peers}/mlserver")
    environ = {
        "MLSERVER_MODEL_URI": "{model}",
        "MLSERVER_HTTP_PORT": "{port}",
        "MLSERVER_GRPC_PORT": "{port2}",
        "MLSERVER_METRICS_PORT": "{port3}",
    }
    default = System(
        "mlserver", "MLServer 1.7", "peer", "mlserver", command, V2, {"tensor": V2}, environ, health=HEALTH_V2
    )
    one_process = replace(
        default,
        name="mlserver-one-process",
        title="MLServer 1.7, one process, OMP_NUM_THREADS=1",
        environ={**environ, **ONE_THREAD, "MLSERVER_PARALLEL_WORKERS": "0"},
    )
    return [*_with_one_thread(default), one_process]


def _bentoml() -> list[System]:
    command = ("{bin}/bentoml", "serve", "service:Machine", "--working-dir", "{peers}/bentoml", "--host", "127.0.0.1")
    environ = {"BENCH_MODEL": "{model}", "BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": "{work}/bentoml"}
    default = System(
        "bentoml", "BentoML 1.4", "peer", "bentoml", (*command, "--port", "{port}"), BENTOML, {"rows": BENTOML}, environ
    )
    return _with_one_thread(default)


def _mlflow() -> list[System]:
    served = "{work}/mlflow-model"
    command = ("{bin}/mlflow", "models", "serve", "-m", served, "--env-manager", "local", "-h", "127.0.0.1")
    prepare = ("{python}", "{peers}/mlflow/save_model.py", "--model", "{model}", "--out", served)
    default = System(
        "mlflow",
        "mlflow models serve 3",
        "peer",
        "mlflow",
        (*command, "-p", "{port}"),
        MLFLOW,
        {"inputs": MLFLOW},
        {"MLFLOW_DISABLE_TELEMETRY": "true"},
        prepare,
    )
    return _with_one_thread(default)


def _ray() -> list[System]:
    command = ("{python}", "{peers}/ray/server.py", "--model", "{model}", "--port", "{port}")
    environ = {
        **ONE_THREAD,
        "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_TMPDIR": "{work}",
    }
    title = "Ray Serve 2, tuned for throughput, OMP_NUM_THREADS=1"
    return [System("ray-serve", title, "peer", "ray", command, RAY, {"rows": RAY}, environ)]


def _tutorial() -> list[System]:
    command = ("{python}", "{peers}/fastapi_tutorial/server.py", "--model", "{model}", "--port", "{port}")
    title = "tutorial FastAPI (pandas, predict_proba)"
    default = System(
        "fastapi-tutorial", title, "peer", "fastapi_tutorial", command, TUTORIAL_ROW, {"records": TUTORIAL_RECORDS}
    )
    return _with_one_thread(default)


def _ceilings() -> list[System]:
    def ceiling(name: str, title: str) -> System:
        script = f"{{peers}}/ceilings/{name.replace('-', '_')}.py"
        return System(name, title, "ceiling", LATHE, ("{python}", script, "--port", "{port}"), EMPTY)

    return [
        ceiling("fastapi-empty", "FastAPI route that does nothing"),
        ceiling("uvicorn-echo", "bare uvicorn echo"),
    ]
