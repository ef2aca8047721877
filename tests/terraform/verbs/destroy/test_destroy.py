"""A destroy that ends: the order, the waits, what is left, and how it goes on after an interruption.

Terraform, kubectl and the AWS command line are real; AWS is moto over HTTP, and the API server is one in memory.
"""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.needs import need_program
from tests.patience import LAST_RESORT_SECONDS
from tests.ports import take_free_port
from tests.repo.sources import ROOT
from tests.terraform.verbs.kubernetes_api import KubernetesApi, serve_api, write_kubeconfig
from tests.terraform.verbs.moto_cloud import NAME, REGION, MotoCloud, run_moto_cloud
from tests.terraform.verbs.root_folder import apply_root, write_root

pytestmark = pytest.mark.slow
FINALIZER = {"finalizers": ["ingress.k8s.aws/resources"]}
ARGO_FINALIZER = {"finalizers": ["resources-finalizer.argocd.argoproj.io"]}
SYNCED = {"syncPolicy": {"automated": {"selfHeal": True}}}


@dataclass
class Scene:
    """A cluster that stands, with its cloud; `destroy` runs the verb as a person does."""

    folder: Path
    cloud: MotoCloud
    api: KubernetesApi
    environment: dict[str, str]

    def destroy(self, *options: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "terraform.verbs", "destroy", "--cloud", "eks", "--env", "test"]
        return subprocess.run(
            [*command, "--root", str(self.folder), "--wait-minutes", "0", *options],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LAST_RESORT_SECONDS,
        )

    @property
    def state(self) -> str:
        return (self.folder / "test.tfstate").read_text(encoding="utf-8")

    def write(self, **changes: Any) -> None:
        """The root with its outputs; applied."""
        outputs = {
            "environment": "test",
            "region": REGION,
            "cluster_name": NAME,
            "network": self.cloud.network,
            "kubeconfig": f"sh -c 'cp {self.folder}/kubeconfig $KUBECONFIG'",
        }
        is_protected = changes.pop("is_protected", False)
        write_root(self.folder, "test", {**outputs, **changes}, is_protected=is_protected)
        apply_root(self.folder, "test")


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    for name in ("terraform", "aws", "kubectl"):
        need_program(name)
    folder = tmp_path / "root"
    folder.mkdir()
    with (
        run_moto_cloud(take_free_port()) as cloud,
        serve_api(KubernetesApi(), folder / "kubeconfig") as api,
        monkeypatch.context() as patch,
    ):
        own = {**cloud.environment, "LATHE_CLOUD_RECORDS": str(tmp_path / "records"), "COLUMNS": "200"}
        for name, value in own.items():
            patch.setenv(name, value)
        cloud.add_cluster()
        yield Scene(folder, cloud, api, dict(os.environ))


def fill_cluster(scene: Scene) -> None:
    """What Lathe's repository and a person bring: Argo CD's applications, an Ingress, a Service, a claim."""
    api, cloud = scene.api, scene.cloud
    api.add("applications", "lathe", "argocd", metadata=ARGO_FINALIZER, spec=SYNCED)
    api.add("applicationsets", "environments", "argocd")
    owned = {"ownerReferences": [{"kind": "ApplicationSet", "name": "environments", "uid": "1", "apiVersion": "v1"}]}
    api.add("applications", "lathe-test", "argocd", metadata={**ARGO_FINALIZER, **owned}, spec=SYNCED)
    api.add("ingresses", "predictor", "lathe-test", metadata=FINALIZER, spec={})
    api.add("services", "predictor", "lathe-test", spec={"type": "ClusterIP"})
    api.add("services", "grafana", "monitoring", spec={"type": "LoadBalancer"})
    api.add("persistentvolumeclaims", "outcomes", "lathe-test", spec={})
    reference = {"claimRef": {"name": "outcomes"}, "persistentVolumeReclaimPolicy": "Delete"}
    api.add("persistentvolumes", "pvc-1", spec=reference)
    cloud.add_balancer("lathe-test/predictor")
    cloud.add_volume("lathe-test/outcomes")
    api.controllers["ingresses"] = lambda _: cloud.remove_balancers()

    def drive(_: dict[str, Any]) -> None:
        cloud.remove_volumes()
        api.objects.pop(("persistentvolumes", "", "pvc-1"), None)

    api.controllers["persistentvolumeclaims"] = drive


def test_all_goes_in_order_and_nothing_is_left(scene: Scene) -> None:
    scene.write()
    fill_cluster(scene)
    done = scene.destroy()
    assert done.returncode == 0, done.stderr
    deleted = [change.removeprefix("delete ") for change in scene.api.changes if change.startswith("delete")]
    assert deleted[:3] == [
        "applications argocd/lathe",
        "applicationsets argocd/environments",
        "applications argocd/lathe-test",
    ]
    assert deleted[3:5] == ["ingresses lathe-test/predictor", "services monitoring/grafana"]
    assert "services lathe-test/predictor" in deleted  # with its namespace
    assert '"resources": []' in scene.state
    lines = done.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[1:4]] == [
        "✓ Argo CD",
        "✓ Ingresses, Gateways and load balancers",
        "✓ claims",
    ]
    assert lines[-2:] == [
        "✓ Terraform: Destroy complete! Resources: 2 destroyed.",
        "✓ lathe-test is destroyed, and nothing of it is left",
    ]
    again = scene.destroy()
    assert again.returncode == 0, again.stderr
    assert "nothing to destroy" in again.stdout


def test_a_protected_environment_is_refused_before_anything_is_touched(scene: Scene) -> None:
    scene.write(is_protected=True)
    fill_cluster(scene)
    before = scene.state
    done = scene.destroy()
    assert done.returncode == 1
    assert "eks test is protected, nothing was touched" in done.stderr
    assert "-var deletion_protection=false" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert scene.api.changes == []
    assert scene.state == before


def test_leftovers_are_named_with_their_maker_and_command_and_terraform_is_not_started(scene: Scene) -> None:
    """Here every controller is gone, so what they made stays; after the printed commands the same command ends."""
    scene.write()
    group = scene.cloud.add_group("k8s-elb-a1b2")
    interface = scene.cloud.add_interface("ELB app/k8s-lathetest/50dc6c495c0c9188")
    balancer = scene.cloud.add_balancer("lathe-test/predictor")
    volume = scene.cloud.add_volume("mlflow/artifacts")
    done = scene.destroy()
    assert done.returncode == 1
    assert '"resources": []' not in scene.state
    left = [line for line in done.stderr.splitlines() if line.startswith("warning: left: ")]
    assert [line.split(", made by")[0].split()[2:4] for line in left] == [
        ["load", "balancer"],
        ["target", "group"],
        ["network", "interface"],
        ["security", "group"],
        ["volume", volume],
    ]
    assert f"{balancer}, made by the AWS Load Balancer Controller for Ingress lathe-test/predictor" in done.stderr
    assert f"{interface}, made by the load balancer app/k8s-lathetest/50dc6c495c0c9188" in done.stderr
    assert f"{volume}, made by the EBS driver for claim mlflow/artifacts" in done.stderr
    assert f"remove it: aws --region {REGION} ec2 delete-security-group --group-id {group}" in done.stderr
    assert "1 load balancer, 1 target group, 1 network interface, 1 security group, 1 volume left" in done.stderr
    for line in left:
        command = line.partition("remove it: ")[2].split()
        subprocess.run(command, env=scene.environment, check=True, capture_output=True, timeout=LAST_RESORT_SECONDS)
    assert scene.destroy().returncode == 0


def test_an_object_whose_controller_does_not_run_is_named_with_what_it_waits_for(scene: Scene) -> None:
    scene.write()
    scene.api.add("ingresses", "predictor", "lathe-test", metadata=FINALIZER, spec={})
    done = scene.destroy()
    assert done.returncode == 1
    assert "ingresses lathe-test/predictor (waits for ingress.k8s.aws/resources)" in done.stderr
    assert "kubectl describe ingresses.networking.k8s.io predictor -n lathe-test" in done.stderr
    assert '"resources": []' not in scene.state


def test_an_api_server_that_does_not_answer_says_how_to_go_on_and_the_option_does(scene: Scene) -> None:
    scene.write()
    port = take_free_port()
    write_kubeconfig(scene.folder / "kubeconfig", f"http://127.0.0.1:{port}")
    done = scene.destroy()
    assert done.returncode == 4
    assert "nothing of Terraform's was destroyed" in done.stderr
    assert "run it with --without-cluster" in done.stderr
    assert '"resources": []' not in scene.state
    done = scene.destroy("--without-cluster")
    assert done.returncode == 0, done.stderr
    assert '"resources": []' in scene.state


def test_a_cluster_that_is_gone_already_is_passed_over(scene: Scene) -> None:
    scene.write(cluster_name="gone")
    (scene.folder / "kubeconfig").unlink()
    done = scene.destroy()
    assert done.returncode == 0, done.stderr
    assert "the cluster is gone already" in done.stdout


def test_an_identity_that_the_api_server_refuses_is_told_whose_it_has_to_be(scene: Scene) -> None:
    scene.write()
    scene.api.is_refusing = True
    done = scene.destroy()
    assert done.returncode == 1
    assert "refuses this identity" in done.stderr
    assert "`admins`" in done.stderr


def test_an_interrupted_destroy_remembers_its_cluster_and_goes_on(scene: Scene) -> None:
    """The first run was killed after Terraform's own; its outputs are gone, the log group is still to be named."""
    scene.write()
    logs = scene.cloud.client("logs")
    logs.create_log_group(logGroupName=f"/aws/eks/{NAME}/cluster")
    first = scene.destroy()
    assert first.returncode == 1
    assert f"log group /aws/eks/{NAME}/cluster, made by EKS's control plane" in first.stderr
    assert '"resources": []' in scene.state
    logs.delete_log_group(logGroupName=f"/aws/eks/{NAME}/cluster")
    again = scene.destroy()
    assert again.returncode == 0, again.stderr
    assert "its state is empty already" in again.stdout


def test_a_lock_that_a_killed_run_left_is_named_with_the_command_that_removes_it(scene: Scene) -> None:
    scene.write()
    lock = scene.folder / ".test.tfstate.lock.info"
    who = {"ID": "6f2a1c3e-0000-4000-8000-000000000000", "Operation": "OperationTypeApply", "Who": "ada@laptop"}
    lock.write_text(json.dumps({**who, "Created": "2026-11-28T10:00:00Z"}), encoding="utf-8")
    with lock_file(scene.folder / "test.tfstate"):
        done = scene.destroy()
    assert done.returncode == 4
    assert "another run holds the state's lock" in done.stderr
    assert "ada@laptop since 2026-11-28" in done.stderr
    assert f"force-unlock {who['ID']}" in done.stderr


def test_no_credentials_are_one_line_with_the_next_command(scene: Scene) -> None:
    scene.write()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del scene.environment[name]
    done = scene.destroy()
    assert done.returncode == 4
    assert "there are no credentials that the cloud takes" in done.stderr
    assert "aws sso login" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """As another process of Terraform's holds a state that is a file."""
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield
