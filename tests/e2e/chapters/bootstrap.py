"""Two commands on a cluster that has only Argo CD: the predictor runs as Git says."""

import json

from tests.e2e.argo import ROOT_APPLICATION
from tests.e2e.client import Client
from tests.e2e.images import Images, Release
from tests.e2e.programs import run_program
from tests.e2e.repository import Repository
from tests.e2e.story import ROOT, Story
from tests.e2e.zones import name_zones

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


def tell(story: Story) -> None:
    story.begin(TITLE)
    prepare_images(story)
    revision = prepare_repository(story)
    start_argo(story, revision)
    start_client(story, story.releases[0])


def prepare_images(story: Story) -> None:
    story.images = Images(story.options)
    story.releases = story.images.release_all()
    first, second, broken = story.releases
    digests = ", ".join(f"{one.tag} {one.digest[:19]}" for one in story.releases)
    story.expect(
        len({first.digest, second.digest, broken.digest}) == 3 and first.bundle_digest != second.bundle_digest,
        "three images in the registry, of two bundles and one flipped bit",
        digests,
    )


def prepare_repository(story: Story) -> str:
    """The revision that the cluster is to start from."""
    push_url = story.options.push_url or make_repository(story)
    story.repository = Repository(ROOT, story.options.work / "repository", push_url)
    story.repository.read_from(story.options.repository, story.options.image)
    story.repository.set_windows(None)  # the run may fall on a weekend
    story.repository.add_patch("prod-eks", "Deployment", SMALL)
    if story.options.plant:
        story.repository.add_setting("test", story.options.plant)
    story.repository.set_image("test", story.releases[0].tag, story.releases[0].digest)
    revision = story.repository.push("Release v0.1.0 to test")
    story.tell("the repository pushed", f"revision {revision[:8]}")
    return revision


def make_repository(story: Story) -> str:
    return run_program(story.options.repository_command).stdout.split()[-1]


def start_argo(story: Story, revision: str) -> None:
    name_zones(story.kubectl)
    folder = story.repository.folder / "gitops" / "argocd"
    command = ("apply", "--server-side", "--field-manager=argocd-controller", "--kustomize", str(folder))
    story.kubectl.run(*command)
    story.tell("kubectl apply --server-side -k gitops/argocd", "applied")
    waited = story.argo.wait_settled("lathe-test", revision)
    story.tell("test Synced and Healthy", f"at {revision[:8]}", waited)
    story.tell("Argo CD's own part", str(story.argo.look(ROOT_APPLICATION)))


def start_client(story: Story, release: Release) -> None:
    manifest = json.loads((story.images.bundles[0] / "candidate" / "bundle.json").read_bytes())
    row = manifest["golden"][0]["row"]
    story.client = Client(story.kubectl, "test", release.reference, row)
    story.production = Client(story.kubectl, "prod-eks", release.reference, row)
    story.client.start(story.options.rate, story.options.connections)
    # a pod is ready a moment before every node knows its address
    answer, waited = story.kubectl.wait_until(
        "a prediction", story.client.ask_once, lambda answer: answer["outcome"] == "ok", 30
    )
    found = f"by model {answer['version']}"
    story.expect(answer["version"] == release.version, "a prediction through the Service", found, waited)
