"""Two commands on a cluster that has only Argo CD: the predictor runs as Git says."""

import json

from tests.e2e.argo import ROOT_APPLICATION
from tests.e2e.client import Client
from tests.e2e.images import Images, Release
from tests.e2e.repository import Repository
from tests.e2e.scenario import ROOT, Scenario
from tests.e2e.zones import name_zones
from tests.harness.programs import run_program

TITLE = "bootstrap"
# production asks for more than two cores of a test cluster hold; nothing else of it is changed
SMALL = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: predictor
spec:
  template:
    spec:
      containers:
        - name: predictor
          resources:
            requests:
              cpu: 50m
"""


def play(scenario: Scenario) -> None:
    scenario.steps.start_section(TITLE)
    prepare_images(scenario)
    revision = prepare_repository(scenario)
    start_argo(scenario, revision)
    start_client(scenario, scenario.releases[0])


def prepare_images(scenario: Scenario) -> None:
    scenario.images = Images(scenario.options)
    scenario.releases = scenario.images.release_all()
    first, second, broken = scenario.releases
    digests = ", ".join(f"{one.tag} {one.digest[:19]}" for one in scenario.releases)
    scenario.expect(
        len({first.digest, second.digest, broken.digest}) == 3 and first.bundle_digest != second.bundle_digest,
        "three images in the registry, of two bundles and one flipped bit",
        digests,
    )


def prepare_repository(scenario: Scenario) -> str:
    """The revision that the cluster is to start from."""
    push_url = scenario.options.push_url or make_repository(scenario)
    scenario.repository = Repository(ROOT, scenario.options.work / "repository", push_url)
    scenario.repository.read_from(scenario.options.repository, scenario.options.image)
    scenario.repository.set_windows(None)  # the run may fall on a weekend
    scenario.repository.add_patch("prod-eks", "Deployment", SMALL)
    if scenario.options.plant:
        scenario.repository.add_setting("test", scenario.options.plant)
    scenario.repository.set_image("test", scenario.releases[0].tag, scenario.releases[0].digest)
    revision = scenario.repository.push("Release v0.1.0 to test")
    scenario.steps.add("the repository pushed", f"revision {revision[:8]}")
    return revision


def make_repository(scenario: Scenario) -> str:
    return run_program(scenario.options.repository_command).stdout.split()[-1]


def start_argo(scenario: Scenario, revision: str) -> None:
    name_zones(scenario.kubectl)
    folder = scenario.repository.folder / "gitops" / "argocd"
    command = ("apply", "--server-side", "--field-manager=argocd-controller", "--kustomize", str(folder))
    scenario.kubectl.run(*command)
    scenario.steps.add("kubectl apply --server-side -k gitops/argocd", "applied")
    waited = scenario.argo.wait_settled("lathe-test", revision)
    scenario.steps.add("test Synced and Healthy", f"at {revision[:8]}", waited)
    scenario.steps.add("Argo CD's own part", str(scenario.argo.look(ROOT_APPLICATION)))


def start_client(scenario: Scenario, release: Release) -> None:
    manifest = json.loads((scenario.images.bundles[0] / "candidate" / "bundle.json").read_bytes())
    row = manifest["golden"][0]["row"]
    scenario.client = Client(scenario.kubectl, "test", release.reference, row)
    scenario.production = Client(scenario.kubectl, "prod-eks", release.reference, row)
    scenario.client.start(scenario.options.rate, scenario.options.connections)
    # a pod is ready a moment before every node knows its address
    answer, waited = scenario.kubectl.wait_until(
        "a prediction", scenario.client.ask_once, lambda answer: answer["outcome"] == "ok", 30
    )
    found = f"by model {answer['version']}"
    scenario.expect(answer["version"] == release.version, "a prediction through the Service", found, waited)
