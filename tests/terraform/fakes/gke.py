"""As much of GKE's API as the real `gcloud container clusters get-credentials` asks for.

`python -m tests.terraform.fakes.gke --port N --cluster NAME` serves it; the kubeconfig gets the name of `--endpoint`.
"""

import argparse
import re
from dataclasses import dataclass

from tests.terraform.fakes.http import Answer, Request, explain, make_server

PATH = re.compile(r"/v1(?:beta1)?/projects/([^/]+)/locations/([^/]+)/clusters/([^/]+)")
TOKEN = "dummy"


@dataclass(frozen=True)
class Gke:
    """One cluster, whose API server is known by name; IAM lets in whoever may, from anywhere, if `is_external`."""

    cluster: str
    endpoint: str = "gke-abc.europe-west3.gke.goog"
    is_external: bool = True

    def answer(self, request: Request) -> Answer:
        found = PATH.fullmatch(request.path)
        if request.token != TOKEN:
            return explain(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if not found or found[3] != self.cluster:
            return explain(404, "NOT_FOUND", f"Not found: {request.path.removeprefix('/v1/')}.")
        dns = {"endpoint": self.endpoint, "allowExternalTraffic": self.is_external}
        return Answer(
            200,
            {
                "name": self.cluster,
                "status": "RUNNING",
                "location": found[2],
                "zone": found[2],
                "masterAuth": {"clusterCaCertificate": "Y2VydGlmaWNhdGU="},
                "controlPlaneEndpointsConfig": {"dnsEndpointConfig": dns},
            },
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--endpoint", default=Gke.endpoint)
    options = parser.parse_args()
    make_server(Gke(options.cluster, options.endpoint).answer, options.port).serve_forever()


if __name__ == "__main__":
    main()
