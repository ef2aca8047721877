"""The last chapters: who is removed is out, a destroy that the guard refuses, leftovers, and a destroy that ends."""

import json
import re
import shlex
import subprocess

from tests.harness.steps import StepPrinter
from tests.patience import LAST_RESORT_SECONDS, wait_until
from tests.terraform.rehearsal.making import NO_API, expect
from tests.terraform.rehearsal.world import ADMINISTRATORS, CLUSTER, World

INGRESS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {"name": "predictor", "namespace": "lathe-test"},
    "spec": {"defaultBackend": {"service": {"name": "predictor", "port": {"number": 80}}}},
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "outcomes", "namespace": "lathe-test"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def remove_administrator(world: World, steps: StepPrinter) -> None:
    admins = world.settings["admins"]
    done = world.apply(admins=[])
    if world.api is None:
        steps.add("an administrator removed", f"{done}; {NO_API}")
    else:
        wait_until(lambda: world.kubectl(ADMINISTRATORS, "get", "namespaces").code != 0, "the end of a cached answer")
        answer = world.kubectl(ADMINISTRATORS, "get", "namespaces")
        expect("must be logged in" in answer.error, f"who was removed: {answer.last}")
        steps.add("an administrator removed", f"{done}; then: {answer.last}")
    world.apply(admins=admins)


def refuse_destroy(world: World, steps: StepPrinter) -> None:
    """By our verb, and by Terraform itself; what the state held before it holds after."""
    before = world.run("state", "list").splitlines()
    done = world.destroy()
    expect(done.code == 1 and "is protected, nothing was touched" in done.error, f"cloud-destroy: {done.last}")
    steps.add("make cloud-destroy, protected", f"exit code 1: {done.last}")
    plain = world.run("destroy", "-auto-approve", "-input=false", *world.options, expected=(1,))
    expect("is protected, nothing was destroyed" in plain, f"terraform destroy: {plain[-300:]}")
    after = world.run("state", "list").splitlines()
    expect(before == after, f"{len(before)} resources before the refused destroy, {len(after)} after it")
    steps.add("terraform destroy, protected", f"refused by the guard: {len(after)} resources before and after")
    world.apply()  # a refused destroy takes the outputs out of the state
    world.plan()
    steps.add("the outputs, which it took out of the state", "back by an apply, plan clean")


def lift_protection(world: World, steps: StepPrinter) -> None:
    steps.add("the protection lifted", world.apply(deletion_protection=False))


def leave_things(world: World, steps: StepPrinter) -> None:
    """What controllers would have made, without the controllers: it has to be named, and Terraform not started."""
    if world.api is not None:
        for thing in (INGRESS, CLAIM):
            done = world.kubectl(ADMINISTRATORS, "apply", "-f", "-", given=json.dumps(thing))
            expect(done.code == 0, f"kubectl apply {thing['kind']}: {done.last}")
    network = world.read_output("network")
    make_leftovers(world, network)
    before = world.run("state", "list")
    done = world.destroy("--wait-minutes", "1", *([] if world.api else ["--without-cluster"]))
    left = re.findall(r"left: (.+?), made by (.+?); remove it: (.+)", done.error)
    expect(done.code == 1 and len(left) == 5, f"five leftovers expected, named {len(left)}: {done.last}")
    expect(world.run("state", "list") == before, "Terraform was started beside leftovers")
    for line in (line for line in done.out.splitlines() if line.startswith("✓")):
        steps.add("cloud-destroy", line.removeprefix("✓ "))
    for name, maker, _ in left:
        steps.add("left, named", f"{name}, by {maker}")
    for _, _, command in left:
        subprocess.run(
            shlex.split(command),
            env=world.identity(ADMINISTRATORS),
            check=True,
            capture_output=True,
            timeout=LAST_RESORT_SECONDS,
        )
    steps.add("removed by the printed commands", f"{len(left)} commands")


def make_leftovers(world: World, network: str) -> None:
    """A load balancer with its target group, security group and interface, and a volume."""
    ec2, balancers = world.client("ec2"), world.client("elbv2")
    subnets = [
        one["SubnetId"] for one in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network]}])["Subnets"]
    ]
    tags = [{"Key": "ingress.k8s.aws/stack", "Value": "lathe-test/predictor"}]
    group = ec2.create_security_group(GroupName="k8s-lathetest-1", Description="[k8s]", VpcId=network)["GroupId"]
    ec2.create_tags(Resources=[group], Tags=tags)
    ec2.create_network_interface(SubnetId=subnets[0], Description="ELB app/k8s-lathetest/1")
    balancers.create_load_balancer(Name="k8s-lathetest", Subnets=subnets[:2], Tags=tags)
    balancers.create_target_group(Name="k8s-lathetest", Protocol="HTTP", Port=80, VpcId=network, TargetType="ip")
    owned = {f"kubernetes.io/cluster/{CLUSTER}": "owned", "CSIVolumeName": "pvc-1"}
    listed = [{"Key": key, "Value": value} for key, value in owned.items()]
    zone = f"{ec2.meta.region_name}a"
    ec2.create_volume(AvailabilityZone=zone, Size=1, TagSpecifications=[{"ResourceType": "volume", "Tags": listed}])


def destroy(world: World, steps: StepPrinter) -> None:
    done = world.destroy("--wait-minutes", "1", *([] if world.api else ["--without-cluster"]))
    expect(done.code == 0, f"cloud-destroy: {done.last}")
    steps.add("make cloud-destroy", done.find("Destroy complete"))
    left = list_left(world)
    expect(not left, f"left in the cloud: {', '.join(left)}")
    expect(not world.run("state", "list").strip(), "left in the state")
    steps.add("what is left, by boto3", "no network, cluster, database, image, log group or bucket but the state's")


def list_left(world: World) -> list[str]:
    """Past Terraform; the state's bucket and the keys that wait for their deletion are meant to stay."""
    networks = world.client("ec2").describe_vpcs()["Vpcs"]
    found = [one["VpcId"] for one in networks if not one["IsDefault"]]
    found += world.client("eks").list_clusters()["clusters"]
    found += [one["DBInstanceIdentifier"] for one in world.client("rds").describe_db_instances()["DBInstances"]]
    found += [one["repositoryName"] for one in world.client("ecr").describe_repositories()["repositories"]]
    found += [one["logGroupName"] for one in world.client("logs").describe_log_groups()["logGroups"]]
    buckets = world.client("s3").list_buckets()["Buckets"]
    return [*found, *(one["Name"] for one in buckets if "terraform-state" not in one["Name"])]
