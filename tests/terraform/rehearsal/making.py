"""The first chapters: state's bucket, apply, a kubeconfig, the repository's bootstrap, who may come in."""

import json
import shlex
import subprocess

from tests.harness.errors import ScenarioError
from tests.harness.steps import StepPrinter
from tests.patience import LAST_RESORT_SECONDS
from tests.repo.sources import ROOT
from tests.terraform.rehearsal.world import ADMINISTRATORS, CLUSTER, ENVIRONMENT, REGION, STRANGERS, World

OLD, NEW = "1.34", "1.35"
ARGO_KINDS = {"Application": "applications", "ApplicationSet": "applicationsets", "AppProject": "appprojects"}
NO_API = "skipped: no API server here (kube-apiserver on the path, or a test cluster at LATHE_CLUSTER_HOME)"
NO_CLUSTER = "skipped: no node and no Argo CD here; `make e2e` shows it on a whole cluster"


def expect(is_so: bool, text: str) -> None:
    """Raises: ScenarioError."""
    if not is_so:
        raise ScenarioError(text)


def make_state(world: World, steps: StepPrinter) -> None:
    root = world.folder / "terraform" / "state" / "eks"
    world.run("init", "-input=false", root=root)
    world.run("apply", "-auto-approve", "-input=false", f"-var=region={REGION}", root=root)
    backend = world.run("output", "-raw", f"backend_{ENVIRONMENT}", root=root)
    (world.root / "envs" / f"{ENVIRONMENT}.backend.hcl").write_text(backend, encoding="utf-8")
    steps.add("the state's bucket, by two commands", " ".join(backend.split()))
    refused = world.run("destroy", "-auto-approve", f"-var=region={REGION}", root=root, expected=(1,))
    expect("Instance cannot be destroyed" in refused, f"a destroy of the state's bucket: {refused[-300:]}")
    steps.add("a destroy of the state's bucket", "refused: Instance cannot be destroyed")


def make_cluster(world: World, steps: StepPrinter) -> None:
    for role in (ADMINISTRATORS, STRANGERS):
        make_role(world, role)
    world.open_root().initialise()
    steps.add("terraform init with the environment's backend", "done")
    admins = [f"arn:aws:iam::123456789012:role/{ADMINISTRATORS}"]
    steps.add(f"apply, Kubernetes {OLD}", world.apply(kubernetes_version=OLD, admins=admins))
    world.plan()
    steps.add("second plan", "no changes")


def make_role(world: World, role: str) -> None:
    """And the keys of somebody who has taken it."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    arn = world.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    keys = world.client("sts").assume_role(RoleArn=arn, RoleSessionName="person")["Credentials"]
    world.keys[role] = {
        "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
        "AWS_SESSION_TOKEN": keys["SessionToken"],
    }


def write_kubeconfig(world: World, steps: StepPrinter) -> None:
    command = world.read_output("kubeconfig")
    environment = {**world.identity(ADMINISTRATORS), "KUBECONFIG": str(world.folder / "kubeconfig")}
    done = subprocess.run(
        shlex.split(command), env=environment, capture_output=True, text=True, check=False, timeout=LAST_RESORT_SECONDS
    )
    expect(done.returncode == 0, f"{command}: {done.stderr}")
    steps.add("kubeconfig from the outputs", command)
    if world.api is None:
        steps.add("who is who at the API server", NO_API)
        return
    who = world.kubectl(ADMINISTRATORS, "auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")
    expect(who.code == 0 and who.out.endswith(f":role/{ADMINISTRATORS}"), f"kubectl auth whoami: {who.last}")
    steps.add("an administrator at the API server", who.out)
    stranger = world.kubectl(STRANGERS, "get", "namespaces")
    expect(stranger.code != 0 and "must be logged in" in stranger.error, f"a stranger: {stranger.last}")
    steps.add("a stranger's identity", f"refused: {stranger.last}")


def bootstrap(world: World, steps: StepPrinter) -> None:
    """The second command of docs/operate.md; Argo CD itself runs where there are nodes."""
    if world.api is None:
        steps.add("the repository's bootstrap", NO_API)
        return
    described = [describe_kind(kind, plural) for kind, plural in ARGO_KINDS.items()]
    kinds = json.dumps({"apiVersion": "v1", "kind": "List", "items": described})
    for arguments, given in (
        (("apply", "--server-side", "-f", "-"), kinds),
        (("wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"), None),
        (("create", "namespace", "argocd"), None),
        (("apply", "--server-side", "--field-manager=argocd-controller", "-k", str(ROOT / "gitops" / "argocd")), None),
    ):
        done = world.kubectl(ADMINISTRATORS, *arguments, given=given)
        expect(done.code == 0, f"kubectl {' '.join(arguments[:3])}: {done.last}")
    applied = len(done.out.splitlines())
    steps.add(
        "kubectl apply --server-side -k gitops/argocd", f"{applied} objects (Argo CD's kinds without their schema)"
    )
    overlay = ROOT / "gitops" / "overlays" / ENVIRONMENT
    done = world.kubectl(ADMINISTRATORS, "apply", "-k", str(overlay))
    expect(done.code == 0, f"kubectl apply -k {overlay.name}: {done.last}")
    steps.add(f"the overlay {ENVIRONMENT}, admitted", f"{len(done.out.splitlines())} objects")
    steps.add("Argo CD in sync, a prediction through the Service", NO_CLUSTER)


def describe_kind(kind: str, plural: str) -> dict[str, object]:
    """A kind of Argo CD's that takes any fields."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.argoproj.io"},
        "spec": {
            "group": "argoproj.io",
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
            "versions": [version],
        },
    }


def upgrade(world: World, steps: StepPrinter) -> None:
    before = world.read_output("kubernetes_version")
    versions = ["-var=kubernetes_version=1.36", f"-var=previous_kubernetes_version={before}"]
    jump = world.run("plan", "-input=false", *world.options, *versions, expected=(1,))
    expect("goes up by one minor version" in " ".join(jump.split()), f"a jump of two minors: {jump[-300:]}")
    steps.add(f"a jump from {before} to 1.36", "refused: one minor version at a time")
    done = world.apply(kubernetes_version=NEW, previous_kubernetes_version=before)
    version = world.client("eks").describe_cluster(name=CLUSTER)["cluster"]["version"]
    expect(version == NEW, f"the cluster runs {version}, expected {NEW}")
    world.plan()
    steps.add(f"upgrade from {before} to {version}, second plan clean", done)
