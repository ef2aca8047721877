# mypy: ignore-errors
"""Ray Serve with one replica and its throughput settings (RAY_SERVE_THROUGHPUT_OPTIMIZED, no access log)."""

import argparse
import time

import numpy as np
import ray
import xgboost
from ray import serve
from starlette.requests import Request


@serve.deployment(num_replicas=1, max_ongoing_requests=200, logging_config={"enable_access_log": False})
class Machine:
    def __init__(self, path: str) -> None:
        self.booster = xgboost.Booster(model_file=path)

    async def __call__(self, request: Request) -> list[float]:
        body = await request.json()
        return self.booster.inplace_predict(np.asarray(body["rows"], np.float32)).tolist()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    ray.init(include_dashboard=False, _node_ip_address="127.0.0.1", num_cpus=2)
    serve.start(http_options={"host": "127.0.0.1", "port": given.port})
    serve.run(Machine.bind(given.model))
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
