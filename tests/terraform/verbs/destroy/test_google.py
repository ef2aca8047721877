"""What GKE's controllers leave, as the real gcloud lists it from a Compute Engine API on loopback."""

import json
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from terraform.verbs.destroy.google import Google, name_maker
from terraform.verbs.roots.state import ClusterPlace
from tests.harness.loopback import QuietHandler, serve_until_end
from tests.needs import need_program

PLACE = ClusterPlace(
    "gke", "test", "lathe-test", "europe-west3", "projects/acme/global/networks/lathe-test", "", "acme"
)
NETWORK = "https://www.googleapis.com/compute/v1/projects/acme/global/networks/lathe-test"
REGION = "https://www.googleapis.com/compute/v1/projects/acme/regions/europe-west3"
ZONE = "https://www.googleapis.com/compute/v1/projects/acme/zones/europe-west3-a"
SERVICE = json.dumps({"kubernetes.io/service-name": "lathe-test/predictor"})
CLAIM = {"kubernetes.io/created-for/pvc/name": "outcomes", "kubernetes.io/created-for/pvc/namespace": "lathe-test"}
THINGS: dict[str, list[dict[str, Any]]] = {
    "forwardingRules": [
        {"name": "a1b2", "description": SERVICE, "region": REGION, "IPAddress": "203.0.113.1"},
        {"name": "somebody-elses", "network": NETWORK.replace("lathe-test", "other"), "region": REGION},
    ],
    "backendServices": [{"name": "k8s1-abc-lathe-test-predictor-80"}],
    "networkEndpointGroups": [{"name": "k8s1-abc-neg", "network": NETWORK, "zone": ZONE}],
    "firewalls": [
        {"name": "k8s-fw-a1b2", "network": NETWORK},
        {"name": "gke-lathe-test-vms", "network": NETWORK},
        {"name": "lathe-test-own", "network": NETWORK},
    ],
    "disks": [
        {
            "name": "pvc-1",
            "description": json.dumps(CLAIM),
            "zone": ZONE,
            "labels": {"goog-k8s-cluster-name": "lathe-test"},
        },
    ],
}


@pytest.fixture
def compute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    need_program("gcloud")

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            kind, found = path.rpartition("/")[2], THINGS.get(path.rpartition("/")[2], [])
            items: Any = {"regions/europe-west3": {kind: found}} if "/aggregated/" in path else found
            content = json.dumps({"items": items}).encode()
            self.send_response(404 if "/clusters/" in path else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    own = {
        "CLOUDSDK_CONFIG": str(tmp_path),
        "CLOUDSDK_AUTH_ACCESS_TOKEN": "test",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{address}/compute/v1/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_CONTAINER": f"{address}/",
    }
    with serve_until_end(server), monkeypatch.context() as patch:
        for name, value in own.items():
            patch.setenv(name, value)
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("compute")
def test_what_controllers_made_is_named_and_what_is_terraforms_or_anothers_is_not() -> None:
    google = Google(PLACE, frozenset({"lathe-test-own"}))
    found = google.list_leftovers(is_destroyed=False)
    assert [(one.kind, one.id, one.maker) for one in found] == [
        ("forwarding rule", "a1b2", "GKE's service controller for Service lathe-test/predictor"),
        ("backend service", "k8s1-abc-lathe-test-predictor-80", "GKE's load balancer controller"),
        ("network endpoint group", "k8s1-abc-neg", "GKE's load balancer controller"),
        ("firewall rule", "k8s-fw-a1b2", "GKE's load balancer controller"),
        ("disk", "pvc-1", "the disk driver for claim lathe-test/outcomes"),
    ]
    project = "--project=acme --quiet"
    assert [one.remove.removeprefix("gcloud compute ") for one in found] == [
        f"forwarding-rules delete a1b2 --region=europe-west3 {project}",
        f"backend-services delete k8s1-abc-lathe-test-predictor-80 --global {project}",
        f"network-endpoint-groups delete k8s1-abc-neg --zone=europe-west3-a {project}",
        f"firewall-rules delete k8s-fw-a1b2 {project}",
        f"disks delete pvc-1 --zone=europe-west3-a {project}",
    ]
    assert not google.has_cluster()


@pytest.mark.parametrize(
    ("thing", "maker"),
    [
        ({"name": "gkegw1-x-default-predictor"}, "GKE's Gateway controller"),
        ({"name": "k8s2-um-x"}, "GKE's load balancer controller"),
        (
            {"name": "x", "description": '{"kubernetes.io/ingress-name": "a/b"}'},
            "GKE's Ingress controller for Ingress a/b",
        ),
        ({"name": "x", "description": "by hand"}, "something that is not Terraform"),
        ({"name": "x", "description": "[1]"}, "something that is not Terraform"),
        ({"name": "x"}, "something that is not Terraform"),
    ],
)
def test_who_made_a_thing_is_read_from_its_description_or_its_name(thing: dict[str, Any], maker: str) -> None:
    assert name_maker(thing) == maker
